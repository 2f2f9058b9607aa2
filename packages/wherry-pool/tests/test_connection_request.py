"""What a new connection is asked for."""

import pytest
from yarl import URL

from wherry_pool import ConnectionKey, ConnectionRequest, Fingerprint


def test_request_has_the_names_of_a_request() -> None:
    """S-115: what overridden methods read."""
    pin = Fingerprint(b"a" * 32)
    proxy = URL("http://proxy.test:3128")
    key = ConnectionKey("host.test", 8443, True, pin, proxy, server_hostname="other.test")

    request = ConnectionRequest(key)

    assert request.connection_key is key
    assert (request.host, request.port, request.ssl) == ("host.test", 8443, pin)
    assert (request.proxy, request.proxy_auth) == (proxy, None)
    assert request.server_hostname == "other.test"
    assert request.is_ssl()


@pytest.mark.parametrize(
    ("key", "url"),
    [
        (ConnectionKey("host.test", 443, True), "https://host.test"),
        (ConnectionKey("host.test", 8080, False), "http://host.test:8080"),
        (ConnectionKey("::1", 80, False), "http://[::1]"),
    ],
)
def test_url_is_the_origin(key: ConnectionKey, url: str) -> None:
    """S-118: a connection knows no path."""
    assert ConnectionRequest(key).url == URL(url)
