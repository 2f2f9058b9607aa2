"""Where chunks of the wire end in what a reader hands out (S-088 to S-090).

Offsets on the wire become offsets in the decoded body as their bytes are decoded. A chunk that
gives no decoded byte has no end of its own.
"""

from __future__ import annotations

from collections import deque


class ChunkEnds:
    """The ends of one body's chunks. `on_wire` are offsets in the raw body, and grows from outside.

    `taken` below is how much of the decoded body was handed out.
    """

    def __init__(self, on_wire: list[int]) -> None:
        self._on_wire = on_wire
        self._ahead: deque[int] = deque()  # in the decoded body
        self._last = 0

    def __len__(self) -> int:
        """How many ends are decoded and not passed yet."""
        return len(self._ahead)

    def raw_left(self, raw_taken: int) -> int:
        """How many raw bytes behind `raw_taken` belong to the same chunk; -1 if that is open."""
        ends = self._on_wire
        self._drop_wire_before(raw_taken + 1)
        return ends[0] - raw_taken if ends else -1

    def note(self, raw_taken: int, decoded: int, taken: int) -> None:
        """`raw_taken` raw bytes, and nothing behind them, gave `decoded` bytes of body so far."""
        ends = self._on_wire
        self._drop_wire_before(raw_taken)
        if not ends or ends[0] != raw_taken:
            return
        ends.pop(0)
        if decoded > self._last:
            self.drop_passed(taken)  # or a reader who never asks would pile them up
            self._last = decoded
            self._ahead.append(decoded)

    def drop_passed(self, taken: int) -> int:
        """Forget the ends that were read past; how many."""
        count = 0
        while self._ahead and self._ahead[0] < taken:
            self._ahead.popleft()
            count += 1
        return count

    def pop_at(self, taken: int) -> bool:
        """Whether a chunk ends right here; it counts as told then."""
        if self._ahead and self._ahead[0] == taken:
            self._ahead.popleft()
            return True
        return False

    def left(self, taken: int) -> int:
        """Decoded bytes behind `taken` up to the next known end; -1 if there is none."""
        return self._ahead[0] - taken if self._ahead else -1

    def _drop_wire_before(self, offset: int) -> None:
        ends = self._on_wire
        while ends and ends[0] < offset:
            ends.pop(0)
