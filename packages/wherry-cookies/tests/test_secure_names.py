"""The index of Secure cookies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._domain import domain_match
from wherry_cookies._path import path_match
from wherry_cookies._secure_names import SecureNames

cookies = st.builds(
    Cookie,
    st.sampled_from("ab"),
    st.just("1"),
    st.sampled_from([SHARED, "com", "a.com", "b.com", "x.a.com"]),
    st.sampled_from(["/", "/p", "/p/q", "/pq"]),
    secure=st.booleans(),
)


def secure(name: str, domain: str, path: str = "/") -> Cookie:
    return Cookie(name, "1", domain, path, secure=True)


def hides(new: Cookie, old: Cookie) -> bool:
    """rfc6265bis §5.7 step 16, word by word; a shared cookie goes to every domain."""
    return (
        old.secure
        and old.name == new.name
        and (
            old.domain == SHARED
            or domain_match(new.domain, old.domain)
            or domain_match(old.domain, new.domain)
        )
        and path_match(new.path, old.path)
    )


@given(st.lists(st.tuples(cookies, st.booleans()), max_size=20), cookies)
def test_secure_cookies_are_found_as_by_trying_all(
    changes: list[tuple[Cookie, bool]], new: Cookie
) -> None:
    """SEC-43: whatever came and went before."""
    index, kept = SecureNames(), list[Cookie]()
    for cookie, is_kept in changes:
        index.add(cookie)
        if is_kept:
            kept.append(cookie)
        else:
            index.discard(cookie)

    if new.domain != SHARED:  # no server can set one
        assert index.are_hidden_by(new) is any(hides(new, old) for old in kept)


def test_a_secure_cookie_is_found_under_every_domain_above_it() -> None:
    """rfc6265bis §5.7 step 16, SEC-43."""
    index = SecureNames()
    index.add(secure("a", "x.example.com"))

    for domain in ("x.example.com", "example.com", "com"):
        assert index.are_hidden_by(Cookie("a", "2", domain, "/"))
    assert not index.are_hidden_by(Cookie("b", "2", "example.com", "/"))
    assert not index.are_hidden_by(Cookie("a", "2", "y.example.com", "/"))


def test_a_path_below_that_of_the_secure_cookie_hides_it() -> None:
    """rfc6265bis §5.7 step 16."""
    index = SecureNames()
    index.add(secure("a", "example.com", "/p"))

    assert index.are_hidden_by(Cookie("a", "2", "example.com", "/p/q"))
    assert not index.are_hidden_by(Cookie("a", "2", "example.com", "/"))


def test_insecure_cookies_are_not_noted() -> None:
    index = SecureNames()
    index.add(Cookie("a", "1", "example.com", "/"))

    assert (index._at, index._at_or_below) == ({}, {})


@pytest.mark.parametrize("domain", ["x.example.com", SHARED])
def test_a_forgotten_cookie_leaves_nothing_behind(domain: str) -> None:
    index = SecureNames()
    index.add(secure("a", domain))

    index.discard(secure("a", domain))

    assert (index._at, index._at_or_below) == ({}, {})


def test_forgetting_the_predecessor_keeps_the_successor() -> None:
    index = SecureNames()
    index.add(secure("a", "example.com"))
    index.add(secure("a", "example.com"))

    index.discard(secure("a", "example.com"))

    assert index.are_hidden_by(Cookie("a", "2", "example.com", "/"))
