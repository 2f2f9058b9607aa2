"""Undoing the content codings of a response body, or saying at the first read why that fails."""

from __future__ import annotations

from typing import Protocol

from wherry_codec import ContentEncodingError, TransferEncodingError, make_transfer_decoder
from wherry_codec.coding import make_decoder
from wherry_errors import ClientPayloadError

WHOLE_DECODE_STEP = 1024 * 1024


class BodyDecoder(Protocol):
    """Undoes content codings; `wherry_codec.coding.ContentDecoder` does. All raise
    `ContentEncodingError`.
    """

    @property
    def has_pending(self) -> bool:
        """Whether `decode(b"")` may give more."""
        ...

    def decode(self, data: bytes, max_output: int = ...) -> bytes:
        """Take `data`; the next decoded bytes, at most `max_output`."""
        ...

    def finish(self) -> None:
        """The body has ended."""
        ...


def decoder_for(content: bytes | None, transfer: bytes | None = None) -> BodyDecoder | None:
    """What undoes the values of Content-Encoding and Transfer-Encoding, the chunks apart.

    None if the body stays as it is.
    """
    try:
        below = make_transfer_decoder(transfer)
        above = None if content is None else make_decoder(content)
        if below is None or above is None:
            return above if below is None else below
        # Both; the one that was applied last is undone first, as in a single list (RFC 9112 §6.1).
        codings = (content or b"", (transfer or b"").removesuffix(b"chunked"))
        return make_decoder(b", ".join(codings))
    except (ContentEncodingError, TransferEncodingError) as error:
        return _RefusingDecoder(error)


class _RefusingDecoder:
    """For codings that are refused as such: the error comes from reading, not before (S-420)."""

    has_pending = False

    def __init__(self, error: Exception) -> None:
        self._text = str(error)

    def decode(self, data: bytes, max_output: int = 0) -> bytes:
        if not data:
            return b""
        raise ContentEncodingError(self._text)

    def finish(self) -> None:
        """A body of no bytes is fine."""


def decode_whole(decoder: BodyDecoder, raw: bytes) -> bytes:
    """All of a body; `ClientPayloadError` if it is broken."""
    try:
        pieces = [decoder.decode(raw, WHOLE_DECODE_STEP)]
        while decoder.has_pending:
            pieces.append(decoder.decode(b"", WHOLE_DECODE_STEP))
        decoder.finish()
    except ContentEncodingError as error:
        raise undecodable(error) from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def undecodable(error: ContentEncodingError) -> ClientPayloadError:
    """What a reader is told about a body that cannot be decoded."""
    failure = ClientPayloadError(f"response body cannot be decoded: {error}")
    failure.__cause__ = error
    return failure
