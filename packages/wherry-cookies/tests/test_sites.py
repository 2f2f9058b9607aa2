"""The cookies of each site."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._cookie import Cookie
from wherry_cookies._sites import Sites


def cookie(domain: str, last_used: int = 0, *, secure: bool = False) -> Cookie:
    return Cookie("a", "1", domain, "/", secure=secure, last_used=last_used, is_stored=True)


def last_letter(domain: str) -> str:
    return domain[-1]


def test_cookies_are_counted_by_what_the_caller_calls_a_site() -> None:
    sites = Sites(last_letter, [cookie("ax"), cookie("bx"), cookie("cy")])
    sites.add(cookie("bx"))

    assert sites.of("ax") is sites.of("bx")
    assert (sites.of("ax").count, sites.of("cy").count) == (3, 1)


def test_the_caller_is_asked_once_per_domain() -> None:
    asked: list[str] = []

    def site_of(domain: str) -> str:
        asked.append(domain)
        return domain

    sites = Sites(site_of, [cookie("a"), cookie("b"), cookie("a")])
    for domain in "ab":
        sites.add(cookie(domain))
        assert sites.of(domain).domains == {domain}

    assert asked == ["a", "b"]


def test_the_longest_unused_goes_first_and_secure_ones_last() -> None:
    """RFC 6265 §5.3, rfc6265bis §5.7; also of what comes later, or is used later."""
    stored = {
        "ax": [cookie("ax", 1, secure=True), cookie("ax", 4)],
        "bx": [cookie("bx", 3), cookie("bx", 2)],
    }
    sites = Sites(last_letter, [each for some in stored.values() for each in some])
    site, order = sites.of("ax"), []

    while victim := site.first_to_go(stored.__getitem__):
        order.append((victim.last_used, victim.secure))
        victim.is_stored = False
        if len(order) == 1:
            stored["bx"][0].last_used = 6
            sites.add(cookie("ax", 5))

    assert order == [(2, False), (4, False), (5, False), (6, False), (1, True)]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["ax", "bx", "cy"])), max_size=20))
def test_sites_hold_what_was_added_and_not_discarded(changes: list[tuple[bool, str]]) -> None:
    """And nothing is left behind."""
    sites, expected = Sites(last_letter, []), Counter[str]()
    for is_added, domain in changes:
        if is_added:
            sites.add(cookie(domain))
            expected[domain] += 1
        elif expected[domain]:
            sites.discard(cookie(domain))
            expected[domain] -= 1
            if not expected[domain]:
                sites.forget(domain)

    left = +expected
    for domain in left:
        same = [each for each in left if last_letter(each) == last_letter(domain)]
        assert sites.of(domain).count == sum(left[each] for each in same)
        assert sites.of(domain).domains == set(same)
    assert set(sites._site_by_domain) == set(left)
    assert set(sites._site_by_name) == {last_letter(domain) for domain in left}
