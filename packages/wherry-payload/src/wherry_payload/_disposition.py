"""Write a Content-Disposition header value (RFC 6266 §4, RFC 7578 §4.2, RFC 8187 §3.2).

Decides how a parameter is escaped. Reading the header is the business of others.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_find_control = re.compile(r"[\x00-\x1f\x7f]").search


def content_disposition_header(
    disptype: str,
    params: Mapping[str, str],
    *,
    quote_fields: bool = True,
    charset: str = "utf-8",
) -> str:
    """A header value such as `form-data; name="a"; filename="%C3%A9.txt"`.

    With `quote_fields`, a file name is percent-encoded in plain quotes, which is what servers for
    browsers understand, and any other value outside ASCII is written as `key*=utf-8''...`
    (RFC 8187). Without it, values go out as they are with a backslash before quote and backslash.

    Raises `ValueError` if the type or a key is no token, or a value holds a control character.
    """
    _check_token("disposition type", disptype)
    written = [disptype]
    for key, value in params.items():
        _check_token("parameter name", key)
        _check_value(key, value)
        written.append(_parameter(key, value, charset) if quote_fields else _raw(key, value))
    return "; ".join(written)


def _check_token(what: str, text: str) -> None:
    if _is_token(text) is None:
        raise ValueError(
            f"Content-Disposition: {what} must be a token "
            f"(letters, digits and !#$%&'*+-.^_`|~), got {text[:100]!r}"
        )


def _check_value(key: str, value: str) -> None:
    found = _find_control(value)
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
