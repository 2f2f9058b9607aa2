"""A response as users see it. Whatever is not asked for is not made."""

from __future__ import annotations

import codecs
import json
import re
import warnings
from functools import cached_property
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, cast

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import ContentEncodingError, HttpVersion, quote
from wherry_codec.coding import make_decoder
from wherry_codec.fields import parse_media_type
from wherry_cookies import cookies_from_headers
from wherry_errors import (
    ClientConnectionError,
    ClientPayloadError,
    ClientResponseError,
    ContentTypeError,
    masked_headers,
    masked_url,
)
from wherry_multipart import ContentDisposition, content_disposition
from wherry_pool import IncomingBody

from ._context import DONE, Done
from ._stream import StreamReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from yarl import URL

    from wherry_codec import ResponseHead
    from wherry_codec.fields import MediaType
    from wherry_pool import Exchange, UpgradedConnection
    from wherry_pool.protocols import HttpConnection

    from ._request import ClientRequest, RequestInfo
    from ._stream import BodyDecoder, ReadHook
    from .typedefs import JSONDecoder, RawHeaders

    CharsetResolver = Callable[["ClientResponse", bytes], str]

_is_json_type = re.compile(r"application/(?:[\w.+-]+?\+)?json", re.IGNORECASE).fullmatch

WHOLE_DECODE_STEP = 1024 * 1024

MAX_CHARSET_NAME = 64
"""Python remembers every name it was asked for, so long ones of a peer's making are not looked up.
The longest one it knows has 24 characters."""

_NO_FIELDS: CIMultiDict[str] = CIMultiDict()


class _NoExchange:
    is_over = True


