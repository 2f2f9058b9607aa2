"""Cookies in the order in which they are to go."""

from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._cookie import Cookie
from wherry_cookies._queue import CookieQueue


def queue_of(*numbers: int) -> tuple[CookieQueue, list[Cookie]]:
    queue = CookieQueue(lambda cookie: cookie.last_used)
    cookies = [
        Cookie("a", "1", "x.example", "/", last_used=number, is_stored=True) for number in numbers
    ]
    for cookie in cookies:
        queue.push(cookie, len(cookies))
    return queue, cookies


def test_the_smallest_number_comes_first_and_stays() -> None:
    queue, cookies = queue_of(3, 1, 2)

    assert queue.first() is queue.first() is cookies[1]
    assert queue.smallest(99) == 1


def test_an_empty_queue_has_no_first() -> None:
    queue, _ = queue_of()

    assert (queue.first(), queue.smallest(99)) == (None, 99)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("sgr")), max_size=40))
def test_the_first_is_that_of_all_stored_whatever_changed(changes: list[tuple[int, str]]) -> None:
    """Numbers grow unnoticed; a cookie whose number shrinks is pushed again."""
    queue, cookies = queue_of(*range(10))
    for which, change in changes:
        cookie = cookies[which]
        if change == "r":
            cookie.is_stored = False
        elif change == "g":
            cookie.last_used += 5
        elif cookie.is_stored:
            cookie.last_used -= 5
            queue.push(cookie, len(cookies))

    stored = [cookie.last_used for cookie in cookies if cookie.is_stored]
    first = queue.first()
    assert (first and first.last_used) == min(stored, default=None)


def test_pushing_the_same_again_keeps_memory_bounded() -> None:
    """S-194."""
    queue, (cookie,) = queue_of(0)
    for _ in range(10_000):
        queue.push(cookie, 1)

    assert len(queue) < 100


def test_removed_cookies_do_not_stay() -> None:
    """S-194."""
    queue, cookies = queue_of(*range(1000))
    for cookie in cookies[:-1]:
        cookie.is_stored = False

    queue.push(cookies[-1], 1)

    assert len(queue) == 1
