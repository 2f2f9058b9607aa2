"""A resolver that remembers."""

import asyncio
import socket

import pytest

from wherry_pool import CachingResolver, ResolveResult
from wherry_pool.testing import FakeResolver, ManualClock, RecordingObserver, check_resolver

ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.fixture
def inner() -> FakeResolver:
    """The resolver inside."""
    return FakeResolver({"a.test": ADDRESSES, "b.test": ["192.0.2.9"], "c.test": ["192.0.2.8"]})


def hosts(results: list[ResolveResult]) -> list[str]:
    return [result["host"] for result in results]


async def test_caching_resolver_keeps_the_promises_of_a_resolver(inner: FakeResolver) -> None:
    """The conformance check of `Resolver`."""
    await check_resolver(CachingResolver(inner), "a.test", "unknown.test")


async def test_answer_is_remembered_for_a_while(inner: FakeResolver, clock: ManualClock) -> None:
    """S-137."""
    cache = CachingResolver(inner, ttl=10)
    await cache.resolve("a.test", 80)
    clock.now += 9.9
    await cache.resolve("A.test", 80)
    assert len(inner.asked) == 1

    clock.now += 0.1
    await cache.resolve("a.test", 80)

    assert len(inner.asked) == 2


@pytest.mark.parametrize(("ttl", "lookups"), [(None, 1), (0, 2)])
async def test_answers_can_be_kept_for_ever_or_not_at_all(
    inner: FakeResolver, clock: ManualClock, ttl: float | None, lookups: int
) -> None:
    """S-137, SEC-50."""
    cache = CachingResolver(inner, ttl=ttl)
    await cache.resolve("a.test", 80)
    clock.now += 10.0**9

    await cache.resolve("a.test", 80)

    assert len(inner.asked) == lookups


async def test_each_hit_starts_with_the_next_address(inner: FakeResolver) -> None:
    """S-137."""
    cache = CachingResolver(inner)

    seen = [hosts(await cache.resolve("a.test", 80))[0] for _ in range(5)]

    assert seen == [*ADDRESSES, *ADDRESSES[:2]]


async def test_callers_may_change_the_list_they_get(inner: FakeResolver) -> None:
    """It is theirs."""
    cache = CachingResolver(inner)
    for _ in range(2):
        (await cache.resolve("a.test", 80)).clear()

    assert len(await cache.resolve("a.test", 80)) == 3


async def test_host_port_and_family_tell_answers_apart(inner: FakeResolver) -> None:
    """S-137: no answer for a question that was not asked."""
    cache = CachingResolver(inner)
    await cache.resolve("a.test", 80)
    await cache.resolve("a.test", 443)

    with pytest.raises(socket.gaierror):
        await cache.resolve("a.test", 80, socket.AF_INET6)

    assert len(inner.asked) == 3


async def test_least_recently_used_answer_is_dropped(inner: FakeResolver) -> None:
    """S-137, SEC-50: the number of answers is bounded."""
    cache = CachingResolver(inner, max_size=2)
    for host in ("a.test", "b.test", "a.test", "c.test", "a.test", "b.test"):
        await cache.resolve(host, 80)

    assert [host for host, _, _ in inner.asked] == ["a.test", "b.test", "c.test", "b.test"]


async def test_concurrent_questions_are_one_lookup(inner: FakeResolver) -> None:
    """S-138."""
    cache = CachingResolver(inner)
    inner.hold()
    asking = [asyncio.ensure_future(cache.resolve("a.test", 80)) for _ in range(3)]
    await asyncio.sleep(0)
    inner.let_go()

    answers = await asyncio.gather(*asking)

    assert len(inner.asked) == 1
    assert [hosts(answer) for answer in answers] == [ADDRESSES] * 3


