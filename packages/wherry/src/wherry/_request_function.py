"""`wherry.request()`: one request without a session of one's own (S-489)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from wherry_codec import HttpVersion, HttpVersion11
from wherry_pool import TCPConnector

from ._session import ClientSession

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import TracebackType

    from ._options import RequestOptions
    from ._response import ClientResponse
    from .protocols import ConnectorProtocol
    from .typedefs import StrOrURL


def request(
    method: str,
    url: StrOrURL,
    *,
    version: HttpVersion = HttpVersion11,
    connector: ConnectorProtocol | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    **options: Unpack[RequestOptions],
) -> SingleRequestContextManager:
    """One request in a session of its own; use it with `async with`.

    Takes the keyword arguments of `ClientSession.request` besides those of the session. The
    response is closed at the end, and so is everything but a `connector` that was given: read the
    body inside the block. A program that makes more than one request wants a session. Raises what
    `ClientSession.request` raises.
    """

    def make_session() -> ClientSession:
        return ClientSession(
            connector=TCPConnector(force_close=True, loop=loop) if connector is None else connector,
            connector_owner=connector is None,
            version=version,
            cookies=options.pop("cookies", None),
            loop=loop,
        )

    return SingleRequestContextManager(make_session, method, url, options)


class SingleRequestContextManager:
    """What `request()` returns."""

    __slots__ = ("_make_session", "_method", "_options", "_response", "_session", "_url")

    def __init__(
        self,
        make_session: Callable[[], ClientSession],
        method: str,
        url: StrOrURL,
        options: RequestOptions,
    ) -> None:
        self._make_session = make_session
        self._method = method
        self._url = url
        self._options = options
        self._session: ClientSession | None = None
        self._response: ClientResponse | None = None

    async def __aenter__(self) -> ClientResponse:
        self._session = session = self._make_session()
        try:
            self._response = await session.request(self._method, self._url, **self._options)
        except BaseException:
            await session.close()
            raise
        self._response.is_managed = True
        return self._response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._response is not None:
            self._response.close()
        if self._session is not None:
            await self._session.close()
