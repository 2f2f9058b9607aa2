"""One call, and its innermost stage: a request over a connection, up to the response head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wherry_codec import RemoteProtocolError
from wherry_errors import ClientResponseError, TotalTimeoutError

from .._middleware import wrap

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from yarl import URL

    from wherry_pool import Exchange
    from wherry_pool.protocols import ByteSink, HttpConnection, PoolObserver, RequestBody

    from .._middleware import Handler
    from .._options import CallPlan
    from .._request import ClientRequest, RequestSource
    from .._response import CharsetResolver, ClientResponse
    from .._settings import CallSettings
    from ..protocols import ConnectorProtocol, CookieJarProtocol, RequestObserver


class Surroundings(Protocol):
    """What a call uses of its session."""

    running_loop: asyncio.AbstractEventLoop
    response_class: type[ClientResponse]
    fallback_charset_resolver: CharsetResolver | None

    @property
    def requote_redirect_url(self) -> bool:
        """Whether redirect targets are canonicalised."""
        ...

    @property
    def trust_env(self) -> bool:
        """Whether the environment is asked for proxies and logins."""
        ...

    @property
    def cookie_jar(self) -> CookieJarProtocol:
        """The jar."""
        ...

    @property
    def build_request(self) -> Callable[[RequestSource, CallSettings], ClientRequest]:
        """Makes a request with everything added that goes out."""
        ...


class Call:
    """One call of `ClientSession.request`, redirects and retries included.

    `started` and `deadline` are loop times. `send` is the innermost stage; `handler` is the same
    with the middlewares around it. The observers are None unless somebody traces.
    """

    # Defaults on the class: one of these is made per call, and most stay as they are.
    history: tuple[ClientResponse, ...] = ()
    observer: RequestObserver | None = None
    pool_observer: PoolObserver | None = None
    was_retried = False
    last_request: ClientRequest | None = None
    """The request of the last redirect hop; a middleware may have given it a body of its own."""
    needs_fresh_connection = False

    def __init__(
        self,
        session: Surroundings,
        connector: ConnectorProtocol,
        plan: CallPlan,
        started: float,
    ) -> None:
        self.session = session
        self.connector = connector
        self.settings = settings = plan.request.settings
        self.started = started
        self.deadline = started + settings.total
        self.middlewares = plan.middlewares

    @property
    def handler(self) -> Handler:
        """The outermost stage. Made each time: kept, it would be a cycle for every call."""
        return wrap(self.send, self.middlewares) if self.middlewares else self.send

    async def send(self, request: ClientRequest, /) -> ClientResponse:
        """The response to `request`, its body still to be read.

        A failure or a cancellation leaves nothing acquired: the exchange is aborted wherever it
        stands, and the connection with it.
        """
        session, settings = self.session, self.settings
        loop = session.running_loop
        exchange = request.new_exchange(loop.create_future())
        exchange.started = self.started
        exchange.deadline = self.deadline
        exchange.timeout = settings.timeout
        exchange.limits = settings.limits
        exchange.read_bufsize = settings.read_bufsize
        exchange.read_until_eof = settings.read_until_eof
        connector = self.connector
        found = None
        exchange.requested_at = now = loop.time()
        if self.pool_observer is None and not self.needs_fresh_connection:
            found = connector.acquire_nowait(request.target.key, now)
        if found is None:
            found = await self._acquire(request, connector)
            exchange.acquired_at = loop.time()
        connection = found
        try:
            if self.observer is not None:
                await self._tell_sending(self.observer, request, exchange)
            connection.start(exchange)
            await exchange.waiter
            if self.observer is not None:
                await self._tell_answered(self.observer, request, exchange)
            response = session.response_class(request, exchange, connection)
            if response.head is not request.last_head:
                request.remember_head(response.head)
        except RemoteProtocolError as error:
            exchange.waiter.cancel()
            connection.abort(exchange)
            raise ClientResponseError(
                request.request_info, self.history, status=400, message=str(error)
            ) from error
        except BaseException:
            exchange.waiter.cancel()  # nobody waits for what abort() would tell it
            connection.abort(exchange)
            raise
        if self.history:
            response.history = self.history
        if session.fallback_charset_resolver is not None:
            response.use_charset_resolver(session.fallback_charset_resolver)
        if self.observer is not None:
            self._watch_reading(self.observer, request, response)
        return response

    def check_deadline(self, request: ClientRequest) -> None:
        """Raise `TotalTimeoutError` if there is no time left for `request`.

        Timers alone would miss it where each of many answers comes at once (S-444).
        """
        now = self.session.running_loop.time()
        if now >= self.deadline:
            raise TotalTimeoutError(
                phase="total",
                limit=self.settings.timeout.total,
                elapsed=now - self.started,
                host=request.target.host_field,
            )

    async def _tell_sending(
        self, observer: RequestObserver, request: ClientRequest, exchange: Exchange
    ) -> None:
        await observer.request_headers_sent(request.method, request.url, request.headers)
        body = exchange.request_body
        if isinstance(body, bytes):
            await observer.request_chunk_sent(request.method, request.url, body)
        elif body is not None:
            exchange.request_body = ObservedBody(body, observer, request.method, request.url)

    async def _tell_answered(
        self, observer: RequestObserver, request: ClientRequest, exchange: Exchange
    ) -> None:
        for head in exchange.informational:
            await observer.informational_received(
                request.method, request.url, head.status, head.reason, head.headers
            )
        await observer.bytes_written(request.method, request.url, exchange.output_size)

    def _watch_reading(
        self, observer: RequestObserver, request: ClientRequest, response: ClientResponse
    ) -> None:
        exchange = response.exchange

        async def tell(data: bytes) -> None:
            await observer.response_chunk_received(request.method, request.url, data)
            incoming = exchange.incoming
            total = len(exchange.body or b"") if incoming is None else incoming.received
            await observer.bytes_read(request.method, request.url, total)

        response.call_on_read(tell)

    async def _acquire(
        self, request: ClientRequest, connector: ConnectorProtocol
    ) -> HttpConnection:
        if connector.closed:
            raise session_closed()
        return await connector.acquire(
            request.target.key,
            self.settings.timeout,
            started=self.started,
            deadline=self.deadline,
            observer=self.pool_observer,
            fresh=self.needs_fresh_connection,
        )


def session_closed() -> RuntimeError:
    """The error for a request on a closed session (S-362)."""
    return RuntimeError("Session is closed; make a new ClientSession to go on")


class ObservedBody:
    """A request body whose pieces are told to an observer as they go out (S-344)."""

    def __init__(self, body: RequestBody, observer: RequestObserver, method: str, url: URL) -> None:
        self._body = body
        self._observer = observer
        self._method = method
        self._url = url

    @property
    def size(self) -> int | None:
        """The size of the body inside."""
        return self._body.size

    async def write(self, sink: ByteSink, /) -> None:
        """Write the body inside."""
        await self._body.write(_ObservedSink(sink, self._observer, self._method, self._url))


class _ObservedSink:
    def __init__(self, sink: ByteSink, observer: RequestObserver, method: str, url: URL) -> None:
        self._sink = sink
        self._observer = observer
        self._method = method
        self._url = url

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        await self._observer.request_chunk_sent(self._method, self._url, bytes(data))
        await self._sink.write(data)
