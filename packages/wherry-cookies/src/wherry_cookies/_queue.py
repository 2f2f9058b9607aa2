"""Cookies in the order in which they are to go: the next to expire, the longest unused.

Knows neither clock nor limits; who takes the first one out decides that it goes.
"""

import heapq
from collections.abc import Callable
from itertools import count

from ._cookie import Cookie


class CookieQueue:
    """Cookies by a number, smallest first, with removal and change by neglect.

    An entry is checked when it surfaces: that of a removed cookie is dropped, one with an old
    number is put back with the current one. So a number may grow unnoticed; a cookie whose number
    may have shrunk is pushed again. When more than half of the entries are of no use the heap is
    built anew, so memory follows the jar (S-194).
    """

    __slots__ = ("_heap", "_number", "_serial")

    def __init__(self, number: Callable[[Cookie], float]) -> None:
        self._heap: list[tuple[float, int, Cookie]] = []
        self._number = number
        self._serial = count()

    def __len__(self) -> int:
        """How many entries there are; removed cookies may be among them."""
        return len(self._heap)

    def smallest(self, otherwise: float) -> float:
        """A lower bound of all numbers; `otherwise` if there is nothing here."""
        return self._heap[0][0] if self._heap else otherwise

    def push(self, cookie: Cookie, alive: int) -> None:
        """Add a cookie; `alive` is how many here are still stored, or more."""
        heapq.heappush(self._heap, (self._number(cookie), next(self._serial), cookie))
        if len(self._heap) > 2 * alive + 64:
            stored = dict.fromkeys(entry[2] for entry in self._heap if entry[2].is_stored)
            self._heap = [(self._number(each), next(self._serial), each) for each in stored]
            heapq.heapify(self._heap)

    def first(self) -> Cookie | None:
        """The stored cookie with the smallest number; it stays in the queue."""
        while self._heap:
            number, serial, cookie = self._heap[0]
            if not cookie.is_stored:
                heapq.heappop(self._heap)
            elif (current := self._number(cookie)) != number:
                heapq.heapreplace(self._heap, (current, serial, cookie))
            else:
                return cookie
        return None
