"""`middlewares._addresses`: which IP addresses are not out on the internet."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry.middlewares._addresses import carried, parse_address, special_purpose

FORBIDDEN_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
FORBIDDEN_V6 = [
    IPv6Network(text)
    for text in (
        "::/128",
        "::1/128",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001:10::/28",
        "2001:db8::/32",
        "3fff::/20",
        "4000::/3",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
PUBLIC_V4 = st.sampled_from(["93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "11.0.0.1"])


def spellings(v4: IPv4Address) -> list[str]:
    """All ways to write an IPv6 address whose packets end up at `v4`."""
    n = int(v4)
    forms = [
        IPv6Address((0xFFFF << 32) | n),
        IPv6Address((0x64_FF9B << 96) | n),
        IPv6Address((0x2002 << 112) | (n << 80) | 1),
        IPv6Address((0x2001_0000 << 96) | (n << 64) | (~0x08080808 & 0xFFFF_FFFF)),
        IPv6Address((0x2001_0000 << 96) | (0x08080808 << 64) | (~n & 0xFFFF_FFFF)),
        IPv6Address((0x2606_4700 << 96) | (0x5EFE << 32) | n),
        IPv6Address((0x2606_4700 << 96) | (0x0200_5EFE << 32) | n),
    ]
    return [
        *(str(form) for form in forms),
        *(form.exploded.upper() for form in forms),
        f"::ffff:{v4}",
        f"::FFFF:{v4}%eth0",
        f"64:ff9b::{v4}",
    ]


@given(st.data())
def test_every_forbidden_ipv4_address_is_refused_in_all_spellings(data: st.DataObject) -> None:
    """SEC-48, SEC-49: mapped, NAT64, 6to4, Teredo (server and client) and ISATAP included."""
    network = data.draw(st.sampled_from(FORBIDDEN_V4))
    index = data.draw(st.integers(0, network.num_addresses - 1))
    address = network[index]

    assert special_purpose(address) is not None
    for text in spellings(address):
        parsed = parse_address(text)
        assert isinstance(parsed, IPv6Address), text
        assert str(address) in (special_purpose(parsed) or ""), text


@given(PUBLIC_V4)
def test_public_ipv4_addresses_are_allowed_in_all_spellings(text: str) -> None:
    """A host on a network with NAT64 has only such addresses (RFC 6147)."""
    assert special_purpose(IPv4Address(text)) is None
    for spelling in spellings(IPv4Address(text)):
        parsed = parse_address(spelling)
        assert parsed is not None
        assert special_purpose(parsed) is None, spelling


@given(st.data())
def test_every_forbidden_ipv6_address_is_refused_in_all_spellings(data: st.DataObject) -> None:
    """SEC-49."""
    network = data.draw(st.sampled_from(FORBIDDEN_V6))
    address = network[data.draw(st.integers(0, network.num_addresses - 1))]

    for text in (str(address), address.exploded, str(address).upper(), f"{address}%eth0"):
        parsed = parse_address(text)
        assert parsed is not None, text
        assert special_purpose(parsed) is not None, text


@given(st.ip_addresses())
@example(IPv4Address("255.255.255.255"))
@example(IPv6Address("2606:4700::1111"))
def test_what_the_standard_library_calls_private_is_refused(
    address: IPv4Address | IPv6Address,
) -> None:
    """Its table is older, and it does not look inside; that is why there is one here."""
    if address.is_private or address.is_reserved or address.is_multicast or address.is_link_local:
        if not carried(address):
            assert special_purpose(address) is not None
    elif isinstance(address, IPv4Address) and special_purpose(address) is not None:
        known = ("100.64.0.0/10", "168.63.129.16/32", "192.88.99.0/24", "192.0.0.0/24")
        assert any(address in IPv4Network(text) for text in known)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("169.254.169.254", "a metadata address"),
        ("169.254.170.2", "a metadata address"),
        ("100.100.100.200", "a metadata address"),
        ("168.63.129.16", "a metadata address"),
        ("192.0.0.192", "a metadata address"),
        ("fd00:ec2::254", "a metadata address"),
        ("127.0.0.1", "loopback (RFC 1122)"),
        ("::1", "loopback (RFC 4291)"),
        ("::", "unspecified (RFC 4291)"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("5f00::1", "no global unicast address"),
        ("64:ff9b:1::8.8.8.8", "local-use NAT64 (RFC 8215)"),
        ("::ffff:169.254.169.254", "it leads to 169.254.169.254, a metadata address"),
        ("2002:a9fe:a9fe::", "it leads to 169.254.169.254, a metadata address"),
    ],
)
def test_the_reason_says_what_an_address_is(text: str, reason: str) -> None:
    """SEC-49."""
    address = parse_address(text)

    assert address is not None
    assert special_purpose(address) == reason


@pytest.mark.parametrize(
    "text",
    ["2130706433", "0x7f.1", "017700000001", "127.1", "0x7f000001", "localhost.", "1.2.3.4.", ""],
)
def test_forms_that_only_old_resolvers_read_are_no_addresses(text: str) -> None:
    """SEC-48: so they are refused, as no resolver gives them."""
    assert parse_address(text) is None


@given(st.text(max_size=60))
def test_garbage_is_no_address(text: str) -> None:
    address = parse_address(text)

    assert address is None or address == parse_address(str(address))
