"""Finding, replacing, expiring and evicting stored cookies."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import CookieLimits
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._domain import domain_match, domains_covering
from wherry_cookies._path import path_match
from wherry_cookies._store import NEVER, CookieStore

HOST = "www.example.com"


def cookie(
    name: str = "a",
    domain: str = HOST,
    path: str = "/",
    *,
    secure: bool = False,
    expires_at: float | None = None,
) -> Cookie:
    return Cookie(name, "1", domain, path, secure=secure, expires_at=expires_at)


def store_of(
    *cookies: Cookie, limits: CookieLimits | None = None, site_of: Callable[[str], str] = str
) -> CookieStore:
    store = CookieStore(limits or CookieLimits(), site_of)
    for each in cookies:
        store.put(each)
    return store


def found(store: CookieStore, host: str = HOST, path: str = "/") -> list[str]:
    return [each.name for each in store.matching(host, domains_covering(host), path)]


domains = st.sampled_from(["com", "a.com", "b.com", "x.a.com", "y.x.a.com", "a.org"])
paths = st.sampled_from(["/", "/p", "/p/", "/p/q", "/p//q", "//", "/pq"])
cookies = st.builds(
    Cookie, st.sampled_from("abc"), st.just("1"), domains, paths, secure=st.booleans()
)


@given(st.lists(cookies, max_size=30), domains, paths)
def test_look_up_finds_exactly_what_matches(
    stored: list[Cookie], host: str, request_path: str
) -> None:
    """RFC 6265 §5.4 step 1: the index gives what trying every cookie gives, each once."""
    store = store_of(*stored)
    expected = [
        each
        for each in store
        if domain_match(host, each.domain) and path_match(request_path, each.path)
    ]

    matching = store.matching(host, domains_covering(host), request_path)

    assert sorted(map(id, matching)) == sorted(map(id, expected))
    order = [(-len(each.path), each.created) for each in matching]
    assert order == sorted(order)


@given(st.lists(cookies, max_size=30), cookies)
def test_secure_cookies_are_found_as_by_trying_all(stored: list[Cookie], new: Cookie) -> None:
    """rfc6265bis §5.7 step 16, SEC-43."""
    store = store_of(*stored)
    expected = any(
        other.secure
        and other.name == new.name
        and (domain_match(new.domain, other.domain) or domain_match(other.domain, new.domain))
        and path_match(new.path, other.path)
        for other in store
    )

    assert store.hides_secure(new) is expected


def test_a_shared_secure_cookie_cannot_be_hidden() -> None:
    """SEC-43: nor what the caller set for every host."""
    store = store_of(cookie("a", SHARED, secure=True))

    assert store.hides_secure(cookie("a"))
    assert not store.hides_secure(cookie("b"))


@given(st.lists(st.tuples(cookies, st.sampled_from(["put", "remove"])), max_size=40))
def test_the_count_is_that_of_the_cookies(actions: list[tuple[Cookie, str]]) -> None:
    store = CookieStore(CookieLimits(per_domain=4, total=7))
    for each, action in actions:
        old = store.get(each.domain, each.path, each.name)
        if action == "put":
            store.put(each)
        elif old is not None:
            store.remove(old)

    kept = list(store)
    assert store.count == len(kept) <= 7
    assert all(each.is_stored for each in kept)
    assert len({(each.domain, each.path, each.name) for each in kept}) == len(kept)


def test_a_replacement_inherits_the_creation_time() -> None:
    """§5.3 step 11.3."""
    old, new = cookie("a"), cookie("a")
    store = store_of(old, cookie("b"))

    assert store.put(new) is old
    assert found(store) == ["a", "b"]
    assert (old.is_stored, new.is_stored, store.count) == (False, True, 2)


def test_expiry_removes_what_is_due_and_nothing_else() -> None:
    """§5.3: an expired cookie is gone at its expiry time."""
    store = store_of(cookie("a", expires_at=10.0), cookie("b", expires_at=20.0), cookie("session"))

    assert not store.expire(9.9)
    assert store.expire(10.0)
    assert found(store) == ["b", "session"]
    assert store.next_expiry == 20.0


def test_a_replaced_expiry_time_does_not_count() -> None:
    store = store_of(cookie("a", expires_at=10.0), cookie("a", expires_at=20.0), cookie("b"))

    assert not store.expire(15.0)
    store.put(cookie("a"))
    assert not store.expire(99.0)
    assert store.next_expiry == NEVER


def test_the_longest_unused_cookie_of_a_crowded_domain_goes() -> None:
    """§5.3, §6.1, SEC-44: limits per domain evict the one used longest ago."""
    limits = CookieLimits(per_domain=3)
    store = store_of(cookie("a", path="/a"), cookie("b"), cookie("c"), limits=limits)
    found(store, path="/a")  # uses all three
    store.put(cookie("b"))
    store.put(cookie("c"))

    store.put(cookie("d"))

    assert sorted(each.name for each in store) == ["b", "c", "d"]


def test_use_protects_from_eviction() -> None:
    """§5.3: the last access time decides."""
    limits = CookieLimits(per_domain=2)
    store = store_of(cookie("a", path="/a"), cookie("b", path="/b"), limits=limits)

    assert found(store, path="/a") == ["a"]
    store.put(cookie("c"))

    assert sorted(each.name for each in store) == ["a", "c"]


def test_secure_cookies_of_a_crowded_domain_go_last() -> None:
    """rfc6265bis §5.7: insecure ones first, so that plain HTTP cannot flush Secure cookies out."""
    limits = CookieLimits(per_domain=2)
    store = store_of(cookie("a", secure=True), cookie("b", secure=True), limits=limits)

    store.put(cookie("c"))

    assert sorted(each.name for each in store) == ["a", "b"]


def last_label(domain: str) -> str:
    return domain.rpartition(".")[2]


def test_the_subdomains_of_a_site_share_its_limit() -> None:
    """rfc6265bis §5.7, SEC-44: made-up subdomains do not help to fill a jar."""
    limits = CookieLimits(per_domain=3)
    store = store_of(cookie(domain="a.other"), limits=limits, site_of=last_label)
    for n in range(10):
        store.put(cookie(domain=f"{n}.evil"))

    assert sorted(each.domain for each in store) == ["7.evil", "8.evil", "9.evil", "a.other"]
    assert store.count == 4


def test_insecure_cookies_of_a_site_go_first_wherever_they_are() -> None:
    """rfc6265bis §5.7."""
    limits = CookieLimits(per_domain=2)
    store = store_of(
        cookie(domain="a.x", secure=True), cookie(domain="b.x"), limits=limits, site_of=last_label
    )

    store.put(cookie(domain="c.x", secure=True))

    assert sorted(each.domain for each in store) == ["a.x", "c.x"]


def test_no_site_is_worked_out_for_a_small_jar() -> None:
    """Reading a list of public suffixes costs time; few clients need it for this."""
    asked: list[str] = []

    def site_of(domain: str) -> str:
        asked.append(domain)
        return domain

    store = store_of(limits=CookieLimits(per_domain=3), site_of=site_of)
    for n in range(3):
        store.put(cookie(domain=f"{n}.example"))
    assert asked == []
    store.put(cookie(domain="3.example"))
    assert len(asked) == 4


@given(st.lists(st.tuples(cookies, st.booleans()), max_size=40))
def test_no_site_ever_exceeds_its_limit(changes: list[tuple[Cookie, bool]]) -> None:
    """Whatever is stored and removed in between."""
    limits = CookieLimits(per_domain=3, total=5)
    store = store_of(limits=limits, site_of=last_label)
    for each, is_removed in changes:
        store.put(each)
        if is_removed and each.is_stored:
            store.remove(each)
        for site in ("com", "org"):
            assert sum(last_label(other.domain) == site for other in store) <= 3
        assert store.count == len(list(store)) <= 5


def test_the_longest_unused_cookie_of_a_full_jar_goes() -> None:
    """§5.3, SEC-44: the limit of the whole jar."""
    limits = CookieLimits(total=3)
    store = store_of(*(cookie(domain=f"{n}.example") for n in range(3)), limits=limits)
    found(store, "0.example")

    store.put(cookie(domain="3.example"))

    assert sorted(each.domain for each in store) == ["0.example", "2.example", "3.example"]


def test_shared_cookies_are_neither_counted_nor_evicted() -> None:
    """What the caller set is no server's to push out."""
    limits = CookieLimits(total=2, per_domain=2)
    shared = [cookie(name, SHARED) for name in "abcde"]
    store = store_of(*shared, limits=limits)

    for n in range(5):
        store.put(cookie(domain=f"{n}.example"))

    assert store.count == 5 + 2
    assert all(each.is_stored for each in shared)


