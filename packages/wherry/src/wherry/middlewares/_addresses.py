"""Which IP addresses are not out on the internet, and what is hidden inside IPv6 addresses.

The networks are those of the IANA special-purpose registries (RFC 6890) that are not globally
reachable, and the addresses under which clouds answer with the credentials of the machine. It knows
nothing of names, and nothing of what somebody may want to allow.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# The more exact ones first: the first that fits gives the reason.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), reason)
    for text, reason in (
        ("169.254.169.254/32", "a metadata address"),
        ("169.254.170.2/32", "a metadata address"),  # ECS task credentials
        ("100.100.100.200/32", "a metadata address"),  # Alibaba
        ("192.0.0.192/32", "a metadata address"),  # Oracle
        ("168.63.129.16/32", "a metadata address"),  # Azure; public by its number
        ("0.0.0.0/8", "this network (RFC 791)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "carrier-grade NAT (RFC 6598)"),
        ("127.0.0.0/8", "loopback (RFC 1122)"),
        ("169.254.0.0/16", "link-local (RFC 3927)"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.0.0.0/24", "reserved (RFC 6890)"),
        ("192.0.2.0/24", "documentation (RFC 5737)"),
        ("192.88.99.0/24", "a former 6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("198.18.0.0/15", "benchmarking (RFC 2544)"),
        ("198.51.100.0/24", "documentation (RFC 5737)"),
        ("203.0.113.0/24", "documentation (RFC 5737)"),
        ("224.0.0.0/4", "multicast (RFC 5771)"),
        ("240.0.0.0/4", "reserved (RFC 1112)"),
        ("::/128", "unspecified (RFC 4291)"),
        ("::1/128", "loopback (RFC 4291)"),
        ("fd00:ec2::254/128", "a metadata address"),  # AWS
        ("fd20:ce::254/128", "a metadata address"),  # Google
        ("64:ff9b:1::/48", "local-use NAT64 (RFC 8215)"),
        ("100::/64", "discarded (RFC 6666)"),
        ("2001::/23", "IETF protocol assignments (RFC 2928)"),
        ("2001:db8::/32", "documentation (RFC 3849)"),
        ("3fff::/20", "documentation (RFC 9637)"),
        ("fc00::/7", "unique local (RFC 4193)"),
        ("fe80::/10", "link-local (RFC 4291)"),
        ("fec0::/10", "site-local (RFC 3879)"),
        ("ff00::/8", "multicast (RFC 4291)"),
    )
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
# RFC 5214 §6.1: the last eight bytes, with the universal/local bit off or on.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


def parse_address(text: str) -> Address | None:
    """The address in a numeric form that sockets take, None for anything else. A zone is ignored.

    `127.1`, `0x7f000001` and the like are nothing: a resolver gives no such form.
    """
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def carried(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that packets for `address` may be handed on to.

    Mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380: server and
    client) and ISATAP (RFC 5214).
    """
    if isinstance(address, IPv4Address):
        return ()
    number = int(address)
    if address in _MAPPED or address in _NAT64:
        return (_ipv4(number),)
    if address in _6TO4:
        return (_ipv4(number >> 80), *_isatap(number))
    if address in _TEREDO:
        return (_ipv4(number >> 64), _ipv4(~number))
    return _isatap(number)


def _isatap(number: int) -> tuple[IPv4Address, ...]:
    return (_ipv4(number),) if (number >> 32) & 0xFFFF_FFFF in _ISATAP else ()


def _ipv4(number: int) -> IPv4Address:
    return IPv4Address(number & 0xFFFF_FFFF)


def special_purpose(address: Address) -> str | None:
    """What `address` is if it is not for everybody, such as `"loopback (RFC 1122)"`, else None.

    An IPv6 address that stands for IPv4 ones is judged by them.
    """
    for inner in carried(address):
        reason = special_purpose(inner)
        if reason is not None:
            return f"it leads to {inner}, {reason}"
    if isinstance(address, IPv6Address) and _is_translated(address):
        return None
    for network, reason in _SPECIAL:
        if address.version == network.version and address in network:
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        # RFC 4291 §2.4: nothing else has been given out. ::a.b.c.d (§2.5.5.1) is among it.
        return "IPv4-compatible" if address in _COMPATIBLE else "no global unicast address"
    return None


def _is_translated(address: IPv6Address) -> bool:
    return any(address in network for network in (_MAPPED, _NAT64, _6TO4, _TEREDO))
