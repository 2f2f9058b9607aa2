"""What the environment says: proxies, and logins in a netrc file (S-460, S-463, SEC-26, SEC-27).

Everything but `with_environment` is synchronous and reads nothing by itself: the variables and
the file arrive as arguments.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import netrc
import os
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_errors import InvalidURL

from ._proxy import Proxy, make_proxy
from .auth import BasicAuth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from ._request import RequestSource

_log = logging.getLogger("wherry.client")


async def with_environment(source: RequestSource, *, is_redirect: bool = False) -> RequestSource:
    """`source` with the proxy and the login that the environment has for its URL.

    A proxy or a login that the caller gave stays. Files and system settings are read in a thread,
    anew each time, so that changes count (S-448).
    """
    wants_auth = source.trusts_netrc and source.auth is None
    loop = asyncio.get_running_loop()
    proxy, auth = await loop.run_in_executor(
        None,
        _look_up,
        source.url,
        not source.has_own_proxy,
        wants_auth,
        is_redirect,
    )
    if source.has_own_proxy:
        proxy = source.proxy
    elif proxy is not None:
        proxy = replace(proxy, headers=source.proxy_headers)
    return replace(source, proxy=proxy, auth=source.auth or auth)


def _look_up(
    url: URL, wants_proxy: bool, wants_auth: bool, is_redirect: bool
) -> tuple[Proxy | None, BasicAuth | None]:
    logins: netrc.netrc | None = None
    proxy = None
    if wants_proxy:
        proxy = environment_proxy(url, urllib.request.getproxies())
    if wants_auth or (proxy is not None and proxy.auth is None):
        logins = read_netrc(os.environ.get("NETRC"))
    if logins is None:
        return proxy, None
    if proxy is not None and proxy.auth is None:
        auth = netrc_login(logins, proxy.url.raw_host or "", allow_default=False)
        proxy = replace(proxy, auth=auth)
    if not wants_auth:
        return proxy, None
    return proxy, netrc_login(logins, url.raw_host or "", allow_default=not is_redirect)


# --- proxies -----------------------------------------------------------------------------------


def environment_proxy(url: URL, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy for `url` among `proxies` (`urllib.request.getproxies()`), or None.

    Looked up by the scheme, then under `all`. An entry that is no proxy we can use is ignored
    with a warning in the log.
    """
    entry = proxies.get(url.scheme) or proxies.get("all")
    if not entry:
        return None
    host = url.raw_host or ""
    if is_bypassed(host, url.port, proxies.get("no", "")):
        return None
    if "no" not in proxies and _system_bypasses(host):
        return None
    try:
        return make_proxy(entry)
    except (ValueError, InvalidURL) as error:
        _log.warning("ignoring the proxy that the environment names for %s: %s", url.scheme, error)
        return None


def is_bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether `no_proxy`, a list with commas, says that `host` is reached without a proxy.

    Entries: `*`; a domain, with or without a leading dot or `*.`, which covers its subdomains; an
    IP address; a network in CIDR form; each with an optional `:port` (IPv6 in brackets then).
    """
    host = host.rstrip(".").lower()
    address = _address(host)
    for entry in no_proxy.lower().replace(",", " ").split():
        if entry == "*":
            return True
        pattern, entry_port = _split_port(entry)
        if entry_port is not None and entry_port != port:
            continue
        if address is not None:
            if _covers(pattern, address):
                return True
            continue
        domain = pattern.removeprefix("*").strip(".")
        if domain and (host == domain or host.endswith(f".{domain}")):
            return True
    return False


def _split_port(entry: str) -> tuple[str, int | None]:
    """An entry and its port. A bare IPv6 address has colons, but no port."""
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") and rest[1:].isdigit() else None
    host, colon, port = entry.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        return host, int(port)
    return entry, None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _covers(pattern: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


_HAVE_SETTINGS = frozenset({"darwin", "win32"})


def _system_bypasses(host: str) -> bool:
    """What the settings of macOS or Windows say; elsewhere there is only `no_proxy`."""
    if sys.platform not in _HAVE_SETTINGS:
        return False
    return bool(urllib.request.proxy_bypass(host))


# --- netrc -------------------------------------------------------------------------------------


def read_netrc(named: str | None) -> netrc.netrc | None:
    """The logins in the file `named` by the environment, else in the home directory's.

    None if there is no such file. One that was named and is missing, or that cannot be read or
    parsed, is logged as a warning and ignored (S-460).
    """
    try:
        path = Path(named) if named else _default_netrc()
        return netrc.netrc(str(path))
    except FileNotFoundError as error:
        if named:
            _log.warning("the netrc file named by NETRC is missing: %s", error.filename)
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError, RuntimeError) as error:
        # Without the parser's own words, which may quote a password.
        where = getattr(error, "lineno", None)
        at_line = f" at line {where}" if where is not None else ""
        _log.warning("the netrc file cannot be used: %s%s", type(error).__name__, at_line)
    return None


def _default_netrc() -> Path:
    home = Path.home()
    if sys.platform == "win32" and not (home / ".netrc").exists():
        return home / "_netrc"
    return home / ".netrc"


def netrc_login(logins: netrc.netrc, host: str, *, allow_default: bool) -> BasicAuth | None:
    """The login for exactly `host`, or the `default` one where that is allowed (SEC-27)."""
    entry = logins.hosts.get(host)
    if entry is None and allow_default:
        entry = logins.hosts.get("default")
    if entry is None:
        return None
    login, account, password = entry
    try:
        return BasicAuth(login or account or "", password or "")
    except ValueError as error:
        _log.warning("the netrc entry for %s cannot be used: %s", host, error)
        return None
