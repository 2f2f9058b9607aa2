"""Which stored cookies go with a request."""

import pytest
from yarl import URL

from wherry_cookies import CookieLimits
from wherry_cookies._accept import Policy, trusted_origins
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._selection import cookies_for, most_specific
from wherry_cookies._store import CookieStore


def names_for(url: str, *cookies: Cookie, unsafe: bool = False, trusted: str = "") -> list[str]:
    store = CookieStore(CookieLimits())
    for cookie in cookies:
        store.put(cookie)
    origins = trusted_origins(trusted) if trusted else frozenset()
    return [
        each.name for each in cookies_for(URL(url), store, Policy(CookieLimits(), unsafe, origins))
    ]


def host_only(name: str, host: str, *, secure: bool = False) -> Cookie:
    return Cookie(name, "1", host, "/", host_only=True, secure=secure)


def test_cookies_of_the_host_its_domains_and_all_hosts_match() -> None:
    """RFC 6265 §5.4 step 1, S-182, S-184, S-185."""
    cookies = [
        host_only("host", "www.example.com"),
        host_only("other", "example.com"),
        Cookie("domain", "1", "example.com", "/"),
        Cookie("shared", "1", SHARED, "/"),
    ]

    assert names_for("https://www.example.com/", *cookies) == ["host", "domain", "shared"]
    assert names_for("/relative", *cookies) == ["shared"]


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "127.1"])
def test_an_address_gets_shared_cookies_only_unless_the_jar_is_unsafe(host: str) -> None:
    """S-183: and then those of exactly that address."""
    url = f"https://{host}/"
    cookies = [
        host_only("own", URL(url).raw_host or ""),
        Cookie("above", "1", "0.0.1", "/"),
        Cookie("shared", "1", SHARED, "/"),
    ]

    assert names_for(url, *cookies) == ["shared"]
    assert names_for(url, *cookies, unsafe=True) == ["own", "shared"]


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_secure_cookies_stay_off_plain_http(scheme: str) -> None:
    """S-188: but for a trusted origin."""
    cookies = [host_only("s", "e.com", secure=True), host_only("p", "e.com")]

    assert names_for(f"{scheme}://e.com/", *cookies) == ["s", "p"]
    assert names_for("http://e.com/", *cookies) == ["p"]
    assert names_for("http://e.com/", *cookies, trusted="http://e.com") == ["s", "p"]
    assert names_for("http://e.com:81/", *cookies, trusted="http://e.com") == ["p"]


def test_the_most_specific_of_a_name_is_shown() -> None:
    """S-196: shared < domain < host, then shorter path < longer."""
    shared = Cookie("a", "1", SHARED, "/long/path")
    domain = Cookie("a", "2", "e.com", "/long/path")
    host, deeper = Cookie("a", "3", "www.e.com", "/"), Cookie("a", "4", "www.e.com", "/p")
    other = Cookie("b", "5", SHARED, "/")

    assert list(most_specific([shared, domain, other, host, deeper])) == [deeper, other]
    assert list(most_specific([deeper, host, other, domain, shared])) == [deeper, other]
    assert list(most_specific([shared, domain])) == [domain]
