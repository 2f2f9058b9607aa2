"""A proxy as a call names it: where it is, and what goes to it and nobody else (S-461, S-462).

Decides what a tunnel is asked for with. Connecting and tunnelling are the pool's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from wherry_codec import write_fields
from wherry_errors import InvalidURL

from ._fields import AUTOMATIC_FIELDS, SERVER_SOFTWARE, as_headers
from .auth import BasicAuth

if TYPE_CHECKING:
    from .typedefs import LooseHeaders, StrOrURL

HTTP_PROXY_SCHEMES = frozenset({"http", "https"})

PROXY_SCHEMES = HTTP_PROXY_SCHEMES | {"socks4", "socks4a", "socks5", "socks5h"}


# No repr: it would show credentials.
@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """Where a proxy is, its credentials, and the fields that are for it alone."""

    url: URL
    """Without user info and path."""
    auth: BasicAuth | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def speaks_http(self) -> bool:
        """Whether requests for plain targets are sent to it as they are, in absolute form."""
        return self.url.scheme in HTTP_PROXY_SCHEMES

    @property
    def authorization(self) -> str:
        """The value of Proxy-Authorization; empty if there are no credentials (S-462)."""
        if self.auth is not None:
            return self.auth.encode()
        return next((value for name, value in self.headers if _is_authorization(name)), "")


def make_proxy(
    url: StrOrURL, auth: BasicAuth | None = None, headers: LooseHeaders | None = None
) -> Proxy:
    """The proxy that the arguments of a call or of a session name.

    A URL without scheme means http. Credentials in the URL count if `auth` is None. Raises
    `InvalidURL` if it is no URL, `ValueError` for a scheme that no proxy of ours has, or for an
    `auth` that is no `BasicAuth` or fields that cannot be sent.
    """
    check_proxy_auth(auth)
    parsed = _parse(url)
    if parsed.scheme not in PROXY_SCHEMES:
        raise ValueError(
            f"a proxy URL has one of the schemes {', '.join(sorted(PROXY_SCHEMES))}, "
            f"got {parsed.scheme!r}"
        )
    if not parsed.raw_host:
        raise InvalidURL(parsed, "the proxy URL has no host")
    bare = parsed.origin()
    if bare.port is None:
        bare = bare.with_port(_DEFAULT_SOCKS_PORT)
    auth = auth or BasicAuth.from_url(parsed)
    fields = tuple(as_headers(headers).items())
    write_fields(fields)  # they must be sendable; this is not where they are sent from
    return Proxy(bare, auth, fields)


_DEFAULT_SOCKS_PORT = 1080


def check_proxy_auth(auth: object) -> None:
    """Raise `ValueError` for a `proxy_auth=` that is no `BasicAuth` (S-462)."""
    if auth is not None and not isinstance(auth, BasicAuth):
        raise ValueError(f"proxy_auth must be a BasicAuth, got {type(auth).__name__}")


def tunnel_fields(proxy: Proxy, user_agent: str) -> tuple[tuple[str, str], ...]:
    """The fields of a CONNECT request, Host and Proxy-Authorization apart (S-165).

    Of the session's own fields only an explicit User-Agent is copied (S-166).
    """
    fields = as_headers(proxy.headers)
    if proxy.auth is not None:
        fields.popall("Proxy-Authorization", None)
    for name, value in AUTOMATIC_FIELDS:
        fields.setdefault(name, value)
    fields.setdefault("User-Agent", user_agent or SERVER_SOFTWARE)
    return tuple(fields.items())


def _parse(url: StrOrURL) -> URL:
    if isinstance(url, URL):
        return url if url.scheme or not url.raw_host else url.with_scheme("http")
    if not isinstance(url, str):
        raise InvalidURL(str(url), f"a proxy must be str or yarl.URL, got {type(url).__name__}")
    try:
        parsed = URL(url if "://" in url else f"http://{url.lstrip('/')}")
        _ = parsed.port  # raises where it is out of range
    except ValueError as error:
        # Without the parser's own words: what it takes for the port may be part of a password.
        raise InvalidURL(url, "the proxy is no URL: check its host and port") from error
    return parsed


def _is_authorization(name: str) -> bool:
    return name.lower() == "proxy-authorization"