@pytest.mark.parametrize("expires_at", [None, 10.0])
def test_storing_the_same_cookie_again_keeps_memory_bounded(expires_at: float | None) -> None:
    """S-194."""
    store = CookieStore(CookieLimits())
    for _ in range(10_000):
        store.put(cookie("a", secure=True, expires_at=expires_at))

    assert len(store._by_use) < 100
    assert len(store._by_expiry) < 100
    assert store.count == 1


def test_removed_cookies_leave_nothing_behind() -> None:
    store = store_of(cookie("a", secure=True), cookie("b", path="/x"))
    for each in list(store):
        store.remove(each)

    assert (store.count, store._shelves, store._secure._at_or_below) == (0, {}, {})


def test_clear_forgets_everything() -> None:
    store = store_of(cookie("a", secure=True, expires_at=1.0), cookie("b", SHARED))

    store.clear()

    assert (list(store), store.count, store.next_expiry) == ([], 0, NEVER)
    assert not store.hides_secure(cookie("a"))


@pytest.mark.parametrize("request_path", ["/", "/p7", "/p7/x", "/" + "/" * 5000, "/p7" + "/y" * 99])
def test_look_up_is_right_whichever_list_is_shorter(request_path: str) -> None:
    """The stored paths are walked, or those of the request, to be fast with many of either."""
    limits = CookieLimits(per_domain=2000)
    store = store_of(*(cookie(path=f"/p{n}") for n in range(1000)), limits=limits)

    expected = ["a"] if request_path.startswith("/p7") else []

    assert found(store, path=request_path) == expected


