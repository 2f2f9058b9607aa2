"""Answers a jar has given."""

import pytest
from yarl import URL

from wherry_cookies._cookie import Cookie
from wherry_cookies._remembered import Answer, Remembered

ORIGIN = URL("https://www.example.com/")


def cookie(name: str = "a") -> Cookie:
    return Cookie(name, "1", "www.example.com", "/")


def answer(remembered: Remembered, url: URL, *cookies: Cookie) -> Answer:
    return remembered.answer(url, lambda url: cookies)


def test_an_answer_is_found_until_it_is_forgotten() -> None:
    remembered = Remembered()
    first = answer(remembered, ORIGIN)

    assert answer(remembered, ORIGIN.with_query("x").with_fragment("y")) is first
    remembered.forget()
    assert answer(remembered, ORIGIN) is not first


@pytest.mark.parametrize(
    "url",
    [
        ORIGIN.with_scheme("http"),
        ORIGIN.with_host("example.com"),
        ORIGIN.with_path("/p"),
        ORIGIN.with_port(81),
    ],
)
def test_another_url_has_another_answer(url: URL) -> None:
    """All that cookies depend on, and the port, which trusted origins have."""
    remembered = Remembered()

    assert answer(remembered, url) is not answer(remembered, ORIGIN)


@pytest.mark.parametrize("is_forgotten", [True, False])
def test_cookies_learn_when_they_were_last_used(is_forgotten: bool) -> None:
    """RFC 6265 §5.4 step 3: an answer given again is another use."""
    remembered = Remembered()
    a, b, both = cookie("a"), cookie("b"), cookie("c")
    answer(remembered, ORIGIN / "a", a, both)
    answer(remembered, ORIGIN / "b", b, both)
    answer(remembered, ORIGIN / "a")

    if is_forgotten:
        remembered.forget()
    else:
        remembered.settle()

    assert 0 < b.last_used < a.last_used == both.last_used


def test_a_later_use_elsewhere_is_kept() -> None:
    remembered = Remembered()
    used = cookie()
    answer(remembered, ORIGIN, used)
    used.last_used = later = next(remembered.ticks)

    remembered.settle()

    assert used.last_used == later


@pytest.mark.parametrize("length", [1, 10_000])
def test_answers_are_bounded(length: int) -> None:
    """However many URLs are visited, and however long they are."""
    remembered = Remembered()
    for number in range(1000):
        answer(remembered, ORIGIN / f"{number:0{length}}", cookie())

    kept = remembered._answers
    assert 0 < len(kept) <= 512
    assert sum(len(path) for _, _, path, _ in kept) <= remembered.text <= 1.1 * (1 << 20)


def test_a_text_that_was_added_counts() -> None:
    remembered = Remembered()
    answer(remembered, ORIGIN)

    remembered.text += 1 << 20
    answer(remembered, ORIGIN / "p")

    assert len(remembered._answers) == 1
    assert remembered.text < 100
