"""The characters of cookie names and values, and the quoting convention of `http.cookies`.

A value has two forms. The *coded* value is what crosses the wire, and of a server's cookie it is
kept byte for byte (RFC 6265 §5.4 knows no quoting at all). The plain value is what Python code
reads: without the double quotes and octal escapes that Python servers put around unusual
characters.
"""

import re
from http.cookies import CookieError, SimpleCookie

# S-201: printable ASCII except space, `"`, `,`, `;`, `=` and backslash. Wider than the RFC's token,
# because servers do use brackets, `@`, `/` and `:`.
_NAME = re.compile(r"[!#-+\--:<>-\[\]-~]+")
_CONTROL = re.compile(r"[\x00-\x1F\x7F]")
# One alternative per first character, so there is nothing to go back to: linear on any input
# (SEC-47).
_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)

# `http.cookies` owns the quoting rules; this object only lends its public encoder.
_quote = SimpleCookie().value_encode


class InvalidCookieError(CookieError, ValueError):
    """A cookie given by the caller has a name or value that no Cookie field may carry.

    A `CookieError`, which is what `http.cookies` raises for illegal names, and a `ValueError`.
    `cookie_name` is the name as given. The message never holds the value.
    """

    def __init__(self, message: str, cookie_name: str) -> None:
        super().__init__(message, cookie_name)
        self.cookie_name = cookie_name

    def __str__(self) -> str:
        return str(self.args[0])


def is_cookie_name(name: str) -> bool:
    """Whether this is one or more of the characters a cookie-name may have (S-201)."""
    return _NAME.fullmatch(name) is not None


def has_control_character(text: str) -> bool:
    """Whether there is a C0 control or DEL anywhere; tabs count."""
    return _CONTROL.search(text) is not None


def octets(text: str) -> int:
    """How long the text is on the wire.

    Octets that were no UTF-8 are lone surrogates here and count as one each.
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def plain_value(coded_value: str) -> str:
    """What Python code should read: the value without surrounding double quotes and their escapes.

    Values without quotes at both ends come back as they are. An octal escape of a control character
    stays an escape (SEC-44): decoded it would put a line break where code that writes headers or
    files does not expect one.
    """
    if len(coded_value) < 2 or coded_value[0] != '"' or coded_value[-1] != '"':
        return coded_value
    return _ESCAPE.sub(_unescaped, coded_value[1:-1])


def coded_value(name: str, value: object, quote_cookie: bool) -> str:
    """What goes on the wire for a value the caller set.

    With `quote_cookie` a value outside the `http.cookies` legal characters is put in double quotes
    with octal escapes; otherwise it goes out as given. Values that are not strings are converted by
    `str`. Raises InvalidCookieError for an illegal name, and for control characters in the value,
    quoted or not (SEC-2).
    """
    check_caller_cookie(name, value)
    return _quote(str(value))[1] if quote_cookie else str(value)


def check_caller_cookie(name: str, value: object) -> None:
    """Raise InvalidCookieError unless name and value may stand in a Cookie field."""
    if not is_cookie_name(name):
        raise InvalidCookieError(
            f'cookie names are printable ASCII without space and ",;=\\, got {name[:100]!r}', name
        )
    if has_control_character(str(value)):
        raise InvalidCookieError(
            f"the value of cookie {name[:100]!r} has a control character; encode it first, "
            "for example with urllib.parse.quote",
            name,
        )


def _unescaped(escape: re.Match[str]) -> str:
    octal, character = escape.groups()
    if octal is None:
        return str(character)
    decoded = chr(int(octal, 8))
    return escape[0] if has_control_character(decoded) else decoded
