"""A part that was received, sent on in another body. Reading it is its own business."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from wherry_payload import ByteSink, Order, Payload, content_disposition_header, payload_type

from ._part import BodyPartReader


@payload_type(BodyPartReader, order=Order.try_first)
class BodyPartReaderPayload(Payload):
    """A part that was received, as a body to send: decoded, as it arrives, and once.

    It keeps the part's content type, name and file name.
    """

    _value: BodyPartReader
    _autoclose = True

    def __init__(
        self,
        value: BodyPartReader,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        content_type = content_type or value.headers.get("Content-Type")
        super().__init__(value, headers, content_type, **kwargs)
        named = {"name": value.name, "filename": value.filename}
        params = {key: text for key, text in named.items() if text is not None}
        if params and "Content-Disposition" not in self.headers:
            header = content_disposition_header("attachment", params)
            self.headers["Content-Disposition"] = header

    @property
    def replayable(self) -> bool:
        """False: the part arrives once."""
        return False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raises `TypeError`: the part has not arrived."""
        raise TypeError("a part that is read from a stream cannot be decoded; await part.text()")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Raises `TypeError`: the part can be read once, and that is for sending it."""
        raise TypeError("a part that is read from a stream cannot be kept; await part.read()")

    async def write(self, writer: ByteSink) -> None:
        """Hand over the decoded data as it arrives. `RuntimeError` if that was done before."""
        if self._consumed:
            raise RuntimeError("the part was already sent and cannot be read again")
        self._consumed = True
        async with aclosing(self._value.iter_decoded()) as pieces:
            async for piece in pieces:
                await writer.write(piece)
