"""tools.bench micro: every case runs, contestants agree, and the arithmetic. No timing."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tools.bench._micro import (
    PEERS,
    Case,
    DisagreementError,
    MicroContestant,
    MicroResult,
    check_agreement,
    installed_peers,
    run_case,
)
from tools.bench._micro_codec import codec_cases
from tools.bench._micro_cookies import cookie_cases
from tools.bench._micro_report import micro_table

Peer = Callable[[bool, str], None]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("number", range(3))
def test_contestants_agree_about_the_codec(
    number: int, loop: asyncio.AbstractEventLoop, peer: Peer
) -> None:
    """They are given the same bytes; aiohttp leads as the reference."""
    for name in PEERS:
        peer(name in installed_peers(), f"pip install {name}")

    case = codec_cases(loop, ["aiohttp", "h11"])[number]

    check_agreement(case)
    assert case.contestants[0].title == "aiohttp"
    assert {"wherry", "h11"} < {contestant.title for contestant in case.contestants}


@pytest.mark.parametrize("number", range(3))
def test_contestants_agree_about_cookies(
    number: int, loop: asyncio.AbstractEventLoop, peer: Peer
) -> None:
    """A jar that sends less would win."""
    peer("aiohttp" in installed_peers(), "pip install aiohttp")

    case = cookie_cases(loop, ["aiohttp"])[number]

    check_agreement(case)
    assert [contestant.title for contestant in case.contestants][:2] == ["aiohttp", "wherry"]


def test_cases_run_without_peers(loop: asyncio.AbstractEventLoop) -> None:
    """Then wherry is compared with itself."""
    for case in [*codec_cases(loop, []), *cookie_cases(loop, [])]:
        assert case.contestants[0].title == "wherry"
        check_agreement(case)


def constant(title: str, value: object) -> MicroContestant:
    return MicroContestant(title, lambda: lambda: value, lambda found: found)


def test_disagreement_is_an_error() -> None:
    """Nothing is timed then."""
    case = Case("sum", "call", 1, [constant("one", 1), constant("two", 2)])

    with pytest.raises(DisagreementError, match="two and one disagree"):
        run_case(case, rounds=1, seconds=0)


def test_every_contestant_works_in_every_round() -> None:
    """Whatever it takes."""
    case = Case("sum", "call", 4, [constant("one", 1), constant("other", 1)])

    result = run_case(case, rounds=3, seconds=0)

    assert {title: len(times) for title, times in result.rounds.items()} == {"one": 3, "other": 3}


def test_table_shows_medians_and_ratios() -> None:
    """The first contestant is what the others are compared with."""
    case = Case("sum", "call", 1, [constant("one", 1), constant("other", 1)])
    result = MicroResult(case, {"one": [2e-6, 4e-6, 2e-6], "other": [1e-6, 2e-6, 9e-6]})

    *_, one, other = micro_table([result]).splitlines()

    assert [cell.strip() for cell in one.split("|")[1:-1]] == [
        *("sum", "one", "call", "2.00", "25", "1.00")
    ]
    assert [cell.strip() for cell in other.split("|")[1:-1]][1:4] == ["other", "call", "2.00"]
    assert other.split("|")[-2].strip() == "0.50"
