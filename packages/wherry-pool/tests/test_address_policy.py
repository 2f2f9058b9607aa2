"""Who may refuse an address."""

import socket

import pytest
from aiohappyeyeballs import AddrInfoType

from wherry_pool import ConnectionKey
from wherry_pool._address_policy import BothPolicies, permitted, with_policy
from wherry_pool._tcp import addr_info
from wherry_pool.testing import FakeAddressPolicy, check_address_policy


def infos(*addresses: str) -> list[AddrInfoType]:
    return [
        addr_info(socket.AF_INET6 if ":" in host else socket.AF_INET, 6, host, 80)
        for host in addresses
    ]


def test_refused_addresses_are_left_out_and_all_are_asked_for() -> None:
    """SEC-49: each candidate, IPv6 too, in the order it has."""
    policy = FakeAddressPolicy(["127.0.0.1", "::1"])
    public = infos("192.0.2.1", "2001:db8::1")

    assert permitted(policy, "a.test", infos("127.0.0.1") + public + infos("::1")) == public

    hosts = [address for _, address, _ in policy.asked]
    assert hosts == ["127.0.0.1", "192.0.2.1", "2001:db8::1", "::1"]
    assert {(host, port) for host, _, port in policy.asked} == {("a.test", 80)}


def test_refusing_all_is_the_policys_error() -> None:
    """SEC-49: what to tell the caller is the policy's to say."""
    with pytest.raises(PermissionError, match=r"127.0.0.2 is not allowed for a.test"):
        permitted(FakeAddressPolicy(refuses_all=True), "a.test", infos("127.0.0.1", "127.0.0.2"))


def test_without_a_policy_the_list_is_untouched() -> None:
    """No copy, no question."""
    addresses = infos("127.0.0.1")

    assert permitted(None, "a.test", addresses) is addresses


def test_connectors_and_requests_policy_both_apply(key: ConnectionKey) -> None:
    """SEC-49: neither opens what the other one closes."""
    first, second = FakeAddressPolicy(["192.0.2.1"]), FakeAddressPolicy(["192.0.2.2"])
    asking = key._replace(address_policy=second)

    assert with_policy(key, None) is key
    assert with_policy(key, first).address_policy is first
    both = with_policy(asking, first).address_policy
    assert both == BothPolicies(first, second)

    assert both is not None
    for refused in ("192.0.2.1", "192.0.2.2"):
        check_address_policy(both, allowed="192.0.2.3", refused=refused)
