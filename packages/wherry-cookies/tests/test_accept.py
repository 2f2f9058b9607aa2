"""Whether a cookie may be stored."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cookies import CookieLimits, SetCookie, parse_set_cookie
from wherry_cookies._accept import Policy, Refusal, Setter, accept, accept_saved, trusted_origins
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._domain import domain_match
from wherry_cookies._saved import SavedCookie

POLICY = Policy(CookieLimits(), unsafe=False, trusted_origins=frozenset())
PAGE = URL("https://www.example.co.uk/a/b")


def accepted(
    field: str, url: URL = PAGE, policy: Policy = POLICY, *, is_server: bool = True
) -> Cookie | Refusal:
    received = parse_set_cookie(field)
    assert received is not None
    return accept(received, Setter.of(url, policy, is_server=is_server), policy, now=100.0)


def test_all_attributes_arrive() -> None:
    """RFC 6265 §5.3."""
    cookie = accepted(
        "n=v; Domain=example.co.uk; Path=/p; Max-Age=5; Secure; HttpOnly; SameSite=Lax;"
        " Partitioned; Version=1; Comment=c"
    )

    assert isinstance(cookie, Cookie)
    assert (cookie.name, cookie.coded_value) == ("n", "v")
    assert (cookie.domain, cookie.host_only, cookie.path) == ("example.co.uk", False, "/p")
    assert (cookie.expires_at, cookie.max_age) == (105.0, 5)
    assert (cookie.secure, cookie.http_only, cookie.partitioned) == (True, True, True)
    assert (cookie.same_site, cookie.version, cookie.comment) == ("Lax", "1", "c")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("a=" + "x" * 4096, "4097 octets"),
        ("a=1; Domain=other.example", "is not in its domain 'other.example'"),
        ("a=1; Domain=uk", "'uk' is a public suffix"),
        ("__Secure-a=1", "asks for Secure"),
        ("__Host-a=1; Secure; Path=/; Domain=www.example.co.uk", "no Domain"),
        ("__Host-a=1; Secure", "Path=/"),
    ],
)
def test_a_refusal_says_why_without_the_value(field: str, reason: str) -> None:
    """S-013, S-014."""
    refusal = accepted(field)

    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert "xxxx" not in refusal.reason


def test_a_public_suffix_list_can_be_plugged_in() -> None:
    """SEC-42: what it names is refused, or host-only where it is the host itself."""
    policy = replace(POLICY, public_suffix_check={"co.uk", "github.io"}.__contains__)

    assert isinstance(accepted("a=1; Domain=co.uk", policy=policy), Refusal)
    assert isinstance(accepted("a=1; Domain=.CO.UK", policy=policy), Refusal)
    assert isinstance(accepted("a=1; Domain=uk", policy=policy), Refusal)
    assert isinstance(accepted("a=1; Domain=example.co.uk", policy=policy), Cookie)
    itself = accepted("a=1; Domain=github.io", URL("https://github.io/"), policy)
    assert isinstance(itself, Cookie)
    assert itself.host_only


@pytest.mark.parametrize("field", ["a=1; Secure", "__Host-a=1", "a=" + "x" * 5000])
def test_the_caller_is_trusted_with_what_servers_are_not(field: str) -> None:
    """C-06 is kept for explicit updates; size and prefixes guard against servers too."""
    url = URL("http://www.example.co.uk/")

    assert isinstance(accepted(field, url), Refusal)
    assert isinstance(accepted(field, url, is_server=False), Cookie)


def test_without_url_a_cookie_is_shared_unless_it_names_a_domain() -> None:
    """S-182."""
    shared = accepted("a=1", URL(), is_server=False)
    bound = accepted("a=1; Domain=.Example.com", URL(), is_server=False)
    single = accepted("a=1; Domain=localhost", URL(), is_server=False)

    assert isinstance(shared, Cookie)
    assert isinstance(bound, Cookie)
    assert isinstance(single, Cookie)
    assert (shared.domain, shared.path) == (SHARED, "/")
    assert (bound.domain, bound.host_only) == ("example.com", False)
    assert (single.domain, single.host_only) == ("localhost", True)


@pytest.mark.parametrize("domain", [".", "example.com.", "10.0.0.1", ".10.0.0.1"])
def test_a_domain_that_is_none_does_not_make_a_cookie_shared(domain: str) -> None:
    """Widening a cookie to every host would be the worst way to read it."""
    assert isinstance(accepted(f"a=1; Domain={domain}", URL(), is_server=False), Refusal)


@given(
    st.sampled_from(["example.com", "www.example.com", "com", "10.0.0.1", "localhost", "a.b.c."]),
    st.text("abcexmplow.10。", max_size=15)
    | st.sampled_from(
        ["example.com", ".www.example.com", "com", "0.0.1", "localhost", "b.c", "c。"]
    ),
    st.booleans(),
)
def test_what_a_server_sets_always_covers_its_own_host(
    host: str, domain: str, unsafe: bool
) -> None:
    """§5.3 step 6, SEC-42: never shared, never for a host the setter is not in."""
    policy = replace(POLICY, unsafe=unsafe)
    cookie = accepted(f"a=1; Domain={domain}", URL.build(scheme="https", host=host), policy)

    if isinstance(cookie, Cookie):
        assert cookie.domain != SHARED
        assert domain_match(host, cookie.domain)
        assert cookie.host_only or "." in cookie.domain.rstrip(".")


def test_trusted_origins_are_scheme_host_and_port() -> None:
    """S-179: a string, a URL, or several; the rest of the URL does not count."""
    expected = {("http", "a.example", 80), ("http", "b.example", 8080)}

    origins = trusted_origins(["http://a.example/x?y", URL("http://b.example:8080")])

    assert origins == expected
    assert trusted_origins("http://a.example") == {("http", "a.example", 80)}
    assert trusted_origins(URL("http://a.example")) == {("http", "a.example", 80)}
    assert trusted_origins(None) == trusted_origins(()) == frozenset()


def test_a_trusted_origin_has_a_scheme_and_a_host() -> None:
    with pytest.raises(ValueError, match="absolute"):
        trusted_origins("a.example")


@pytest.mark.parametrize(
    "cookie",
    [
        SetCookie("a b", "1"),
        SetCookie("", "1"),
        SetCookie("a", "1\n2"),
        SetCookie("a", "1\t2"),
        SetCookie("a", "1", path="/\x00"),
        SetCookie("a", "1", domain="x\n.example"),
        SetCookie("a", "1", same_site="\n"),
        SetCookie("a", "1", version="\n"),
        SetCookie("a", "1", comment="\n"),
    ],
)
def test_illegal_characters_of_a_file_are_refused(cookie: SetCookie) -> None:
    """SEC-46: tabs and line breaks in values, S-209."""
    assert isinstance(accept_saved(SavedCookie(cookie, ""), POLICY, 0.0), Refusal)


def test_a_saved_host_only_cookie_stays_host_only() -> None:
    """SEC-42."""
    cookie = accept_saved(SavedCookie(SetCookie("a", "1"), "WWW.example.com"), POLICY, 0.0)

    assert isinstance(cookie, Cookie)
    assert (cookie.domain, cookie.host_only) == ("www.example.com", True)
