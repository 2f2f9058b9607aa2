"""Handlers and the middlewares around them: the shape of every stage, built-in or a user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._request import ClientRequest
    from ._response import ClientResponse


class Handler(Protocol):
    """Answers a request: the next stage, or the one that sends."""

    async def __call__(self, request: ClientRequest, /) -> ClientResponse:
        """The response to `request`. Raises `ClientError`, `TimeoutError` and what stages raise."""
        ...


class Middleware(Protocol):
    """A stage around a handler. It may change the request, answer itself, or call several times."""

    async def __call__(self, request: ClientRequest, handler: Handler, /) -> ClientResponse:
        """The response to `request`, usually `await handler(request)`."""
        ...


ClientHandlerType: TypeAlias = Handler
ClientMiddlewareType: TypeAlias = Middleware


def wrap(handler: Handler, middlewares: Sequence[Middleware]) -> Handler:
    """`handler` inside all `middlewares`; the first of them runs first (S-468)."""
    for middleware in reversed(middlewares):
        handler = _Wrapped(middleware, handler)
    return handler


class _Wrapped:
    __slots__ = ("_inner", "_middleware")

    def __init__(self, middleware: Middleware, inner: Handler) -> None:
        self._middleware = middleware
        self._inner = inner

    async def __call__(self, request: ClientRequest, /) -> ClientResponse:
        return await self._middleware(request, self._inner)
