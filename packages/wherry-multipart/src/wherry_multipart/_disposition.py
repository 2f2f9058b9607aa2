"""Read a Content-Disposition header (RFC 6266 §4, RFC 8187 §3.2, RFC 2231 §3 for pieces).

Decides what a header that somebody else wrote means, and never raises over it. Writing one is done
by `wherry_payload.content_disposition_header`.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from wherry_codec.fields import is_token

from ._caller import caller_level
from ._charset import decode_text
from ._parameters import Parameter, scan_parameters

_SLASHES = "/\\"
_remove_unprintable = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]").sub
_is_reserved = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
).fullmatch


class BadContentDispositionHeader(RuntimeWarning):
    """A Content-Disposition header has no meaning and was ignored."""


class BadContentDispositionParam(RuntimeWarning):
    """A parameter of a Content-Disposition header has no meaning and was skipped."""


@dataclass(frozen=True, slots=True)
class ContentDisposition:
    """A Content-Disposition header: type in lower case, read-only parameters, file name if any."""

    type: str | None
    parameters: Mapping[str, str]
    filename: str | None


def content_disposition(header: str | None) -> ContentDisposition | None:
    """The header taken apart, or None if there is none."""
    if header is None:
        return None
    disptype, params = parse_content_disposition(header)
    return ContentDisposition(
        disptype, MappingProxyType(params), content_disposition_filename(params)
    )


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    """The type in lower case and the parameters; `(None, {})` if absent or malformed.

    `name*` values are decoded and kept under that key. Slashes and backslashes at the start of a
    file name are removed; callers must still take the base name, see `safe_filename`. Warns
    `BadContentDispositionHeader` or `BadContentDispositionParam`, and never raises.
    """
    if not header:
        return None, {}
    parsed = scan_parameters(header)
    if not is_token(parsed.value) or parsed.rest.strip(" \t;"):
        return _malformed(header)
    if parsed.rest:
        _warn(BadContentDispositionHeader, header)
    params: dict[str, str] = {}
    for parameter in parsed.parameters:
        name, value = parameter.name, parameter.value
        if name in params or not (parameter.quoted or is_token(value)):
            return _malformed(header)
        decoded = _decoded(parameter)
        if decoded is None:
            _warn(BadContentDispositionParam, f"{name}={value}")
        else:
            params[name] = decoded
    return parsed.value.lower(), params


def _malformed(header: str) -> tuple[None, dict[str, str]]:
    _warn(BadContentDispositionHeader, header)
    return None, {}


def _warn(category: type[RuntimeWarning], text: str) -> None:
    warnings.warn(f"cannot read {text[:100]!r}", category, stacklevel=caller_level())


def _decoded(parameter: Parameter) -> str | None:
    """The value as text, None if the parameter makes no sense."""
    name, value, quoted = parameter
    if not is_token(name):
        return None
    if name.endswith("*") and not re.search(r"\*\d+\*$", name):
        extended = None if quoted else _extended_value(value)
        return extended.lstrip(_SLASHES) if extended and name == "filename*" else extended
    return value.lstrip(_SLASHES) if name == "filename" else value


def _extended_value(value: str) -> str | None:
    """`charset'language'octets` decoded (RFC 8187 §3.2.1); None if it has not that form.

    More than the codec's `decode_ext_value` takes, which is as strict as the RFC: any charset, no
    charset, and octets that should have been escaped (S-302, S-303).
    """
    charset, mark, rest = value.partition("'")
    _, second_mark, octets = rest.partition("'")
    if not mark or not second_mark:
        return None
    if "%" not in octets:
        return octets
    try:
        return decode_text(unquote_to_bytes(octets), charset or "utf-8")
    except (LookupError, ValueError):  # unknown charset, undecodable octets
        return None


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """The file name among parsed parameters: `name*`, else `name`, else its pieces, else None.

    Pieces are `name*0`, `name*1*` and so on (RFC 2231 §3), up to the first that is missing.
    """
    if not params:
        return None
    found = params.get(f"{name}*", params.get(name))
    if found is None:
        pieces = list(_pieces(params, name))
        found = _joined(pieces) if pieces else None
    if found is None or name != "filename":
        return found
    return found.lstrip(_SLASHES)


def _pieces(params: Mapping[str, str], name: str) -> Iterator[tuple[str, bool]]:
    """The values of the pieces in order, and whether each is percent-encoded."""
    for number in range(len(params)):
        plain, encoded = f"{name}*{number}", f"{name}*{number}*"
        if encoded in params:
            yield params[encoded], True
        elif plain in params:
            yield params[plain], False
        else:
            return


def _joined(pieces: list[tuple[str, bool]]) -> str:
    charset = "utf-8"
    first, is_encoded = pieces[0]
    if is_encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        pieces[0] = (first, True)
    # Joined as bytes: a character may be cut in two by the end of a piece.
    octets = b"".join(
        unquote_to_bytes(value) if encoded else value.encode("utf-8", "surrogateescape")
        for value, encoded in pieces
    )
    try:
        return decode_text(octets, charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def safe_filename(name: str | None) -> str | None:
    """A name fit for creating a file in a directory of one's own, or None if nothing is left.

    Without directories and drive, control and direction-changing characters, and blanks and dots
    at the ends; never `.`, `..`, or a device name of Windows. Whether a file of that name exists,
    or is a link, is for the caller to look at.
    """
    if name is None:
        return None
    base = re.split(r"[/\\:]", _remove_unprintable("", name))[-1].strip(" .")
    if not base or _is_reserved(base):
        return None
    # 255 bytes is what common file systems take for one name.
    return base.encode("utf-8", "replace")[:255].decode("utf-8", "ignore").rstrip(" .")
