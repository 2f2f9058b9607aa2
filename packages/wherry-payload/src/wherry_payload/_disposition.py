"""Write a Content-Disposition header value (RFC 6266 §4, RFC 7578 §4.2, RFC 8187 §3.2).

Decides how a parameter is escaped; `"whatwg"` follows the HTML standard, "Multipart form data".
Reading the header is the business of others.
"""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

QuoteFields = bool | Literal["whatwg"]
"""How the values of Content-Disposition are escaped; see `content_disposition_header`."""

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_find_control = re.compile(r"[\x00-\x1f\x7f]").search
_find_control_but_newline = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]").search
_normalize_newlines = re.compile(r"\r\n?|\n").sub


def content_disposition_header(
    disptype: str,
    params: Mapping[str, str],
    *,
    quote_fields: QuoteFields = True,
    charset: str = "utf-8",
) -> str:
    """A header value such as `form-data; name="a"; filename="%C3%A9.txt"`.

    With `quote_fields`, a file name is percent-encoded in plain quotes, which is what servers for
    browsers understand, and any other value outside ASCII is written as `key*=utf-8''...`
    (RFC 8187). Without it, values go out as they are with a backslash before quote and backslash.
    With `"whatwg"`, all values are written as browsers write those of a form: UTF-8, with `%22` for
    a quote, `%0D` and `%0A` for the characters of a line break, and a line break in any value but a
    file name as `%0D%0A`, whichever it was. Servers cannot tell these from the same text.

    Raises `ValueError` if the type or a key is no token, or a value holds a control character,
    which a line break is not with `"whatwg"`.
    """
    if quote_fields not in (True, False, "whatwg"):
        raise ValueError(f'quote_fields must be True, False or "whatwg", got {quote_fields!r}')
    _check_token("disposition type", disptype)
    written = [disptype]
    for key, value in params.items():
        _check_token("parameter name", key)
        if quote_fields == "whatwg":
            _check_value(key, value, _find_control_but_newline(value))
            written.append(_as_browsers_do(key, value))
        else:
            _check_value(key, value, _find_control(value))
            written.append(_parameter(key, value, charset) if quote_fields else _raw(key, value))
    return "; ".join(written)


def _check_token(what: str, text: str) -> None:
    if _is_token(text) is None:
        raise ValueError(
            f"Content-Disposition: {what} must be a token "
            f"(letters, digits and !#$%&'*+-.^_`|~), got {text[:100]!r}"
        )


def _check_value(key: str, value: str, found: re.Match[str] | None) -> None:
    if found is not None:
        raise ValueError(
            f"Content-Disposition: {key} has the control character {found.group()!r} at position "
            f"{found.start()}; remove it: {value[:100]!r}"
        )


def _parameter(key: str, value: str, charset: str) -> str:
    if key.lower() == "filename":
        return f'{key}="{_percent(value, charset)}"'
    if not value.isascii():
        return f"{key}*={charset}''{_percent(value, charset)}"
    return _raw(key, value)


def _percent(value: str, charset: str) -> str:
    # surrogateescape: a file name that is not UTF-8 goes out as the bytes it has on disk.
    return quote(value, safe="", encoding=charset, errors="surrogateescape")


def _raw(key: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}="{escaped}"'


def _as_browsers_do(key: str, value: str) -> str:
    if key.lower() != "filename":
        value = _normalize_newlines("\r\n", value)
    for character, escape in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
        value = value.replace(character, escape)
    return f'{key}="{value}"'
