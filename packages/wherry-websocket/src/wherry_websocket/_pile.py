"""Bytes that arrive in pieces, until they are whole. Memory follows the bytes, not the number of
pieces.
"""

from typing import Final

# Pieces from this size on are kept as they are, which costs nothing; smaller ones would cost more
# than they hold.
_KEEP_FROM: Final = 4096


class Pile:
    """Collects pieces; `take()` joins them with one copy, or none if there is one piece."""

    __slots__ = ("_crumbs", "_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._crumbs = bytearray()
        self.size = 0
        """Bytes collected."""

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        self.size += len(piece)
        if len(piece) < _KEEP_FROM:
            self._crumbs += piece
            return
        if self._crumbs:
            self._pieces.append(bytes(self._crumbs))
            self._crumbs.clear()
        self._pieces.append(piece)

    def take(self) -> bytes:
        """Everything collected; the pile is empty afterwards."""
        pieces, self._pieces = self._pieces, []
        if self._crumbs:
            pieces.append(bytes(self._crumbs))
            self._crumbs = bytearray()
        self.size = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
