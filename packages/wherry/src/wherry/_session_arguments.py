"""What the constructor of a session is given: checks, and the deprecated ways to say things."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wherry_errors import warn_caller
from wherry_pool import ClientTimeout, TCPConnector

from ._options import UNSET
from ._settings import DEFAULT_TIMEOUT
from ._target import parse_url

if TYPE_CHECKING:
    import asyncio

    from yarl import URL

    from ._options import Unset
    from .protocols import ConnectorProtocol
    from .typedefs import StrOrURL


def checked_base_url(base_url: StrOrURL | None) -> URL | None:
    """A base that relative URLs can be joined to; `ValueError` for another (S-351)."""
    if base_url is None:
        return None
    url = parse_url(base_url)
    if not url.absolute:
        raise ValueError(f"base_url must be an absolute URL, got {str(url)!r}")
    if not url.path.endswith("/"):
        raise ValueError(f"the path of base_url must end with '/', got {url.path!r}")
    return url


def session_timeout(
    timeout: ClientTimeout | Unset | None,
    read_timeout: float | Unset | None,
    conn_timeout: float | None,
) -> ClientTimeout:
    """The limits of a session; `read_timeout` and `conn_timeout` are deprecated (S-353)."""
    if timeout is UNSET or timeout is None:
        result = DEFAULT_TIMEOUT
        if read_timeout is not UNSET:
            warn_caller("read_timeout is deprecated: write timeout=ClientTimeout(total=…)")
            result = replace(result, total=read_timeout)
        if conn_timeout is not None:
            warn_caller("conn_timeout is deprecated: write timeout=ClientTimeout(connect=…)")
            result = replace(result, connect=conn_timeout)
        return result
    if read_timeout is not UNSET or conn_timeout is not None:
        raise ValueError(
            "timeout cannot be combined with read_timeout or conn_timeout; put all limits into "
            "the ClientTimeout"
        )
    if not isinstance(timeout, ClientTimeout):
        raise ValueError(
            f"timeout must be a ClientTimeout, got {type(timeout).__name__}; "
            f"write ClientTimeout(total={timeout!r})"
        )
    return timeout


def own_connector(
    loop: asyncio.AbstractEventLoop, ssl_shutdown_timeout: float | Unset | None
) -> TCPConnector:
    """The connector of a session that was given none."""
    if ssl_shutdown_timeout is UNSET:
        return TCPConnector(loop=loop)
    # It warns that the argument is deprecated.
    return TCPConnector(loop=loop, ssl_shutdown_timeout=ssl_shutdown_timeout)


def check_loop(connector: ConnectorProtocol, loop: asyncio.AbstractEventLoop) -> None:
    """Raise `RuntimeError` for a connector of another loop (S-009)."""
    its_loop = getattr(connector, "loop", loop)
    if its_loop is not loop:
        raise RuntimeError("Session and connector have to use the same event loop")
