"""A request body that is compressed on its way out (S-393, RFC 9110 §8.4).

The content coding is announced by the request; here the bytes are coded. Each write starts with
a fresh encoder, so a replay is as good as the first time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

from wherry_codec import quote
from wherry_codec.coding import make_encoder

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from wherry_codec.coding import ContentEncoder
    from wherry_pool.protocols import ByteSink

    from .protocols import PayloadProtocol

RequestCoding: TypeAlias = Literal["deflate", "gzip"]

EXECUTOR_FROM = 4096
"""Pieces above this many bytes are compressed in a thread (S-080)."""


def check_coding(compress: str | bool | None) -> RequestCoding | None:
    """The coding that `compress=` asks for; True is deflate. `ValueError` for unknown names."""
    if not compress:
        return None
    if not isinstance(compress, str) or compress == "deflate":
        return "deflate"
    if compress == "gzip":
        return "gzip"
    raise ValueError(f"compress must be True, 'deflate' or 'gzip', got {quote(compress)}")


class CompressedBody:
    """`body`, coded with `coding` as it is written. Its size is not known before."""

    size = None
    in_memory = None

    def __init__(self, body: PayloadProtocol, coding: RequestCoding) -> None:
        self._body = body
        self._coding: RequestCoding = coding

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields of the body inside."""
        return self._body.headers

    @property
    def replayable(self) -> bool:
        """Whether the body inside can be written again."""
        return self._body.replayable

    async def write(self, sink: ByteSink, /) -> None:
        """Write the coded body."""
        encoder = make_encoder(self._coding)
        await self._body.write(_CodingSink(encoder, sink))
        await sink.write(encoder.finish())

    async def close(self) -> None:
        """Close the body inside."""
        await self._body.close()


class _CodingSink:
    def __init__(self, encoder: ContentEncoder, sink: ByteSink) -> None:
        self._encoder = encoder
        self._sink = sink

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        piece = bytes(data)
        if len(piece) > EXECUTOR_FROM:
            loop = asyncio.get_running_loop()
            coded = await loop.run_in_executor(None, self._encoder.encode, piece)
        else:
            coded = self._encoder.encode(piece)
        if coded:
            await self._sink.write(coded)
