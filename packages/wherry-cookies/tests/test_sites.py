"""Which stored domains belong to one site."""

from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._sites import Sites


def last_letter(domain: str) -> str:
    return domain[-1]


def test_domains_are_grouped_by_what_the_caller_says() -> None:
    sites = Sites(last_letter, ["ax", "bx", "cy"])
    sites.add("dy")

    assert set(sites.beside("ax")) == {"ax", "bx"}
    assert set(sites.beside("dy")) == {"cy", "dy"}


def test_the_caller_is_asked_once_per_domain() -> None:
    asked: list[str] = []

    def site_of(domain: str) -> str:
        asked.append(domain)
        return domain

    sites = Sites(site_of, ["a", "b"])
    for domain in "ab":
        assert sites.beside(domain) == {domain}

    assert asked == ["a", "b"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["ax", "bx", "cy"])), max_size=20))
def test_sites_hold_what_was_added_and_not_discarded(changes: list[tuple[bool, str]]) -> None:
    """And nothing is left behind."""
    sites, expected = Sites(last_letter, []), set[str]()
    for is_added, domain in changes:
        if is_added and domain not in expected:
            sites.add(domain)
            expected.add(domain)
        elif not is_added and domain in expected:
            sites.discard(domain)
            expected.remove(domain)

    assert {each for domain in expected for each in sites.beside(domain)} == expected
    assert set(sites._site_by_domain) == expected
    assert len(sites._domains) == len({last_letter(domain) for domain in expected})
