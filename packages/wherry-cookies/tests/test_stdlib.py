"""The jar beside `http.cookiejar`.

Every difference over the same cases is known and has its rule, and files go both ways.
"""

import email.message
import http.cookiejar
import urllib.request
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import CookieJar
from wherry_cookies._lwp_files import cookies_of_lwp
from wherry_cookies.testing import ManualClock


class _Response:
    """As much of a response as `http.cookiejar` reads."""

    def __init__(self, fields: list[str]) -> None:
        self._message = email.message.Message()
        for field in fields:
            self._message["Set-Cookie"] = field

    def info(self) -> email.message.Message:
        return self._message


def fields_of_stdlib(case: dict[str, Any], clock: ManualClock) -> list[str]:
    """The Cookie fields http.cookiejar sends in a case."""
    jar, start, sent = http.cookiejar.CookieJar(), clock.time, []
    for step in case["steps"]:
        clock.time = start + step.get("at", 0)
        # It knows no WebSocket schemes.
        url = (step.get("from") or step["to"]).replace("ws://", "http://")
        request = urllib.request.Request(url.replace("wss://", "https://"))
        if "from" in step:
            jar.extract_cookies(_Response(step["fields"]), request)  # type: ignore[arg-type]  # typeshed asks for a whole HTTPResponse
        else:
            jar.add_cookie_header(request)
            sent.append(request.get_header("Cookie") or "")
    clock.time = start
    return sent


def test_differences_from_the_standard_library_are_known(
    corpus: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6265 §5.3, §5.4: where both agree, two implementations read the rule alike."""
    clock = ManualClock()
    monkeypatch.setattr("time.time", clock)  # http.cookiejar takes no clock
    known = corpus("stdlib_disagreements.json")
    different = []
    for case in corpus("jar.json"):
        expected = [step["cookie"] for step in case["steps"] if "to" in step]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own exceptions
            if fields_of_stdlib(case, clock) != expected:
                different.append(case["id"])

    assert [name for name in different if name not in known] == []
    assert len(different) < len(corpus("jar.json")) / 2
    assert set(known) <= {case["id"] for case in corpus("jar.json")}


FIELDS = [
    "a=1; Path=/",
    'b="x \\"y\\" z"; Domain=example.com; Path=/p; Secure',
    "c=; Max-Age=1000; Path=/",
    "d=x y, z=2; Expires=Fri, 31 Dec 2032 10:00:00 GMT; Path=/",
    "e[f]=back\\slash; Path=/",
]
PAGE = URL("https://www.example.com/p/q")
REQUESTS = [PAGE, PAGE.with_path("/"), PAGE.with_scheme("http"), URL("https://example.com/p")]


def sent(jar: CookieJar, url: URL) -> set[str]:
    return {pair for pair in jar.cookie_header(url).split("; ") if pair}


def sent_by_stdlib(jar: http.cookiejar.CookieJar, url: URL) -> set[str]:
    request = urllib.request.Request(str(url))
    jar.add_cookie_header(request)
    return {pair for pair in (request.get_header("Cookie") or "").split("; ") if pair}


FileJar = http.cookiejar.MozillaCookieJar | http.cookiejar.LWPCookieJar


@pytest.mark.parametrize("kind", [http.cookiejar.MozillaCookieJar, http.cookiejar.LWPCookieJar])
def test_files_of_the_standard_library_are_read(kind: type[FileJar], tmp_path: Path) -> None:
    """Both of its formats, also when nobody says which it is."""
    theirs = kind(tmp_path / "file")
    theirs.extract_cookies(_Response(FIELDS), urllib.request.Request(str(PAGE)))  # type: ignore[arg-type]  # as above
    theirs.save(ignore_discard=True)
    ours = CookieJar()

    ours.load(tmp_path / "file")

    assert len(ours) == len(FIELDS)
    for url in REQUESTS:
        assert sent(ours, url) == sent_by_stdlib(theirs, url)
    # What it shares with subdomains of the host, RFC 6265 does not.
    assert sent(ours, URL("https://x.www.example.com/p")) == {'b="x \\"y\\" z"'}


def lwp_cookie(
    name: str, value: str, domain: str, path: str, expires: int | None, secure: bool
) -> http.cookiejar.Cookie:
    dot = domain.startswith(".")
    return http.cookiejar.Cookie(
        *(0, name, value, None, False, domain, dot, dot, path, True, secure, expires),
        *(expires is None, None, None, {}),
    )


lwp_cookies = st.builds(
    lwp_cookie,
    st.text("abc[]{}@/:!$%", min_size=1, max_size=5),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('"\\; =,')),
    st.sampled_from([".example.com", "www.example.com"]),
    st.sampled_from(["/", "/p", '/p"q\\', "/a b;c"]),
    st.none() | st.integers(1, 2**34),
    st.booleans(),
)


@given(
    st.lists(lwp_cookies, max_size=4, unique_by=lambda each: (each.domain, each.path, each.name))
)
def test_whatever_lwp_holds_is_read_back(stored: list[http.cookiejar.Cookie]) -> None:
    """Names, values, domains, paths, seconds: what one saves the other loads."""
    theirs = http.cookiejar.LWPCookieJar()
    for each in stored:
        theirs.set_cookie(each)
    text = "#LWP-Cookies-2.0\n" + theirs.as_lwp_str(ignore_discard=True, ignore_expires=True)

    read = [
        (each.host or each.cookie.domain, each.cookie) for each in cookies_of_lwp(text.encode())
    ]

    ours = [(d, c.path, c.name, c.coded_value, c.expires_at, c.secure) for d, c in read]
    expected = [(c.domain, c.path, c.name, c.value, c.expires, c.secure) for c in stored]
    assert Counter(ours) == Counter(expected)


def test_the_standard_library_reads_our_cookies_txt(tmp_path: Path) -> None:
    """It takes our 0 for a session cookie's expiry literally, so it must be told to overlook it."""
    ours = CookieJar()
    ours.update_cookies_from_headers([f"{field}; HttpOnly" for field in FIELDS], PAGE)
    ours.save_netscape(tmp_path / "cookies.txt")
    theirs = http.cookiejar.MozillaCookieJar(tmp_path / "cookies.txt")

    theirs.load(ignore_discard=True, ignore_expires=True)

    assert len(theirs) == len(FIELDS)
    for each in theirs:
        each.expires = each.expires or None
    for url in REQUESTS:
        assert sent_by_stdlib(theirs, url) == sent(ours, url)
    assert all(each.has_nonstandard_attr("HTTPOnly") for each in theirs)
