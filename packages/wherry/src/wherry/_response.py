"""A response as users see it: how its body is read, and how its connection is let go."""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from typing import TYPE_CHECKING, Any, cast

from wherry_codec import quote
from wherry_errors import ClientConnectionError, ClientResponseError, ContentTypeError
from wherry_pool import Connection, IncomingBody, Progress

from ._charset import declared_charset
from ._context import DONE
from ._decoding import decode_whole, decoder_for
from ._response_facts import ResponseFacts
from ._stream import StreamReader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import TracebackType
    from typing import Self

    from wherry_pool import Exchange, ProgressCallback, UpgradedConnection
    from wherry_pool.protocols import HttpConnection

    from ._decoding import BodyDecoder
    from ._request import ClientRequest
    from ._stream import ReadHook
    from .typedefs import JSONDecoder

    CharsetResolver = Callable[["ClientResponse", bytes], str]

_is_json_type = re.compile(r"application/(?:[\w.+-]+?\+)?json", re.IGNORECASE).fullmatch


class _NoExchange:
    is_over = True


class _Settled:
    """Awaitable until a task is over, however it ends. Need not be awaited."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def __await__(self) -> Generator[Any, None, None]:  # Any: what tasks yield to the loop
        return _settle(self._task).__await__()


async def _settle(task: asyncio.Task[None]) -> None:
    await asyncio.wait((task,))


class ClientResponse(ResponseFacts):
    """The answer to a request. Read its body, or release it; `async with` does the latter."""

    _body: bytes | None = None
    _content: StreamReader | None = None
    _held: Connection | None = None
    _is_released = False
    is_managed: bool = False
    """Whether the response is used with `async with`, which will release it."""
    _on_read: ReadHook | None = None
    _charset_resolver: CharsetResolver | None = None
    history: tuple[ClientResponse, ...] = ()
    """The redirect responses before this one, oldest first."""

    _exchange: Exchange = cast("Exchange", _NoExchange())  # for __del__ of a half-made response

    def __init__(
        self, request: ClientRequest, exchange: Exchange, connection: HttpConnection
    ) -> None:
        self._exchange = exchange  # first of all: __del__ needs it
        self._request = request
        self._connection = connection
        head = exchange.head
        if head is None:
            raise ValueError("a response needs an exchange whose head has arrived")
        self.head = head
        self.status: int = head.status
        coding = head.transfer_encoding
        self._is_plain = (
            coding is None or coding == b"chunked"
        ) and request.settings.max_body_size is None

    def __del__(self) -> None:
        exchange = self._exchange
        if exchange.is_over:
            return
        loop = exchange.waiter.get_loop()
        if loop.is_closed():
            return  # the connection went with it
        self._let_go()
        if loop.get_debug():
            warnings.warn(f"Unclosed response {self!r}", ResourceWarning, source=self, stacklevel=2)
            loop.call_exception_handler({"client_response": self, "message": "Unclosed response"})

    # --- life ----------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection | None:
        """The connection; None once the response is complete, released or closed."""
        if self._is_released or self._exchange.is_over:
            return None
        if self._held is None:
            self._held = Connection(self._connection, self._exchange)
        return None if self._held.closed else self._held

    @property
    def closed(self) -> bool:
        """Whether the connection is no longer needed: all has arrived, or was given up."""
        return self._exchange.is_over

    @property
    def exchange(self) -> Exchange:
        """The exchange behind this response, for those who speak to the connection."""
        return self._exchange

    def call_on_read(self, hook: ReadHook) -> None:
        """Await `hook` with every piece of the body that is read from now on."""
        self._on_read = hook
        self._is_plain = False

    def use_charset_resolver(self, resolver: CharsetResolver) -> None:
        """Ask `resolver` for the charset of a body whose head names none (S-416)."""
        self._charset_resolver = resolver

    def call_on_progress(self, callback: ProgressCallback) -> None:
        """Tell `callback` how much of the body has arrived: now, and whenever more does.

        Bytes count as they go over the wire, before decoding. See `wherry_pool.Progress`.
        """
        source = self._exchange.body_source()
        total = source.length if source.length >= 0 else None
        progress = Progress(callback, total, self.loop)
        progress.tell(source.received)
        if not source.is_complete:
            source.progress = progress

    def release(self) -> Awaitable[None]:
        """Give up what has not been read. A connection that is still good goes back to the pool.

        Awaiting the result is optional; it waits until a request body that was still being sent,
        which is given up too, has let go of what it reads from.
        """
        self._is_released = True
        exchange = self._exchange
        if not exchange.is_over:
            self._let_go()
        if self._content is not None:
            self._content.close()
        sender = exchange.sender
        return DONE if sender is None or sender.done() else _Settled(sender)

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.release()
        else:
            self._connection.release(self._exchange)

    def close(self) -> None:
        """Give up the response and close its connection."""
        self._is_released = True
        self._abort_exchange()
        if self._content is not None:
            self._content.close()

    def take_over(self) -> UpgradedConnection:
        """After a 101: the connection for its new protocol. The response has no body."""
        upgraded = self._connection.take_over(self._exchange)
        self._exchange.end()
        return upgraded

    async def wait_for_close(self) -> None:
        """Wait until the request body is sent, then release the response."""
        await self._wait_for_sender()
        self.release()

    async def _wait_for_sender(self) -> None:
        sender = self._exchange.sender
        if sender is not None and not sender.done():
            await _settle(sender)

    def raise_for_status(self) -> None:
        """Raise `ClientResponseError` for a status of 400 or above.

        Outside of `async with` the response is released first.
        """
        if self.ok:
            return
        error = ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason,
            headers=self.headers,
        )
        if not self.is_managed:
            self.release()
        raise error

    async def __aenter__(self) -> Self:
        self.is_managed = True
        return self

    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> Awaitable[None]:
        return self.release()

    # --- the body ------------------------------------------------------------------------------

    @property
    def content(self) -> StreamReader:
        """The body as a stream."""
        if self._content is None:
            settings = self._request.settings
            # After read() there is nothing left, wherever the body came from.
            was_read = self._body is not None
            self._content = StreamReader(
                IncomingBody.whole(b"") if was_read else self._exchange.body_source(),
                self._decoder(),
                limit=settings.read_bufsize,
                max_size=settings.max_body_size,
                on_read=self._on_read,
                on_failure=self._abort_exchange,
            )
            if self._is_released:
                self._content.close()
        return self._content

    async def read(self) -> bytes:
        """The whole body, decoded. May be repeated. Nothing of the request is sent afterwards.

        Raises `ClientPayloadError` if it is cut short or broken, `TimeoutError`, or
        `ClientConnectionError` if the response was released before.
        """
        if self._is_released:
            raise ClientConnectionError("the response was released; its body cannot be read")
        body = self._body
        if body is None:
            if self._is_plain and self._content is None and self.head.content_encoding is None:
                body = self._exchange.body  # it came with the head: the common case
            if body is None:
                try:
                    body = await self._read_whole()
                except BaseException:
                    self.close()
                    raise
            self._body = body
        return body

    async def _read_whole(self) -> bytes:
        if self._content is not None or self._request.settings.max_body_size is not None:
            return await self.content.read()
        exchange = self._exchange
        raw = exchange.body
        if raw is None:
            raw = await exchange.body_source().collect()
            await self._wait_for_sender()
        decoder = self._decoder()
        if decoder is not None:
            raw = decode_whole(decoder, raw)
        if self._on_read is not None:
            await self._on_read(raw)
        return raw

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """The body as text, in `encoding` or else the one `get_encoding()` finds."""
        body = self._body
        if body is None:
            body = await self.read()
        return body.decode(encoding or self.get_encoding(), errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: JSONDecoder = json.loads,
        content_type: str | None = "application/json",
    ) -> Any:  # whatever the document holds
        """The body decoded from JSON; None if it is blank.

        Raises `ContentTypeError` unless the Content-Type fits `content_type` (None: any).
        """
        if content_type:
            self._check_content_type(content_type)
        body = self._body
        if body is None:
            body = await self.read()
        stripped = body.strip()
        if not stripped:
            return None
        return loads(stripped.decode(encoding or self.get_encoding()))

    def get_encoding(self) -> str:
        """The charset the body is decoded with (S-416)."""
        charset = declared_charset(self._media_type)
        if charset is not None:
            return charset
        if self._body is None:
            raise RuntimeError("the encoding cannot be guessed before the body was read")
        resolver = self._charset_resolver
        return "utf-8" if resolver is None else resolver(self, self._body)

    def _check_content_type(self, expected: str) -> None:
        field = self.headers.get("Content-Type", "")
        if expected == "application/json":
            fits = _is_json_type(field.partition(";")[0].strip()) is not None
        else:
            fits = expected in field.lower()
        if not fits:
            raise ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=(
                    f"attempt to decode JSON with unexpected mimetype: {quote(field)}; expected "
                    f"{expected}, pass content_type=None to accept any"
                ),
                headers=self.headers,
            )

    def _decoder(self) -> BodyDecoder | None:
        head = self.head
        content = head.content_encoding if self._request.settings.auto_decompress else None
        if content is None and head.transfer_encoding is None:
            return None
        return decoder_for(content, head.transfer_encoding)

    def _abort_exchange(self) -> None:
        if self._exchange.is_over:
            return
        if self._held is not None:
            self._held.close()
        else:
            self._connection.abort(self._exchange)
