"""Bearer tokens (RFC 6750) that are fetched when needed, by one request for all who wait.

Decides who gets a token, when one is too old, and when it is worth another try. Where tokens come
from is the business of the `fetch` it is given.
"""

from __future__ import annotations

import asyncio
import copy
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yarl import URL

from wherry_errors import ClientError, masked_url

from .._digest import origin_of
from ._deadline import loop_time, within_total

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from .._digest import Origin
    from .._middleware import Handler
    from .._request import ClientRequest
    from .._response import ClientResponse
    from ..typedefs import StrOrURL

# RFC 6750 §2.1 has b64token; servers give other visible characters, too.
_is_token = re.compile(r"[\x21-\x7e]+").fullmatch
_is_scheme = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch

_FETCHING: Final[ContextVar[tuple[BearerToken, ...]]] = ContextVar("_FETCHING", default=())
"""Whose `fetch` the present task is."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and for how many seconds from now it is good (`expires_in`, RFC 6749 §5.1).

    None is for one that is good until the server refuses it. The repr does not show it.
    """

    value: str = field(repr=False)
    expires_in: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot stand in a field."""
        if _is_token(self.value) is None:
            raise ValueError("a token is one or more visible ASCII characters without blanks")


class _OwnValue(str):
    """An Authorization of ours, which a later try may replace, unlike the caller's."""

    __slots__ = ()


class _Flight:
    """One call of `fetch`, and how many wait for it."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Token]) -> None:
        self.task = task
        self.waiting = 0


class BearerToken:
    """Sends `Authorization: Bearer …` to one origin: `ClientSession(middlewares=[…])`.

    `fetch` is awaited for the first token, for a new one `leeway` seconds before it expires (at
    most half of its life), and when the server answers 401; then the request is sent once more. A
    second 401 is the caller's, as is the first if the body cannot be sent again. However many
    requests need a token at once, one `fetch` is made; it is cancelled when nobody waits for it any
    more. Its failure is raised for all who waited, each with an exception of its own, and is not
    remembered. Waiting counts for the request's total timeout.

    The token goes to `origins` (URLs of which scheme, host and port count) and to nobody else; if
    there are none, to the origin of the first request that comes by. An Authorization field of the
    caller's goes out as it is. Requests that `fetch` itself makes pass untouched, so that it may
    use the same session.

    One instance may serve many sessions of one event loop.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Token]],
        *,
        origins: Iterable[StrOrURL] | None = None,
        leeway: float = 30.0,
        scheme: str = "Bearer",
        clock: Callable[[], float] = loop_time,
    ) -> None:
        if not leeway >= 0:
            raise ValueError(f"leeway is at least 0 s; got {leeway!r}")
        if _is_scheme(scheme) is None:
            raise ValueError(f"scheme is the name of an authentication scheme; got {scheme!r}")
        self._fetch = fetch
        self._origins = None if origins is None else _origins(origins)
        self._leeway = leeway
        self._scheme = scheme
        self._clock = clock
        self._token: Token | None = None
        self._refresh_at: float | None = None
        self._flight: _Flight | None = None

    def __repr__(self) -> str:
        origins = "" if self._origins is None else ", ".join(sorted(map(_text, self._origins)))
        state = "no token" if self._token is None else "a token"
        return f"<BearerToken for [{origins}], has {state}>"

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """The response to `request`, after at most two requests."""
        if not self._admits(request):
            return await handler(request)
        entered = loop_time()
        token = await self._current(request, entered)
        response = await self._send(request, handler, token)
        body = request.payload
        if response.status == 401:
            self._forget(token)
        if response.status != 401 or (body is not None and not body.replayable):
            return response
        # Awaited, because a body that is still being sent cannot be sent anew.
        await response.release()
        return await self._send(request, handler, await self._current(request, entered))

    def _admits(self, request: ClientRequest) -> bool:
        """Whether `request` is to have a token."""
        if self in _FETCHING.get():
            return False
        origin = origin_of(request.url)
        if self._origins is None:
            self._origins = frozenset({origin})
        if origin not in self._origins:
            return False
        given = request.headers.get("Authorization")
        return given is None or isinstance(given, _OwnValue)

    async def _send(self, request: ClientRequest, handler: Handler, token: Token) -> ClientResponse:
        request.headers["Authorization"] = _OwnValue(f"{self._scheme} {token.value}")
        return await handler(request)

    # --- the token -----------------------------------------------------------------------------

    def _forget(self, token: Token) -> None:
        """Use `token` no more. One that was fetched in the meantime stays."""
        if self._token is token:
            self._token = None

    def _is_fresh(self) -> bool:
        return self._refresh_at is None or self._clock() < self._refresh_at

    def _keep(self, token: Token, asked_at: float) -> None:
        self._token = token
        self._refresh_at = None
        if token.expires_in is not None:
            # Counted from before it was asked for: the server's clock was running on the way.
            leeway = min(self._leeway, token.expires_in / 2)
            self._refresh_at = asked_at + token.expires_in - leeway

    async def _current(self, request: ClientRequest, entered: float) -> Token:
        """A token that is good, from now or from a fetch."""
        if self._token is not None and self._is_fresh():
            return self._token
        flight = self._flight
        if flight is None:
            flight = self._flight = _Flight(asyncio.ensure_future(self._fetch_and_keep()))
            flight.task.add_done_callback(self._land)
        flight.waiting += 1
        try:
            async with within_total(request, entered, "a token"):
                # Unlike `await task` this leaves the task alone if it is cancelled itself.
                await asyncio.wait((flight.task,))
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._flight = None  # whoever comes now must not wait for this one
        return _result(flight.task)

    async def _fetch_and_keep(self) -> Token:
        _FETCHING.set((*_FETCHING.get(), self))
        asked_at = self._clock()
        token = await self._fetch()
        if not isinstance(token, Token):
            raise TypeError(f"fetch() has to return a Token, got {type(token).__name__}")
        self._keep(token, asked_at)
        return token

    def _land(self, task: asyncio.Task[Token]) -> None:
        if self._flight is not None and self._flight.task is task:
            self._flight = None
        if not task.cancelled():
            task.exception()  # seen by whoever waited; if nobody did, nobody wants to know


def _result(task: asyncio.Task[Token]) -> Token:
    """The token, or an error that is this caller's alone.

    One exception raised by many tasks would collect the tracebacks, and the notes, of all of them.
    """
    if task.cancelled():
        raise ClientError("fetching the token was cancelled from inside fetch()")
    error = task.exception()
    if error is None:
        return task.result()
    raise _twin(error) from error


def _twin(error: BaseException) -> BaseException:
    try:
        twin = copy.copy(error)
    except Exception:
        # An exception whose constructor does not take its own `args`.
        twin = None
    if type(twin) is not type(error) or twin is error:
        return ClientError(f"the token could not be fetched: {type(error).__name__}")
    notes = getattr(error, "__notes__", None)
    if notes is not None:
        twin.__notes__ = list(notes)
    return twin


def _origins(urls: Iterable[StrOrURL]) -> frozenset[Origin]:
    if isinstance(urls, (str, URL)):
        raise TypeError("origins is a collection of URLs; write a tuple")
    return frozenset(_origin(URL(url)) for url in urls)


def _origin(url: URL) -> Origin:
    if url.scheme not in ("http", "https", "ws", "wss") or not url.raw_host:
        raise ValueError(f"an origin is like https://host:8443; got {masked_url(url)!r}")
    return origin_of(url)


def _text(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{origin.scheme}://{host}:{origin.port}"
