"""A conformance check for cookie jars, and a clock to test expiry with.

The check uses a jar through the members of `JarUnderTest` only, so a jar need not derive from
anything here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import BaseCookie
from typing import Protocol

from yarl import URL


@dataclass(slots=True)
class ManualClock:
    """A clock for `CookieJar(now=…)` that stands still until its `time` is set."""

    #: Seconds since 1970.
    time: float = 1_000_000_000.0

    def __call__(self) -> float:
        """The time, as `time.time` gives it."""
        return self.time


class JarUnderTest(Protocol):
    """What a session uses of a jar."""

    def __len__(self) -> int: ...

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """The cookies to send with a request for the URL, one per name."""
        ...

    def update_cookies(self, cookies: Mapping[str, str], response_url: URL = ...) -> None:
        """Store cookies the caller has; without URL they go with every request."""
        ...

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store what the Set-Cookie fields of a response say."""
        ...


_ORIGIN = URL("https://www.example.com/docs/page")
_ANYTHING = ("", ";", "=", "=v", "name", 'a="', "a=\x00", "a=b; expires=never; max-age=x; domain=")


def check_cookie_jar(factory: Callable[[], JarUnderTest], *, keeps_cookies: bool = True) -> None:
    """Check that the jars made by `factory` do what a session relies on.

    Each rule gets a new, empty jar. `keeps_cookies=False` is for jars that by design store nothing.
    Raises AssertionError naming the first rule that is broken, and what the jar gave instead.
    """
    _expect(len(factory()) == 0, "a new jar is empty", factory())
    jar = factory()
    jar.update_cookies_from_headers(_ANYTHING, _ORIGIN)  # must not raise
    if not keeps_cookies:
        jar.update_cookies({"a": "1"})
        jar.update_cookies_from_headers(["b=2"], _ORIGIN)
        _expect(not jar.filter_cookies(_ORIGIN) and len(jar) == 0, "nothing is kept", jar)
        return
    for rule, fields, url, expected in _RULES:
        jar = factory()
        jar.update_cookies_from_headers(fields, _ORIGIN)
        found = {name: morsel.value for name, morsel in jar.filter_cookies(URL(url)).items()}
        _expect(found == expected, rule, found)
    _check_caller_cookies(factory())


def _check_caller_cookies(jar: JarUnderTest) -> None:
    jar.update_cookies({"everywhere": "1"})
    jar.update_cookies({"here": "2"}, _ORIGIN)
    _expect(len(jar) == 2, "len() counts the stored cookies", len(jar))
    elsewhere = set(jar.filter_cookies(URL("http://other.example/")))
    _expect(elsewhere == {"everywhere"}, "cookies set without URL go to any host", elsewhere)
    here = set(jar.filter_cookies(_ORIGIN))
    _expect(here == {"everywhere", "here"}, "cookies set with a URL go to its host", here)


def _expect(is_met: bool, rule: str, got: object) -> None:
    # Not `assert`: the check has to work under `python -O` too.
    if not is_met:
        raise AssertionError(f"a cookie jar must obey: {rule}; got {got!r:.200}")


# Rule, Set-Cookie fields of a response from _ORIGIN, request URL, cookies expected there.
_RULES: tuple[tuple[str, Sequence[str], str, dict[str, str]], ...] = (
    ("a cookie comes back", ["a=1"], "https://www.example.com/docs/", {"a": "1"}),
    ("without Domain it is host-only", ["a=1"], "https://x.www.example.com/docs/", {}),
    ("ports do not matter", ["a=1"], "https://www.example.com:8443/docs/", {"a": "1"}),
    (
        "Domain covers subdomains",
        ["a=1; Domain=.EXAMPLE.com; Path=/"],
        "https://api.example.com/",
        {"a": "1"},
    ),
    ("a foreign Domain is refused", ["a=1; Domain=other.example"], "https://other.example/", {}),
    ("a top-level Domain is refused", ["a=1; Domain=com"], "https://www.example.com/docs/", {}),
    ("the default path is a directory", ["a=1"], "https://www.example.com/", {}),
    ("paths end at slashes", ["a=1; Path=/do"], "https://www.example.com/docs/", {}),
    ("Secure stays off plain HTTP", ["a=1; Secure"], "http://www.example.com/docs/", {}),
    ("a later cookie replaces", ["a=1", "a=2"], "https://www.example.com/docs/", {"a": "2"}),
    ("Max-Age=0 removes", ["a=1", "a=1; Max-Age=0"], "https://www.example.com/docs/", {}),
    (
        "a past Expires removes",
        ["a=1", "a=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT"],
        "https://www.example.com/docs/",
        {},
    ),
    (
        "a bad field leaves the others alone",
        ["\x00", "no-equals-sign", "a=1"],
        "https://www.example.com/docs/",
        {"a": "1"},
    ),
)
