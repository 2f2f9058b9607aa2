"""The index of Secure cookies."""

from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._secure_names import SecureNames


def secure(name: str, domain: str) -> Cookie:
    return Cookie(name, "1", domain, "/", secure=True)


def test_a_secure_cookie_is_found_under_every_domain_above_it() -> None:
    """rfc6265bis §5.7 step 16, SEC-43."""
    index = SecureNames()
    found = secure("a", "x.example.com")
    index.add(found)

    for domain in ("x.example.com", "example.com", "com"):
        assert list(index.at_or_below(domain, "a")) == [found]
    assert not list(index.at_or_below("y.x.example.com", "a"))
    assert not list(index.at_or_below("example.com", "b"))


def test_insecure_and_shared_cookies_are_not_noted() -> None:
    index = SecureNames()
    index.add(Cookie("a", "1", "example.com", "/"))
    index.add(secure("a", SHARED))

    assert index._cookies == {}


def test_a_forgotten_cookie_leaves_nothing_behind() -> None:
    index = SecureNames()
    old = secure("a", "x.example.com")
    index.add(old)

    index.discard(old)
    index.discard(old)

    assert index._cookies == {}


def test_forgetting_the_predecessor_keeps_the_successor() -> None:
    index = SecureNames()
    old, new = secure("a", "example.com"), secure("a", "example.com")
    index.add(old)
    index.add(new)

    index.discard(old)

    assert list(index.at_or_below("example.com", "a")) == [new]
