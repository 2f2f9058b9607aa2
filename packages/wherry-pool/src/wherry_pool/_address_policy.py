"""Which addresses may be connected to: asks the policies, knows none of their rules (SEC-49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ._addr_info import AddrInfoType
    from ._route import ConnectionKey
    from .protocols import AddressPolicy


class BothPolicies(NamedTuple):
    """A connector's policy and a request's: an address has to please both."""

    first: AddressPolicy
    second: AddressPolicy

    def check(self, host: str, address: str, port: int, /) -> None:
        """Return if both allow the address; raise what the first to refuse it raises."""
        self.first.check(host, address, port)
        self.second.check(host, address, port)


def with_policy(key: ConnectionKey, policy: AddressPolicy | None) -> ConnectionKey:
    """`key`, whose addresses have to please `policy` as well."""
    if policy is None:
        return key
    asked = key.address_policy
    return key._replace(address_policy=policy if asked is None else BothPolicies(policy, asked))


def permitted(
    policy: AddressPolicy | None, host: str, addresses: list[AddrInfoType]
) -> list[AddrInfoType]:
    """Those of `addresses` that `policy` lets connect to for `host`, in their order.

    Raises the `OSError` of the last one if all are refused. `addresses` must be numeric.
    """
    if policy is None:
        return addresses
    allowed: list[AddrInfoType] = []
    refusal: OSError | None = None
    for info in addresses:
        address, port = str(info[4][0]), int(info[4][1])
        try:
            policy.check(host, address, port)
        except OSError as error:
            refusal = error
        else:
            allowed.append(info)
    if not allowed and refusal is not None:
        raise refusal
    return allowed
