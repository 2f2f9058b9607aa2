"""From what the user calls a URL to where the request goes and what it asks for.

Every check of a URL happens here, once, so that what was checked is what is connected to (SEC-48).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from wherry_codec import quote
from wherry_errors import InvalidUrlClientError, NonHttpUrlClientError
from wherry_pool import ConnectionKey, address_family

from ._proxy import tunnel_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from wherry_pool import SSLSetting

    from ._proxy import Proxy
    from .typedefs import Query, StrOrURL

TLS_SCHEMES = frozenset({"https", "wss"})

_looks_numeric = re.compile(r"[0-9.]+|0[xX][0-9a-fA-F.xX]*").fullmatch
# RFC 3986 §3.2.2, but without percent escapes, which resolvers and servers read differently.
_is_reg_name = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=]++").fullmatch
_find_control = re.compile(r"[\x00-\x1f\x7f]").search
_find_unparsable = re.compile(r"[#\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    url: URL
    """Without fragment and without user info."""
    real_url: URL
    """The same with the fragment."""
    key: ConnectionKey
    """Which connections can carry it."""
    host_field: str
    """The value of Host."""
    request_target: str
    """Origin form (RFC 9112 §3.2.1); authority form for CONNECT; absolute form for a proxy that
    the request itself goes to."""


def parse_url(url: StrOrURL) -> URL:
    """A `URL`, or `InvalidUrlClientError` that says why not."""
    if isinstance(url, URL):
        return url
    if not isinstance(url, str):
        raise InvalidUrlClientError(
            str(url), f"a URL must be str or yarl.URL, got {type(url).__name__}"
        )
    found = _find_control(url)
    if found is not None:
        raise InvalidUrlClientError(
            url, f"control character {found.group()!r} at position {found.start()}"
        )
    try:
        return URL(url)
    except (ValueError, TypeError) as error:
        # Without the parser's own words: what it takes for the port may be part of a password.
        raise InvalidUrlClientError(url, "not a valid URL: check its host and port") from error


def with_params(url: URL, params: Query) -> URL:
    """`url` with `params` behind its query (S-374, DECISIONS C-13).

    Raises `TypeError` for values that are no `str`, `int` or `float`.
    """
    if not params:
        return url
    if isinstance(params, str):
        # Parsed as part of a URL, valid percent escapes stay as they are and a lone % is text.
        added = URL(f"/?{_find_unparsable.sub(_escaped, params)}").raw_query_string
        return URL.build(
            scheme=url.scheme,
            authority=url.raw_authority,
            path=url.raw_path,
            query_string=f"{url.raw_query_string}&{added}" if url.raw_query_string else added,
            fragment=url.raw_fragment,
            encoded=True,
        )
    # Through its text, so that a URL that was taken as encoded becomes canonical (S-375).
    return URL(str(url)).extend_query(params)


def _escaped(character: re.Match[str]) -> str:
    return f"%{ord(character.group()):02X}"


def resolve_target(
    url: URL,
    *,
    method: str,
    allowed_schemes: Collection[str],
    ssl: SSLSetting,
    server_hostname: str | None = None,
    proxy: Proxy | None = None,
    user_agent: str = "",
) -> Target:
    """Check `url` and say where its request goes.

    `user_agent` is what a tunnel through `proxy` is asked for with.

    Raises `InvalidUrlClientError` (no host, host in a form that resolvers read differently) or
    `NonHttpUrlClientError` (a scheme the connector cannot carry).
    """
    scheme = url.scheme
    if not scheme:
        raise InvalidUrlClientError(url, "the URL has no host; give an absolute URL")
    if scheme not in allowed_schemes:
        raise NonHttpUrlClientError(url)
    host = url.raw_host
    if not host:
        raise InvalidUrlClientError(url, "the URL has no host")
    try:
        port = url.port
    except ValueError as error:
        raise InvalidUrlClientError(url, "the port is no number from 0 to 65535") from error
    host = _checked_host(url, host.lower())
    is_ssl = scheme in TLS_SCHEMES
    key = ConnectionKey(host, port, is_ssl, ssl, server_hostname=server_hostname)
    if proxy is not None:
        key = _through(key, proxy, user_agent)
    bare = url.with_user(None) if url.raw_user is not None or url.raw_password else url
    without_fragment = bare.with_fragment(None) if bare.raw_fragment else bare
    host_field = _host_field(bare)
    if method == "CONNECT":
        request_target = f"{_bracketed(host)}:{port}"
    elif proxy is not None and proxy.speaks_http and not is_ssl:
        # Proxies know http only; to the server a WebSocket's handshake is the same (S-214).
        request_target = f"http://{host_field}{without_fragment.raw_path_qs or '/'}"
    else:
        request_target = without_fragment.raw_path_qs or "/"
    return Target(without_fragment, bare, key, host_field, request_target)


def _through(key: ConnectionKey, proxy: Proxy, user_agent: str) -> ConnectionKey:
    """`key` for connections by way of `proxy`. What a tunnel is asked for with belongs to it."""
    is_tunnel = key.is_ssl and proxy.speaks_http
    return key._replace(
        proxy=proxy.url,
        proxy_auth=proxy.auth,
        proxy_headers_hash=hash(proxy.headers) if proxy.headers else None,
        proxy_headers=tunnel_fields(proxy, user_agent) if is_tunnel else (),
    )


def is_same_origin(one: URL, other: URL) -> bool:
    """Whether scheme, host and port agree; a default port may be written or not (SEC-21)."""
    return (one.scheme, one.raw_host, one.port) == (other.scheme, other.raw_host, other.port)


def _checked_host(url: URL, host: str) -> str:
    """`host` in the form it is looked up in; `InvalidUrlClientError` if it is no host."""
    if ":" in host:
        host = host.replace("%25", "%", 1)  # RFC 6874 §2: how a zone is written in a URL
        if address_family(host) is None:
            raise InvalidUrlClientError(url, f"{quote(host)} is no IPv6 address")
    elif _is_reg_name(host) is None:
        raise InvalidUrlClientError(url, f"{quote(host)} has a character that no host name has")
    elif _looks_numeric(host) and address_family(host) is None:
        raise InvalidUrlClientError(
            url,
            f"{quote(host)} is a number that resolvers may read as an address; write a.b.c.d",
        )
    return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host_field(url: URL) -> str:
    # A zone means something on this machine only and stays here (RFC 6874 §4).
    host = _bracketed((url.raw_host or "").partition("%")[0].rstrip("."))
    return host if url.is_default_port() or url.port is None else f"{host}:{url.port}"
