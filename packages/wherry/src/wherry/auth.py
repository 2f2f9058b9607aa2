"""Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from yarl import URL

if TYPE_CHECKING:
    from typing import Self


class _Credentials(NamedTuple):
    login: str
    password: str = ""
    encoding: str = "latin1"


class BasicAuth(_Credentials):
    """A login and a password. `encoding` is used by `encode()` for both.

    Raises `ValueError` if either is None, or if the login has a colon in it (RFC 7617 §2).
    """

    __slots__ = ()

    def __new__(cls, login: str, password: str = "", encoding: str = "latin1") -> Self:
        """Check the parts, which the encoded form could not tell apart afterwards."""
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in login (RFC 7617 section 2)')
        return super().__new__(cls, login, password, encoding)

    def __repr__(self) -> str:
        return f"BasicAuth(login={self.login!r}, password='***', encoding={self.encoding!r})"

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> Self:
        """The credentials in an Authorization field value; `ValueError` if it is malformed."""
        scheme, _, text = auth_header.strip().partition(" ")
        if scheme.lower() != "basic" or not text:
            raise ValueError("expected 'Basic <base64>' as authorization header")
        try:
            decoded = base64.b64decode(text.strip().encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise ValueError("the credentials after 'Basic' are not base64") from error
        login, colon, password = decoded.decode(encoding).partition(":")
        if not colon:
            raise ValueError("the decoded credentials have no ':' between login and password")
        return cls(login, password, encoding)

    @classmethod
    def from_url(cls, url: URL, *, encoding: str = "latin1") -> Self | None:
        """The user info of a URL, or None if it has none."""
        if not isinstance(url, URL):
            raise TypeError(f"url must be yarl.URL, got {type(url).__name__}")
        if url.raw_user is None and url.raw_password is None:
            return None
        return cls(unquote(url.raw_user or ""), unquote(url.raw_password or ""), encoding)

    def encode(self) -> str:
        """The Authorization field value."""
        return encode_basic_auth(self.login, self.password, self.encoding)


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """`Basic <base64 of login:password>`."""
    credentials = f"{login}:{password}".encode(encoding)
    return "Basic " + base64.b64encode(credentials).decode("ascii")
