"""Public suffixes: the installed list, one of the caller, and the built-in rule."""

import logging
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import CookieJar
from wherry_cookies._domain import domain_match
from wherry_cookies._public_suffix import (
    installed_list,
    is_known,
    is_listed,
    is_public_suffix,
    site_of,
    suffix_below,
)

SOME = {"co.uk", "github.io", "s3.amazonaws.com"}.__contains__


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test finds the list anew."""
    installed_list.cache_clear()
    yield
    installed_list.cache_clear()


@pytest.fixture
def without_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)


@pytest.fixture
def with_list() -> None:
    pytest.importorskip("publicsuffixlist", reason="pip install wherry-cookies[psl]")


def sent_after(field: str, url: str, request_url: str, jar: CookieJar | None = None) -> str:
    jar = CookieJar() if jar is None else jar
    jar.update_cookies_from_headers([field], URL(url))
    return jar.cookie_header(URL(request_url))


@pytest.mark.usefixtures("with_list")
@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("com", True),
        ("example.com", False),
        ("co.uk", True),
        ("example.co.uk", False),
        ("github.io", True),
        ("me.github.io", False),
        ("xn--55qx5d.cn", True),
        ("xn--fiqs8s", True),
        ("no-such-top-level", True),
        ("anything.ck", True),
        ("www.ck", False),
        ("co.uk.", True),
    ],
)
def test_the_installed_list_is_asked(domain: str, expected: bool) -> None:
    """SEC-42: private part, IDN, wildcards and exceptions."""
    assert is_public_suffix(domain, is_listed) is expected


@pytest.mark.usefixtures("with_list")
@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("co.uk", "https://evil.co.uk/"),
        (".Co.UK", "https://evil.co.uk/"),
        ("GitHub.io", "https://evil.github.io/"),
        ("公司.cn", "https://evil.公司.cn/"),
        ("xn--55qx5d.cn", "https://evil.公司.cn/"),
        ("amazonaws.com", "https://evil.s3.amazonaws.com/"),
    ],
)
def test_no_server_sets_cookies_for_all_under_a_suffix(domain: str, url: str) -> None:
    """SEC-42, RFC 6265 §5.3 step 5, in any case and spelling."""
    assert sent_after(f"a=1; Domain={domain}", url, url) == ""


@pytest.mark.usefixtures("with_list")
def test_a_trailing_dot_does_not_get_around_the_list() -> None:
    """SEC-42, S-185: the Domain is ignored, so the cookie is host-only."""
    jar = CookieJar()

    assert sent_after("a=1; Domain=co.uk.", "https://x.co.uk/", "https://y.co.uk/", jar) == ""
    assert sent_after("a=1; Domain=co.uk.", "https://x.co.uk./", "https://y.co.uk./", jar) == ""
    assert jar.host_only_cookies == {("x.co.uk", "a"), ("x.co.uk.", "a")}


@pytest.mark.usefixtures("with_list")
def test_a_suffix_itself_gets_a_host_only_cookie() -> None:
    """RFC 6265 §5.3 step 5, second half."""
    url = "https://github.io/"

    assert sent_after("a=1; Domain=github.io", url, url) == "a=1"
    assert sent_after("a=1; Domain=github.io", url, "https://me.github.io/") == ""


@pytest.mark.usefixtures("with_list")
def test_what_the_caller_gives_replaces_the_list() -> None:
    jar = CookieJar(is_public_suffix={"example.com"}.__contains__)

    assert sent_after("a=1; Domain=co.uk", "https://x.co.uk/", "https://y.co.uk/", jar) == "a=1"
    url = "https://x.example.com/"
    assert sent_after("a=1; Domain=example.com", url, url, jar) == ""
    assert jar.knows_public_suffixes


@pytest.mark.usefixtures("without_list")
def test_without_a_list_single_labels_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    """S-186; it says so, once, and not as a warning."""
    jar = CookieJar()
    url = "https://www.example.co.uk/"

    with caplog.at_level(logging.DEBUG, "wherry.client"):
        assert not jar.knows_public_suffixes
        assert sent_after("a=1; Domain=uk", url, url, jar) == ""
        assert sent_after("b=2; Domain=co.uk", url, url, jar) == "b=2"

    said = [record for record in caplog.records if "wherry-cookies[psl]" in record.getMessage()]
    assert [record.levelno for record in said] == [logging.DEBUG]


def test_a_list_that_cannot_be_read_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Bundlers take the code of a package and leave its data."""
    package = ModuleType("publicsuffixlist")

    def broken() -> object:
        raise FileNotFoundError("public_suffix_list.dat")

    monkeypatch.setattr(package, "PublicSuffixList", broken, raising=False)
    monkeypatch.setitem(sys.modules, "publicsuffixlist", package)

    assert not CookieJar().knows_public_suffixes
    assert "public_suffix_list.dat" in caplog.text


@pytest.mark.parametrize(
    ("domain", "host", "expected"),
    [
        ("example.com", "www.example.com", None),
        ("amazonaws.com", "me.s3.amazonaws.com", "s3.amazonaws.com"),
        ("amazonaws.com", "s3.amazonaws.com", "s3.amazonaws.com"),
        ("s3.amazonaws.com", "me.s3.amazonaws.com", None),
        ("me.github.io", "www.me.github.io", None),
    ],
)
def test_a_suffix_below_the_domain_is_found(domain: str, host: str, expected: str | None) -> None:
    """SEC-42: customers of one company must not set cookies for each other."""
    assert suffix_below(domain, host, SOME) == expected


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.com", "example.com"),
        ("example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("a.me.github.io", "me.github.io"),
        ("github.io", "github.io"),
        ("x.me.s3.amazonaws.com", "me.s3.amazonaws.com"),
        ("amazonaws.com", "amazonaws.com"),
        ("localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_a_site_is_one_label_below_its_suffix(host: str, site: str) -> None:
    """rfc6265bis §5.7: the registrable domain."""
    assert site_of(host, SOME) == site


@pytest.mark.usefixtures("without_list")
def test_without_a_list_each_host_is_a_site() -> None:
    """Else all of co.uk would share one limit."""
    assert site_of("www.example.co.uk", is_listed) == "www.example.co.uk"
    assert not is_known(is_listed)
    assert is_known(SOME)


@given(st.lists(st.sampled_from(["a", "co", "uk", "github", "io", "com"]), min_size=1, max_size=5))
def test_a_host_is_always_in_its_site(labels: list[str]) -> None:
    host = ".".join(labels)
    site = site_of(host, SOME)

    assert domain_match(host, site)
    assert site_of(site, SOME) == site
    assert site == host or not is_public_suffix(site, SOME)
