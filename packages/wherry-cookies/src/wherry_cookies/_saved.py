"""What reading a cookie file gives, and the error that says where a file is damaged.

Shared by all file formats; knows none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ._json_text import Place
from ._set_cookie import SetCookie

# Seconds. Far beyond any date, far below where a float would lose seconds.
_MOMENT_LIMIT = 1e15


class CookieFileError(ValueError):
    """A cookie file cannot be read: it is damaged, or of a format or version unknown here.

    `expected` says what should have been there and `where` names the place, such as
    `line 3 column 7` or `line 5, cookies[2].name`; pickles have no lines. Values of the file are in
    neither.
    """

    def __init__(self, expected: str, where: str) -> None:
        super().__init__(expected, where)
        self.expected = expected
        self.where = where

    def __str__(self) -> str:
        return f"not a usable cookie file: {self.expected}, at {self.where}"


@dataclass(frozen=True, slots=True)
class SavedCookie:
    """A cookie as a file has it."""

    cookie: SetCookie
    #: The only host it goes to; "" if it goes to a domain or everywhere.
    host: str


class Fields:
    """The members of one object of a file, taken out by name and type.

    Members that are absent have the empty value of their type. Raises CookieFileError for wrong
    ones.
    """

    __slots__ = ("_members", "_place")

    def __init__(self, members: object, place: Place) -> None:
        self._members = mapping(members, place)
        self._place = place

    def text(self, name: str) -> str:
        """A string. Whole numbers are taken as their digits: aiohttp's users set `max-age` so."""
        value = self._members.get(name, "")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self._wrong(name, "a string", value)
        return value

    def flag(self, name: str) -> bool:
        """True or false. `http.cookies` has "" for a flag that is not set."""
        value = self._members.get(name, False)
        if not isinstance(value, bool | str):
            raise self._wrong(name, "true or false", value)
        return bool(value)

    def moment(self, name: str) -> float | None:
        """A finite number of seconds since 1970, or None."""
        value = self._members.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number of seconds", value)
        if not -_MOMENT_LIMIT < value < _MOMENT_LIMIT:
            raise CookieFileError("expected a date", str(self._place.at(name)))
        return float(value)

    def scope(self, domain: str) -> tuple[str, str]:
        """The value of `Domain` and the only host, one of them "", by the flag `host_only`."""
        if not self.flag("host_only"):
            return domain, ""
        if not domain:
            raise CookieFileError("expected a domain for a host-only cookie", str(self._place))
        return "", domain

    def _wrong(self, name: str, expected: str, value: object) -> CookieFileError:
        kind = type(value).__name__
        return CookieFileError(f"expected {expected}, got {kind}", str(self._place.at(name)))


def lines_of(data: bytes) -> Iterator[tuple[int, str]]:
    """Number and text of each line, from 1 on, without its line break.

    Only line feeds, with or without carriage return, break lines: values may have any of the
    characters that `str.splitlines` counts as breaks. Octets that are no UTF-8 come as surrogates.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.removesuffix("\r")


def mapping(value: object, place: Place) -> dict[object, object]:
    """The value, if it is an object of named members; CookieFileError otherwise."""
    if not isinstance(value, dict):
        raise CookieFileError(f"expected an object, got {type(value).__name__}", str(place))
    return value
