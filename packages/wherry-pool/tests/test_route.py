"""The key of the pool."""

import ssl
from typing import NamedTuple

import pytest
from yarl import URL

from wherry_pool import ConnectionKey, Fingerprint
from wherry_pool.testing import FakeAddressPolicy


class Credentials(NamedTuple):
    """User name and password for a proxy."""

    login: str
    password: str

    def encode(self) -> str:
        """Nobody asks for it here."""
        raise NotImplementedError


KEY = ConnectionKey("example.com", 443, True)


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(host="www.example.com"),
        KEY._replace(port=8443),
        KEY._replace(is_ssl=False),
        KEY._replace(ssl=False),
        KEY._replace(ssl=ssl.create_default_context()),
        KEY._replace(ssl=Fingerprint(b"a" * 32)),
        KEY._replace(proxy=URL("http://proxy:3128")),
        KEY._replace(proxy_auth=Credentials("user", "password")),
        KEY._replace(proxy_headers_hash=1),
        KEY._replace(server_hostname="inside.example.com"),
        KEY._replace(proxy_headers=(("X-Tenant", "a"),)),
        KEY._replace(address_policy=FakeAddressPolicy()),
    ],
)
def test_every_field_separates_connections(other: ConnectionKey) -> None:
    """S-116, SEC-31, SEC-32."""
    assert other != KEY
    assert len({KEY, other}) == 2


def test_equal_fingerprints_share_connections() -> None:
    """S-161."""
    one, two = (KEY._replace(ssl=Fingerprint(b"a" * 32)) for _ in range(2))

    assert one == two
    assert hash(one) == hash(two)


def test_repr_shows_no_credentials() -> None:
    """SEC-60, B-41."""
    key = KEY._replace(
        proxy=URL("http://me:secret@proxy:3128"), proxy_auth=Credentials("me", "secret")
    )

    assert "secret" not in repr(key)
    assert "'http://proxy:3128'" in repr(key)
    assert "proxy=None" in repr(KEY)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (KEY, "example.com:443"),
        (KEY._replace(host="::1"), "[::1]:443"),
        (KEY._replace(port=None), "example.com"),
    ],
)
def test_authority_is_for_messages(key: ConnectionKey, text: str) -> None:
    """RFC 3986 §3.2.2: IPv6 hosts in brackets."""
    assert key.authority == text
