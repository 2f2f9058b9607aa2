"""Host names, domain-match and the Domain attribute."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._domain import (
    canonical_host,
    cookie_domain,
    domain_match,
    domains_covering,
    is_ip_address,
    is_loopback,
    is_single_label,
)

hosts = st.lists(st.sampled_from(["a", "b", "com", "1", "x1"]), min_size=1, max_size=5).map(
    ".".join
)


def test_domain_match_follows_the_corpus(corpus: Callable[[str], Any]) -> None:
    """RFC 6265 §5.1.3, SEC-42."""
    wrong = [
        case
        for case in corpus("domains.json")
        if domain_match(case["host"], case["domain"]) is not case["matches"]
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("example.com", "example.com"),
        (".example.com", "example.com"),
        ("EXAMPLE.com", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("a。example", "a.example"),
        ("..example.com", ".example.com"),
        ("", None),
        (".", None),
        ("example.com.", None),
        ("bücher.example.", None),
        ("com。", None),
    ],
)
def test_domain_attribute_gives_a_canonical_domain(value: str, domain: str | None) -> None:
    """§5.2.3, S-185, SEC-42: leading dot, case, IDN, trailing dot."""
    assert cookie_domain(value) == domain


def test_a_name_that_idna_refuses_stays_a_domain_that_no_host_can_be_in() -> None:
    """Not None, which would make the cookie host-only."""
    too_long = "ü" * 64 + ".example"

    assert canonical_host(too_long) is None
    assert cookie_domain(too_long) == too_long


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7F000001",
        "017700000001",
        "0x",
        "1.2.3.4.",
        "::1",
        "::ffff:7f00:1",
        "fe80::1%eth0",
    ],
)
def test_every_spelling_of_an_address_is_an_address(host: str) -> None:
    """SEC-48."""
    assert is_ip_address(host)


@pytest.mark.parametrize("host", ["example.com", "1.example", "127.0.0.x1", "0xg", "localhost", ""])
def test_names_are_no_addresses(host: str) -> None:
    assert not is_ip_address(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("mylocalhost", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("127.example.com.org", False),
        ("127.0.0.999", False),
        ("127.0.0.٣", False),
        ("10.0.0.1", False),
        ("::2", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, expected: bool) -> None:
    """RFC 6761 §6.3."""
    assert is_loopback(host) is expected


@given(hosts, hosts)
def test_the_listed_domains_are_those_that_match(host: str, domain: str) -> None:
    assert (domain in list(domains_covering(host))) is domain_match(host, domain)


@given(st.text("a.", max_size=20))
def test_no_host_lists_the_empty_domain_below_itself(host: str) -> None:
    """An empty domain would be that of the cookies sent everywhere."""
    _, *parents = domains_covering(host)

    assert "" not in parents


@given(st.text(max_size=30))
def test_any_text_is_a_domain_or_none(text: str) -> None:
    domain = cookie_domain(text)

    assert domain is None or domain


def test_a_single_label_belongs_to_no_one_site() -> None:
    """S-186."""
    assert is_single_label("com")
    assert not is_single_label("example.com")


def test_what_is_too_long_for_a_name_is_in_no_domain() -> None:
    """RFC 1035 §2.3.4. Otherwise one long host in a redirect would fill the memory with domains."""
    longest, longer = ("a." * n + "example.com" for n in (121, 122))

    assert domain_match(longest, "example.com")
    assert not domain_match(longer, "example.com")
    assert domains_covering(longer) == (longer,)
