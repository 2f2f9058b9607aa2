"""permessage-deflate on payloads, RFC 7692 §7.2: compressing messages, inflating them within a
bound.

Knows neither frames nor how the extension was negotiated.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from wherry_errors import WebSocketError

from .messages import WSCloseCode

MIN_WINDOW_BITS: Final = 9  # zlib cannot deflate with 8 (RFC 7692 §7.1.2 allows it)
MAX_WINDOW_BITS: Final = 15
MAX_MEMBERS: Final = 1024
"""Finished deflate streams in one message: each costs a new inflater, so their number needs a
limit.
"""

_TAIL: Final = b"\x00\x00\xff\xff"
# What is left of an empty message: RFC 7692 §7.2.3.6.
_EMPTY: Final = b"\x00"
# unused_data copies the rest of the input once per member; small pieces keep that linear.
_PIECE: Final = 16384


def check_window_bits(bits: int) -> None:
    """Raise ValueError unless `bits` is a window size this package can deflate with, 9 to 15."""
    if not MIN_WINDOW_BITS <= bits <= MAX_WINDOW_BITS:
        raise ValueError(
            f"compress is 0 (off) or the bits of the window, {MIN_WINDOW_BITS} to "
            f"{MAX_WINDOW_BITS}; got {bits!r}"
        )


class Deflater:
    """Compresses the messages of one direction, in the order they are sent.

    `window_bits` (9 to 15) bounds every message; `no_takeover` makes each message stand alone.
    """

    __slots__ = ("_flush", "_shared", "window_bits")

    def __init__(self, window_bits: int, *, no_takeover: bool) -> None:
        check_window_bits(window_bits)
        self.window_bits: int = window_bits
        self._flush = zlib.Z_FULL_FLUSH if no_takeover else zlib.Z_SYNC_FLUSH
        self._shared: zlib._Compress | None = None

    def compress(self, payload: bytes | bytearray, window_bits: int | None = None) -> bytes:
        """The payload of a frame with RSV1 set. Calls must be one at a time, in sending order.

        With `window_bits` this message gets a compressor of its own, never with a larger window
        than negotiated.
        """
        if not payload:
            return _EMPTY
        if window_bits:
            # The peer's window now ends with this message, so the shared compressor's no longer
            # matches it.
            self._shared = None
            return self._run(_new_compressor(min(window_bits, self.window_bits)), payload)
        if self._shared is None:
            self._shared = _new_compressor(self.window_bits)
        return self._run(self._shared, payload)

    def _run(self, compressor: "zlib._Compress", payload: bytes | bytearray) -> bytes:
        deflated = compressor.compress(payload) + compressor.flush(self._flush)
        return deflated[: -len(_TAIL)]


def _new_compressor(window_bits: int) -> "zlib._Compress":
    return zlib.compressobj(zlib.Z_BEST_SPEED, zlib.DEFLATED, -window_bits)


class Inflater:
    """Inflates the messages of one direction, each to at most `max_size` bytes (0 = no limit).

    `no_takeover` is the peer's promise that no message refers to an earlier one.
    """

    __slots__ = ("_max_size", "_no_takeover", "_shared")

    def __init__(self, *, no_takeover: bool, max_size: int) -> None:
        self._no_takeover = no_takeover
        self._max_size = max_size
        self._shared: zlib._Decompress | None = None

    def inflate(self, payload: bytes | bytearray) -> bytes:
        """The message behind the joined payloads of its frames.

        Raises WebSocketError: 1009 above `max_size` or above 1024 deflate members, 1007 for data
        that cannot be inflated. At most `max_size` + 1 bytes are ever produced.
        """
        try:
            return self._inflate(payload)
        except zlib.error as exc:
            raise WebSocketError(
                WSCloseCode.INVALID_TEXT, f"a compressed message cannot be inflated: {exc}"
            ) from exc

    def _inflate(self, payload: bytes | bytearray) -> bytes:
        current = self._shared or _new_decompressor()
        if len(payload) > _PIECE:
            return self._inflate_pieces(current, _pieces(payload), 0, 1)
        # What nearly every message is: one piece, one member, not too big.
        most = self._max_size + 1 if self._max_size else 0
        whole = current.decompress(payload + _TAIL, most)
        if len(whole) == most > 0:
            raise self._over_limit()
        if current.eof:
            rest = [current.unused_data]
            return whole + self._inflate_pieces(_new_decompressor(), rest, len(whole), 2)
        if not self._no_takeover:
            self._shared = current
        return whole

    def _inflate_pieces(
        self, current: "zlib._Decompress", pieces: Iterable[bytes], size: int, members: int
    ) -> bytes:
        """The rest of a message that has `size` bytes of `members` members already."""
        parts: list[bytes] = []
        for piece in pieces:
            while piece:
                part = current.decompress(piece, self._max_size + 1 - size if self._max_size else 0)
                size += len(part)
                if size > self._max_size > 0:
                    raise self._over_limit()
                if part:
                    parts.append(part)
                if not current.eof:
                    break
                members += 1
                if members > MAX_MEMBERS:
                    raise _too_big(
                        f"a compressed message has at most {MAX_MEMBERS} deflate members"
                    )
                piece = current.unused_data
                current = _new_decompressor()
        if not self._no_takeover:
            self._shared = current
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _over_limit(self) -> WebSocketError:
        return _too_big(f"a message has at most {self._max_size} bytes; inflated to more")


def _pieces(payload: bytes | bytearray) -> Iterator[bytes]:
    for start in range(0, len(payload), _PIECE):
        yield bytes(payload[start : start + _PIECE])
    yield _TAIL


def _new_decompressor() -> "zlib._Decompress":
    # A full window reads data made with any smaller one.
    return zlib.decompressobj(-MAX_WINDOW_BITS)


def _too_big(message: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.MESSAGE_TOO_BIG, message)