def many_hosts(n: int) -> Cookie:
    return cookie(f"c{n % 10}", f"{n // 10}.example.com", expires_at=1e6 + n)


def many_paths(n: int) -> Cookie:
    return cookie(path=f"/p{n}", expires_at=1e6 + n)


def many_names(n: int) -> Cookie:
    return cookie(f"n{n}", path="/elsewhere", expires_at=1e6 + n)


def many_secure(n: int) -> Cookie:
    return cookie("a", f"{n}.{HOST}", f"/p{n}", secure=True, expires_at=1e6 + n)


def work(store: CookieStore, path: str) -> None:
    """What a jar does for a response and the next request: add, repeat, remove, look up."""
    new = cookie("a", path=path, expires_at=1e6)
    store.hides_secure(new)
    store.put(new)
    store.put(cookie("a", path=path))
    store.put(cookie("b", path=path))
    store.expire(1e6)
    found(store, path=f"{path}/y")


def lines_executed(size: int, population: Callable[[int], Cookie], limits: CookieLimits) -> int:
    """Steps rather than seconds, which no test can rely on."""
    store = store_of(limits=limits, site_of=last_label)
    for n in range(size):
        store.put(population(n))
    work(store, "/first")  # sets up what is needed once
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work(store, "/then")
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("population", [many_hosts, many_paths, many_names, many_secure])
@pytest.mark.parametrize("full", ["", "site", "jar"])
def test_a_large_jar_takes_no_more_steps_than_a_small_one(
    population: Callable[[int], Cookie], full: str
) -> None:
    """Whatever it is full of, and also where each new cookie evicts another."""
    steps = []
    for size in (500, 20_000):
        limits = CookieLimits(
            per_domain=size if full == "site" else 1_000_000,
            total=size if full == "jar" else 1_000_000,
        )
        steps.append(lines_executed(size, population, limits))

    assert steps[1] <= 1.2 * steps[0]
