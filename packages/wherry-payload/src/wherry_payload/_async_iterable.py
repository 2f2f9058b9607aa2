"""Bodies that arrive by and by: async iterables, streams, and writing coroutines.

They have no size and can be sent once. Sending them twice is refused, never done halfway.
"""

import functools
import warnings
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import aclosing
from typing import Any

from ._base import Payload
from .protocols import ByteSink, ByteSource


class _OneShotPayload(Payload):
    """A body that can be sent once, and says so."""

    _autoclose = True

    @property
    def replayable(self) -> bool:
        """False: the source of the bytes cannot start again."""
        return False

    def _start(self) -> None:
        if self._consumed:
            raise RuntimeError(
                f"{type(self).__name__} was already sent and cannot start again; "
                "make a new body, or call as_bytes() before sending to keep it"
            )
        self._consumed = True


class AsyncIterablePayload(_OneShotPayload):
    """The items of an async iterable, each one piece; items must be bytes-like.

    `consumed` as soon as sending starts. `as_bytes()` before that keeps the whole body in memory
    and makes it replayable.
    """

    _value: AsyncIterable[bytes]
    _kept: bytes | None = None

    def __init__(
        self,
        value: AsyncIterable[bytes],
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(
                f"value must be an async iterable of bytes, got {type(value).__name__}; "
                "a plain iterable can be joined, or wrapped in an async generator"
            )
        super().__init__(value, headers, content_type, filename, encoding, **kwargs)

    @property
    def replayable(self) -> bool:
        """Whether `as_bytes()` has kept the body."""
        return self._kept is not None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text, once `as_bytes()` has kept it; `TypeError` before."""
        if self._kept is None:
            return super().decode(encoding, errors)
        return self._kept.decode(self._encoding or encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The whole body, which is then kept: the payload can be sent, and sent again."""
        if self._kept is None:
            self._kept = await super().as_bytes()
            self._consumed = False
        return self._kept

    async def write(self, writer: ByteSink) -> None:
        """Hand over each item as it comes.

        Raises `TypeError` for an item that is not bytes-like and `RuntimeError` if the iterable was
        already used. An async generator is closed however this ends.
        """
        if self._kept is not None:
            await writer.write(self._kept)
            return
        self._start()
        iterator = aiter(self._value)
        try:
            async for piece in iterator:
                if not isinstance(piece, (bytes, bytearray, memoryview)):
                    raise TypeError(
                        f"items of the body must be bytes-like, got {type(piece).__name__}"
                    )
                await writer.write(piece)
        finally:
            await _close_iterator(iterator)


async def _close_iterator(iterator: AsyncIterator[bytes]) -> None:
    if isinstance(iterator, AsyncGenerator):
        async with aclosing(iterator):
            pass


class StreamReaderPayload(AsyncIterablePayload):
    """A stream, such as the content of another response, sent as it arrives."""

    def __init__(
        self,
        value: ByteSource,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(_pieces(value), headers, content_type, filename, encoding, **kwargs)


async def _pieces(source: ByteSource) -> AsyncGenerator[bytes, None]:
    while piece := await source.readany():
        yield piece


class streamer:  # noqa: N801 - the name is aiohttp's
    """Deprecated: a decorator for coroutines whose first argument is a writer.

    Use an async generator instead. Warns `DeprecationWarning` when it decorates.
    """

    def __init__(self, coro: Callable[..., Awaitable[object]]) -> None:
        warnings.warn(
            "streamer is deprecated; pass an async generator as the body instead",
            DeprecationWarning,
            stacklevel=2,
        )
        self.coro = coro

    def __call__(self, *args: Any, **kwargs: Any) -> "WriterCall":
        """A body: the coroutine, to be called with a writer and these arguments."""
        return WriterCall(functools.partial(_call, self.coro, args, kwargs))


async def _call(
    coro: Callable[..., Awaitable[object]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    writer: ByteSink,
) -> None:
    await coro(writer, *args, **kwargs)


class WriterCall:
    """A `streamer` coroutine with its arguments, waiting for a writer."""

    def __init__(self, run: Callable[[ByteSink], Awaitable[None]]) -> None:
        self.run = run


class StreamerPayload(_OneShotPayload):
    """The body that a `streamer` coroutine writes."""

    _value: WriterCall

    def __init__(
        self,
        value: "streamer | WriterCall",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        call = value() if isinstance(value, streamer) else value
        super().__init__(call, headers, content_type, filename, encoding, **kwargs)

    async def write(self, writer: ByteSink) -> None:
        """Run the coroutine with the writer."""
        self._start()
        await self._value.run(writer)