@pytest.mark.parametrize("index", [0, 1, 2])
async def test_cancelling_one_leaves_the_lookup_to_the_others(
    inner: FakeResolver, index: int
) -> None:
    """S-138: also the one who began it."""
    cache = CachingResolver(inner)
    inner.hold()
    asking = [asyncio.ensure_future(cache.resolve("a.test", 80)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    asking.pop(index).cancel()
    inner.let_go()

    assert [hosts(await task) for task in asking] == [ADDRESSES] * 2


async def test_failure_is_told_to_all_and_not_remembered(inner: FakeResolver) -> None:
    """S-138, S-139, SEC-50."""
    cache = CachingResolver(inner)
    asking = [asyncio.ensure_future(cache.resolve("new.test", 80)) for _ in range(2)]
    for task in asking:
        with pytest.raises(socket.gaierror):
            await task
    inner.addresses["new.test"] = ["192.0.2.7"]

    assert hosts(await cache.resolve("new.test", 80)) == ["192.0.2.7"]
    assert len(inner.asked) == 2


async def test_failure_nobody_waits_for_is_no_warning(inner: FakeResolver) -> None:
    """All who asked were cancelled before it came."""
    cache = CachingResolver(inner)
    inner.hold()
    asking = asyncio.ensure_future(cache.resolve("unknown.test", 80))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    inner.let_go()

    for _ in range(5):
        await asyncio.sleep(0)

    assert asking.cancelled()
    assert len(inner.asked) == 1


async def test_answers_can_be_forgotten(inner: FakeResolver) -> None:
    """S-140: one, or all."""
    cache = CachingResolver(inner)
    for host in ("a.test", "b.test"):
        await cache.resolve(host, 80)

    cache.clear("A.test", 80)
    for host in ("a.test", "b.test"):
        await cache.resolve(host, 80)
    assert len(inner.asked) == 3
    cache.clear()
    for host in ("a.test", "b.test"):
        await cache.resolve(host, 80)
    assert len(inner.asked) == 5


async def test_closing_ends_lookups_with_an_error(inner: FakeResolver) -> None:
    """S-143: not with a cancellation of somebody nobody cancelled; the inside is left open."""
    cache = CachingResolver(inner)
    inner.hold()
    asking = asyncio.ensure_future(cache.resolve("a.test", 80))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await cache.close()

    with pytest.raises(OSError, match="resolver was closed"):
        await asking
    assert not inner.is_closed


@pytest.mark.parametrize("turns", [0, 1])
async def test_caller_cancelled_while_closing_is_cancelled(inner: FakeResolver, turns: int) -> None:
    """S-562: whichever comes first."""
    cache = CachingResolver(inner)
    inner.hold()
    asking = asyncio.ensure_future(cache.resolve("a.test", 80))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await cache.close()
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_observer_is_told_who_really_asks(inner: FakeResolver) -> None:
    """A lookup somebody else began counts as a hit."""
    cache = CachingResolver(inner)
    first, second, third = (RecordingObserver() for _ in range(3))
    inner.hold()
    one = asyncio.ensure_future(cache.resolve("a.test", 80, observer=first))
    for _ in range(5):
        await asyncio.sleep(0)
    two = asyncio.ensure_future(cache.resolve("a.test", 80, observer=second))
    for _ in range(5):
        await asyncio.sleep(0)
    inner.let_go()
    await asyncio.gather(one, two)
    await cache.resolve("a.test", 80, observer=third)

    assert first.events == [
        "dns_cache_miss a.test",
        "dns_resolve_start a.test",
        "dns_resolve_end a.test",
    ]
    assert second.events == third.events == ["dns_cache_hit a.test"]


async def test_observer_that_raises_fails_its_question_only(inner: FakeResolver) -> None:
    """S-332."""
    cache = CachingResolver(inner)
    for event in ("dns_cache_miss", "dns_resolve_start", "dns_resolve_end", "dns_cache_hit"):
        observer = RecordingObserver({event: ValueError(event)})
        with pytest.raises(ValueError, match=event):
            await cache.resolve("a.test", 80, observer=observer)

    assert hosts(await cache.resolve("a.test", 80))


async def test_slow_observers_do_not_make_a_second_lookup(inner: FakeResolver) -> None:
    """S-138: the answer may come while an observer is told that it is not there."""

    class Slow(RecordingObserver):
        async def dns_resolve_start(self, host: str) -> None:
            for _ in range(5):
                await asyncio.sleep(0)

    cache = CachingResolver(inner)

    answers = await asyncio.gather(
        cache.resolve("a.test", 80, observer=Slow()),
        cache.resolve("a.test", 80, observer=RecordingObserver()),
    )

    assert len(inner.asked) == 1
    assert all(len(answer) == 3 for answer in answers)


# --- answers that are too old ------------------------------------------------------------------


async def test_old_answer_serves_where_asking_fails_if_that_is_wanted(
    inner: FakeResolver, clock: ManualClock
) -> None:
    """`stale_for`: for so long, turning like any other; a new answer takes its place."""
    resolver = CachingResolver(inner, ttl=10, stale_for=60)
    await resolver.resolve("a.test", 80)
    del inner.addresses["a.test"]
    await clock.advance(10)

    assert hosts(await resolver.resolve("a.test", 80)) == ADDRESSES[1:] + ADDRESSES[:1]
    assert hosts(await resolver.resolve("A.test", 80)) == ADDRESSES[2:] + ADDRESSES[:2]
    assert len(inner.asked) == 3, "every request asks again"

    inner.addresses["a.test"] = ["192.0.2.7"]
    assert hosts(await resolver.resolve("a.test", 80)) == ["192.0.2.7"]
    del inner.addresses["a.test"]
    await clock.advance(70)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("a.test", 80)


@pytest.mark.parametrize("ttl", [0, 10])
async def test_old_answer_serves_nobody_by_default(
    inner: FakeResolver, clock: ManualClock, ttl: float
) -> None:
    """S-139: the failure is told."""
    resolver = CachingResolver(inner, ttl=ttl)
    await resolver.resolve("a.test", 80)
    del inner.addresses["a.test"]
    await clock.advance(ttl)

    with pytest.raises(socket.gaierror):
        await resolver.resolve("a.test", 80)


async def test_unknown_host_stays_unknown(inner: FakeResolver) -> None:
    """`stale_for`: where there was never an answer, there is none."""
    resolver = CachingResolver(inner, stale_for=60)

    with pytest.raises(socket.gaierror):
        await resolver.resolve("d.test", 80)


# --- SEC-50 ------------------------------------------------------------------------------------


async def test_cache_holds_its_size_whatever_is_asked() -> None:
    """SEC-50: also in another case, at another port, and asked again after it ran out."""

    class Generous(FakeResolver):
        async def resolve(self, host, port=0, family=socket.AF_INET):  # type: ignore[no-untyped-def]
            self.addresses[host.lower()] = ["192.0.2.1"]
            return await super().resolve(host, port, family)

    resolver = CachingResolver(Generous(), max_size=10)
    for number in range(200):
        await resolver.resolve(f"h{number}.test", 80 + number % 3)
        assert len(resolver) <= 10
    assert len(resolver) == 10

    nothing = CachingResolver(Generous(), max_size=0)
    await nothing.resolve("a.test")
    assert len(nothing) == 0


async def test_case_of_a_name_makes_no_second_answer(inner: FakeResolver) -> None:
    """SEC-50: one name, one entry; nobody gets a place of his own for `A.test`."""
    resolver = CachingResolver(inner)
    await resolver.resolve("a.test", 80)

    for spelling in ("A.test", "a.TEST", "A.TEST"):
        assert set(hosts(await resolver.resolve(spelling, 80))) == set(ADDRESSES)

    assert len(inner.asked) == 1
    assert len(resolver) == 1


async def test_answer_for_no_time_is_asked_for_each_time(inner: FakeResolver) -> None:
    """SEC-50: a TTL of 0."""
    resolver = CachingResolver(inner, ttl=0)

    for _ in range(3):
        await resolver.resolve("a.test", 80)

    assert len(inner.asked) == 3
    assert len(resolver) <= 1


async def test_failure_is_not_remembered_for_ever(inner: FakeResolver) -> None:
    """SEC-50, S-139: nor at all, with answers that are kept for ever."""
    resolver = CachingResolver(inner, ttl=None, stale_for=60)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("d.test", 80)

    inner.addresses["d.test"] = ["192.0.2.4"]

    assert hosts(await resolver.resolve("d.test", 80)) == ["192.0.2.4"]
