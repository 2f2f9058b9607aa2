"""Request heads on the way out (RFC 9112 §3, §5; RFC 9110 §5).

Everything a caller can inject through is checked here, before any connection is touched.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from ._errors import LocalProtocolError, quote

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_find_control_or_blank = re.compile(r"[\x00-\x20\x7f]").search


@lru_cache(maxsize=1024)
def _check_field_name(name: str) -> None:
    if _is_token(name) is None:
        raise LocalProtocolError(
            f"header name is not a token (letters, digits and !#$%&'*+-.^_`|~): {quote(name)}"
        )


def check_method(method: str) -> None:
    """Raise `LocalProtocolError` unless `method` is a token (RFC 9110 §9.1)."""
    if _is_token(method) is None:
        raise LocalProtocolError(f"method is not a token such as GET: {quote(method)}")


def write_fields(fields: Iterable[tuple[str, str]]) -> str:
    """Field lines, each ended by CRLF, in the order and spelling given.

    Raises `TypeError` for a name or value that is not text and `LocalProtocolError` for a name
    that is no token or a value with a control character other than tab. A value is never shown in
    full where it may be a secret: the message names the field and the character.
    """
    lines = []
    for name, value in fields:
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(
                f"header names and values must be str, got {type(name).__name__} and "
                f"{type(value).__name__} for {name!r}"
            )
        _check_field_name(str(name))
        found = _find_control(value)
        if found is not None:
            raise LocalProtocolError(
                f"value of header {name!r} has the control character {found.group()!r} at "
                f"position {found.start()}; remove it, or encode the value"
            )
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines)


def write_request_head(
    method: str, target: str, fields: Iterable[tuple[str, str]], minor: int = 1
) -> bytes:
    """The request line, the field lines and the empty line, encoded as UTF-8.

    `target` is the request target in the form that fits (RFC 9112 §3.2); it must hold no blank and
    no control character. Raises `LocalProtocolError` or `TypeError`, see `write_fields`.
    """
    check_method(method)
    found = _find_control_or_blank(target)
    if found is not None or not target:
        what = f"has {found.group()!r} in it" if found else "is empty"
        raise LocalProtocolError(f"request target {what}: {quote(target)}")
    text = f"{method} {target} HTTP/1.{minor}\r\n{write_fields(fields)}\r\n"
    return text.encode("utf-8", "surrogateescape")