class ClientResponse:
    """The answer to a request. Read its body, or release it; `async with` does the latter."""

    _body: bytes | None = None
    _content: StreamReader | None = None
    _is_released = False
    is_managed = False
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
        """The head as the codec read it."""
        self.status: int = head.status
        self._is_plain = request.settings.max_body_size is None

    def __repr__(self) -> str:
        reason = (self.reason or "").encode("ascii", "backslashreplace").decode("ascii")
        return (
            f"<{type(self).__name__}({masked_url(self.url)}) [{self.status} {reason}]>\n"
            f"{masked_headers(self.headers)}\n"
        )

    def __del__(self) -> None:
        exchange = self._exchange
        if exchange.is_over:
            return
        loop = exchange.waiter.get_loop()
        if loop.is_closed():
            return  # the connection went with it
        self._connection.release(exchange)
        if loop.get_debug():
            warnings.warn(f"Unclosed response {self!r}", ResourceWarning, source=self, stacklevel=2)
            loop.call_exception_handler({"client_response": self, "message": "Unclosed response"})

    # --- the head ------------------------------------------------------------------------------

    @property
    def version(self) -> HttpVersion:
        """The HTTP version of the response."""
        return self.head.version

    @property
    def reason(self) -> str:
        """The reason phrase; may be empty."""
        return self.head.reason

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status < 400

    @property
    def method(self) -> str:
        """The method of the request."""
        return self._request.method

    @property
    def url(self) -> URL:
        """The URL of the request without fragment."""
        return self._request.url

    @property
    def real_url(self) -> URL:
        """The URL of the request with its fragment."""
        return self._request.original_url

    @property
    def host(self) -> str | None:
        """The host of the URL."""
        return self._request.url.host

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields, case-insensitive."""
        return self.head.headers

    @property
    def raw_headers(self) -> RawHeaders:
        """Names and values as bytes, in wire order and spelling."""
        return self.head.raw_headers

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The trailer fields; complete at the end of the body, empty before."""
        trailers = self._exchange.trailers
        return CIMultiDictProxy(_NO_FIELDS) if trailers is None else trailers

    @property
    def informational(self) -> tuple[ResponseHead, ...]:
        """The heads of the 1xx responses that came before this one."""
        return self._exchange.informational

    @cached_property
    def request_info(self) -> RequestInfo:
        """URL, method and fields of the request as it was sent."""
        return self._request.request_info

    @cached_property
    def cookies(self) -> SimpleCookie:
        """The cookies this very response sets; of equal names the last."""
        if not self.head.has_set_cookie:
            return SimpleCookie()
        return cookies_from_headers(self.headers.getall("Set-Cookie"))

    @cached_property
    def _media_type(self) -> MediaType:
        return parse_media_type(self.headers.get("Content-Type", ""))

    @property
    def content_type(self) -> str:
        """The media type without parameters; `application/octet-stream` if there is none."""
        return f"{self._media_type.type}/{self._media_type.subtype}"

    @property
    def charset(self) -> str | None:
        """The charset parameter of Content-Type, or None."""
        return self._media_type.parameters.get("charset")

    @property
    def content_length(self) -> int | None:
        """The value of Content-Length (the encoded size), or None."""
        return self.head.content_length

    @cached_property
    def content_disposition(self) -> ContentDisposition | None:
        """The Content-Disposition field taken apart, or None."""
        return content_disposition(self.headers.get("Content-Disposition"))

    # --- life ----------------------------------------------------------------------------------

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

    def release(self) -> Done:
        """Give up what has not been read. A connection that is still good goes back to the pool."""
        self._is_released = True
        if not self._exchange.is_over:
            self._connection.release(self._exchange)
        if self._content is not None:
            self._content.close()
        return DONE

    def close(self) -> None:
        """Give up the response and close its connection."""
        self._is_released = True
        if not self._exchange.is_over:
            self._connection.abort(self._exchange)
        if self._content is not None:
            self._content.close()

    def take_over(self) -> UpgradedConnection:
        """After a 101: the connection for its new protocol. The response has no body."""
        upgraded = self._connection.take_over(self._exchange)
        self._exchange.is_over = True
        return upgraded

    async def wait_for_close(self) -> None:
        """Release the response; there is nothing else to wait for."""
        self.release()

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

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.release()

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
        """The whole body, decoded. May be repeated.

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
        if self.head.content_encoding is not None:
            decoder = self._decoder()
            if decoder is not None:
                raw = _decode_whole(decoder, raw)
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
        charset = _known_charset(self.charset)
        if charset is not None:
            return charset
        media = self._media_type
        if media.type == "application" and (
            media.subtype == "json" or media.subtype.startswith("rdap")
        ):
            return "utf-8"
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
        coding = self.head.content_encoding
        if coding is None or not self._request.settings.auto_decompress:
            return None
        try:
            return make_decoder(coding)
        except ContentEncodingError as error:
            return _RefusingDecoder(error)

    def _abort_exchange(self) -> None:
        if not self._exchange.is_over:
            self._connection.abort(self._exchange)


class _RefusingDecoder:
    """For codings that are refused as such: the error comes from reading, not before (S-420)."""

    has_pending = False

    def __init__(self, error: ContentEncodingError) -> None:
        self._text = str(error)

    def decode(self, data: bytes, max_output: int = 0) -> bytes:
        if not data:
            return b""
        raise ContentEncodingError(self._text)

    def finish(self) -> None:
        """A body of no bytes is fine."""


def _known_charset(name: str | None) -> str | None:
    """Python's own name of a charset; None for one it does not know or that is not for text."""
    if not name or len(name) > MAX_CHARSET_NAME:
        return None
    try:
        b" ".decode(name, "replace")  # of an empty body Python would not look the codec up
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _decode_whole(decoder: BodyDecoder, raw: bytes) -> bytes:
    try:
        pieces = [decoder.decode(raw, WHOLE_DECODE_STEP)]
        while decoder.has_pending:
            pieces.append(decoder.decode(b"", WHOLE_DECODE_STEP))
        decoder.finish()
    except ContentEncodingError as error:
        raise ClientPayloadError(f"response body cannot be decoded: {error}") from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
