"""`_proxy`: a proxy as a call names it."""

from collections.abc import Callable
from typing import Any

import pytest
from yarl import URL

from wherry import BasicAuth, ClientSession, InvalidURL, WSServerHandshakeError
from wherry._proxy import Proxy, make_proxy, tunnel_fields
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
AUTH = BasicAuth("u", "p")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://p.test", "http://p.test"),
        ("http://p.test:3128/path?q#f", "http://p.test:3128"),
        ("https://p.test", "https://p.test"),
        ("p.test:3128", "http://p.test:3128"),
        ("//p.test:3128", "http://p.test:3128"),
        (URL("//p.test:3128"), "http://p.test:3128"),
        ("socks5://p.test", "socks5://p.test:1080"),
        ("socks5h://p.test:9050", "socks5h://p.test:9050"),
        ("socks4a://[::1]", "socks4a://[::1]:1080"),
        ("http://u:p@[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_a_url_with_or_without_scheme(given: str | URL, url: str) -> None:
    """S-461, S-170."""
    assert make_proxy(given).url == URL(url)


@pytest.mark.parametrize("given", ["ftp://p.test", URL("ws://p.test"), "socks://p.test"])
def test_a_scheme_that_no_proxy_has_is_refused(given: str | URL) -> None:
    """S-170, S-520."""
    with pytest.raises(ValueError, match="socks5h"):
        make_proxy(given)


@pytest.mark.parametrize("given", ["http://p.test:99999", "http://[::1", "http://", 5, ""])
def test_what_is_no_url_is_refused(given: Any) -> None:
    """S-461, S-519."""
    with pytest.raises(InvalidURL):
        make_proxy(given)


def test_no_password_is_in_the_error() -> None:
    """S-014."""
    with pytest.raises(InvalidURL) as caught:
        make_proxy("http://u:secret@p.test:nix")
    assert "secret" not in str(caught.value)


def test_credentials_are_those_given_then_those_of_the_url_then_those_of_the_fields() -> None:
    """S-462."""
    fields = {"Proxy-Authorization": "Custom x"}
    auth = BasicAuth("a", "b")
    assert make_proxy("http://u:p@p", auth, fields).authorization == auth.encode()
    assert make_proxy("http://u:p@p", None, fields).authorization == BasicAuth("u", "p").encode()
    assert make_proxy("http://p", None, fields).authorization == "Custom x"
    assert make_proxy("http://p").authorization == ""


def test_credentials_of_another_type_are_refused() -> None:
    """S-462."""
    with pytest.raises(ValueError, match="got str"):
        make_proxy("http://p", "u:p")  # type: ignore[arg-type]


def test_a_proxy_shows_no_credentials() -> None:
    """S-014, SEC-60."""
    proxy = make_proxy("http://u:secret@p", None, {"X-Token": "hidden"})
    assert "secret" not in repr(proxy)
    assert "hidden" not in repr(proxy)


def test_a_tunnel_is_asked_for_with_the_proxy_s_fields_first() -> None:
    """S-165, Appendix E: then the automatic ones that are not among them."""
    proxy = make_proxy("http://p", None, {"X-P": "1", "accept": "x/y"})
    names = [name for name, _ in tunnel_fields(proxy, "")]
    assert names == ["X-P", "accept", "Accept-Encoding", "User-Agent"]


def test_a_tunnel_takes_the_session_s_user_agent_and_nothing_else() -> None:
    """S-166."""
    proxy = Proxy(URL("http://p"))
    assert dict(tunnel_fields(proxy, "mine"))["User-Agent"] == "mine"


def test_credentials_replace_the_field_in_a_tunnel() -> None:
    """S-462: the pool writes them, once."""
    proxy = make_proxy("http://u:p@p", None, {"Proxy-Authorization": "Custom x"})
    assert "Proxy-Authorization" not in dict(tunnel_fields(proxy, ""))


# --- on the wire -------------------------------------------------------------------------------


async def test_wire_of_a_plain_target_through_a_proxy(fake: Fake) -> None:
    """S-164, Appendix E: absolute form without credentials and fragment."""
    session, connector = fake()
    await session.get(
        "http://example.com/a?b=c#d",
        proxy="http://u:p@p.test",
        proxy_headers={"X-P": "1"},
        headers={"User-Agent": "U", "Accept-Encoding": "gzip"},
    )
    request = connector.requests[0]
    assert request.head == (
        b"GET http://example.com/a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: U\r\n"
        b"Accept-Encoding: gzip\r\nAccept: */*\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    )
    assert (request.key.host, request.key.proxy) == ("example.com", URL("http://p.test"))


async def test_a_websocket_s_scheme_is_http_to_a_proxy(fake: Fake) -> None:
    """S-164, S-214."""
    session, connector = fake()
    await session.get("ws://example.com:81", proxy="http://p.test")
    assert connector.requests[0].head.startswith(b"GET http://example.com:81/ HTTP/1.1\r\n")


async def test_a_proxy_authorization_among_the_proxy_s_fields_is_sent(fake: Fake) -> None:
    """S-164."""
    session, connector = fake()
    await session.get(
        "http://h/", proxy="http://p", proxy_headers={"Proxy-Authorization": "Custom x"}
    )
    assert b"\r\nProxy-Authorization: Custom x\r\n" in connector.requests[0].head


async def test_a_tunnel_s_facts_are_in_the_key_and_not_in_the_request(fake: Fake) -> None:
    """S-165, S-166, SEC-26: origin form, and no field of the proxy inside the tunnel."""
    session, connector = fake(headers={"Authorization": "Bearer t", "Proxy-Authorization": "x"})
    await session.get(
        "https://example.com/a", proxy="http://p", proxy_auth=AUTH, proxy_headers={"X-P": "1"}
    )
    request = connector.requests[0]
    assert request.head.startswith(b"GET /a HTTP/1.1\r\nHost: example.com\r\n")
    assert b"roxy" not in request.head
    assert b"X-P" not in request.head
    fields = dict(request.key.proxy_headers)
    assert list(fields) == ["X-P", "Accept", "Accept-Encoding", "User-Agent"]
    assert request.key.proxy_auth == AUTH


async def test_the_session_s_user_agent_goes_to_the_tunnel(fake: Fake) -> None:
    """S-165, S-166."""
    session, connector = fake(headers={"User-Agent": "mine"}, proxy="http://p")
    await session.get("https://example.com/")
    session.headers["User-Agent"] = "other"
    await session.get("https://example.com/")
    agents = [dict(request.key.proxy_headers)["User-Agent"] for request in connector.requests]
    assert agents == ["mine", "other"]


async def test_through_socks_the_request_is_as_without(fake: Fake) -> None:
    """S-170: the proxy sees only the tunnel."""
    session, connector = fake()
    await session.get("http://example.com/a", proxy="socks5h://p", proxy_auth=AUTH)
    request = connector.requests[0]
    assert request.head.startswith(b"GET /a HTTP/1.1\r\n")
    assert b"Proxy-" not in request.head
    assert request.key.proxy == URL("socks5h://p:1080")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_requests_share_a_connection_only_with_the_same_proxy_facts(
    fake: Fake, scheme: str
) -> None:
    """S-116, S-171, SEC-31: proxy, credentials and fields are part of the key."""
    session, connector = fake()
    for arguments in (
        {},
        {"proxy": "http://p"},
        {"proxy": "http://q"},
        {"proxy": "http://p", "proxy_auth": AUTH},
        {"proxy": "http://p", "proxy_headers": {"X": "1"}},
    ):
        for _ in range(2):
            await session.get(f"{scheme}://h/", **arguments)
    assert len({request.key for request in connector.requests}) == 5
    assert len(connector.transports) == 5


async def test_two_targets_behind_one_proxy_do_not_share_a_connection(fake: Fake) -> None:
    """S-117."""
    session, connector = fake(proxy="http://p")
    await session.get("http://a/")
    await session.get("http://b/")
    assert [request.key.host for request in connector.requests] == ["a", "b"]
    assert len(connector.transports) == 2


async def test_a_proxy_of_the_request_replaces_the_session_s(fake: Fake) -> None:
    """S-461."""
    session, connector = fake(proxy="http://p", proxy_auth=AUTH)
    await session.get("http://h/", proxy=URL("http://q"))
    await session.get("http://h/")
    assert [request.key.proxy for request in connector.requests] == [
        URL("http://q"),
        URL("http://p"),
    ]


async def test_an_explicit_proxy_stays_on_a_redirect(fake: Fake) -> None:
    """S-461, S-448: with its credentials, which no origin gets."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b"http://a/" in head:
            return response_bytes(status=302, headers={"Location": "https://b/"})
        return response_bytes(b"ok")

    session, connector = fake(answer)
    await session.get("http://a/", proxy="http://p", proxy_auth=AUTH)
    first, second = connector.requests
    assert first.key.proxy == second.key.proxy == URL("http://p")
    assert b"Proxy-Authorization" in first.head
    assert b"Proxy-Authorization" not in second.head


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (InvalidURL, {"proxy": "http://p:x"}),
        (ValueError, {"proxy": "ftp://p"}),
        (ValueError, {"proxy": "http://p", "proxy_auth": "u:p"}),
        (ValueError, {"proxy": "http://p", "proxy_headers": {"X": "a\r\nb"}}),
    ],
)
async def test_bad_proxy_arguments_touch_nothing(
    fake: Fake, error: type[Exception], arguments: dict[str, Any]
) -> None:
    """S-370, S-519, S-520, SEC-2."""
    session, connector = fake()
    with pytest.raises(error):
        await session.get("https://h/", **arguments)
    assert connector.transports == []


async def test_a_bad_proxy_auth_of_a_session_is_refused_at_once() -> None:
    """S-462, S-358."""
    with pytest.raises(ValueError, match="BasicAuth"):
        ClientSession(proxy_auth="u:p")  # type: ignore[arg-type]


async def test_a_websocket_goes_through_the_same_proxies(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-465: explicit ones, the session's, and those of the environment."""
    monkeypatch.setenv("ws_proxy", "http://env.test")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for session_arguments, arguments, proxy in (
        ({}, {"proxy": "http://p", "proxy_auth": AUTH}, "http://p"),
        ({"proxy": "http://q"}, {}, "http://q"),
        ({"trust_env": True}, {}, "http://env.test"),
        ({}, {}, None),
    ):
        session, connector = fake(response_bytes(status=400), **session_arguments)
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect("ws://h/", **arguments)  # type: ignore[arg-type]
        found = connector.requests[0].key.proxy
        assert (None if found is None else str(found)) == proxy
