"""Apply the codings of a part to its bytes while they are written (RFC 2046, RFC 9110 §8.4)."""

import asyncio
from typing import Literal, cast

from wherry_codec.coding import ContentEncoder, make_encoder
from wherry_payload import ByteSink

from ._transfer import TransferCoder, transfer_encoder

INLINE = 4096
"""Bytes above which compressing is done in a thread: about a tenth of a millisecond of work."""


def check_codings(content_encoding: str, transfer_encoding: str) -> tuple[str, str]:
    """Both codings in lower case, `""` where there is nothing to do.

    Raises `RuntimeError` for one that cannot be applied.
    """
    coding = content_encoding.strip(" \t").lower()
    if coding not in ("", "identity", "gzip", "deflate"):
        raise RuntimeError(
            f"unknown Content-Encoding {content_encoding[:100]!r} of a part; "
            "known are gzip, deflate, identity"
        )
    transfer = transfer_encoding.strip(" \t").lower()
    transfer_encoder(transfer)
    return "" if coding == "identity" else coding, "" if transfer == "binary" else transfer


class CodedSink:
    """A `ByteSink` that codes what it gets and passes it on. Call `finish` at the end."""

    def __init__(self, sink: ByteSink, content_encoding: str, transfer_encoding: str) -> None:
        self._sink = sink
        self._content = _encoder(content_encoding)
        self._transfer: TransferCoder = transfer_encoder(transfer_encoding)

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Code `data` and pass on what is ready."""
        await self._pass_on(await self._compress(bytes(data)))

    async def finish(self) -> None:
        """Pass on the rest."""
        if self._content is not None:
            await self._pass_on(self._content.finish())
        rest = self._transfer.finish()
        if rest:
            await self._sink.write(rest)

    async def _compress(self, data: bytes) -> bytes:
        if self._content is None:
            return data
        if len(data) <= INLINE:
            return self._content.encode(data)
        return await asyncio.get_running_loop().run_in_executor(None, self._content.encode, data)

    async def _pass_on(self, data: bytes) -> None:
        coded = self._transfer.feed(data)
        if coded:
            await self._sink.write(coded)


def code_whole(data: bytes, content_encoding: str, transfer_encoding: str) -> bytes:
    """`data` coded in one go."""
    content = _encoder(content_encoding)
    if content is not None:
        data = content.encode(data) + content.finish()
    transfer = transfer_encoder(transfer_encoding)
    return transfer.feed(data) + transfer.finish()


def _encoder(name: str) -> ContentEncoder | None:
    if not name:
        return None
    # check_codings has let no other name through
    return make_encoder(cast(Literal["gzip", "deflate"], name))
