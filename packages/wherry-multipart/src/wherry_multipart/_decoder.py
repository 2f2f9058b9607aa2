"""Undo the codings of a part, piece by piece, with every piece of output bounded.

First the transfer encoding, then the content coding. Which of them apply is for the reader to say.
"""

from collections.abc import Iterator

from wherry_codec import ContentEncodingError
from wherry_codec.coding import ContentDecoder, make_decoder

from ._transfer import transfer_decoder

STEP = 65_536
"""Bytes of input decoded at once."""


class PartDecoder:
    """Takes the bytes of one part as sent, in any pieces, and gives the decoded ones.

    Raises `RuntimeError` for a coding that is not known.
    """

    def __init__(self, transfer_encoding: str, content_encoding: str, max_piece: int) -> None:
        self._transfer = transfer_decoder(transfer_encoding)
        self._content = _content_decoder(content_encoding)
        self._max_piece = max_piece

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` decodes to, in pieces of 1 to `max_piece` bytes. Use them all up.

        Raises `ValueError` if it cannot be decoded.
        """
        for start in range(0, len(data), STEP):
            yield from self._uncoded(self._transfer.feed(data[start : start + STEP]))

    def finish(self) -> Iterator[bytes]:
        """The rest, after the last input. `ValueError` if the data was cut off."""
        yield from self._uncoded(self._transfer.finish())
        if self._content is not None:
            try:
                self._content.finish()
            except ContentEncodingError as exc:
                raise ValueError(f"part cannot be decoded: {exc}") from exc

    def _uncoded(self, data: bytes) -> Iterator[bytes]:
        if self._content is None:
            for start in range(0, len(data), self._max_piece):
                yield data[start : start + self._max_piece]
            return
        while data or self._content.has_pending:
            piece = self._inflate(self._content, data)
            data = b""
            if piece:
                yield piece

    def _inflate(self, decoder: ContentDecoder, data: bytes) -> bytes:
        try:
            return decoder.decode(data, self._max_piece)
        except ContentEncodingError as exc:
            raise ValueError(f"part cannot be decoded: {exc}") from exc


def _content_decoder(name: str) -> ContentDecoder | None:
    if name.strip(" \t").lower() in ("", "identity"):
        return None
    decoder = make_decoder(name)
    if decoder is None:
        raise RuntimeError(f"unknown Content-Encoding {name[:100]!r} of a part")
    return decoder
