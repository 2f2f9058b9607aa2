"""`_environ`: proxies and logins of the environment."""

import logging
import netrc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from wherry import BasicAuth, ClientSession
from wherry._environ import (
    environment_proxy,
    is_bypassed,
    netrc_login,
    read_netrc,
    with_environment,
)
from wherry._proxy import make_proxy
from wherry._request import RequestSource
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


def source(url: str, **facts: Any) -> RequestSource:
    return RequestSource("GET", URL(url), CIMultiDict(), **facts)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No proxies, and no netrc file but the one a test names."""
    for name in ("http", "https", "ws", "wss", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    return monkeypatch


# --- proxies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_the_proxy_is_looked_up_by_the_scheme_of_the_url(scheme: str) -> None:
    """S-463."""
    found = environment_proxy(URL(f"{scheme}://a.test/"), {scheme: "http://p.test:3128"})
    assert found is not None
    assert found.url == URL("http://p.test:3128")


def test_all_proxy_serves_schemes_without_one_of_their_own() -> None:
    """DECISIONS C-14."""
    found = environment_proxy(URL("https://a.test/"), {"http": "http://p", "all": "socks5h://q"})
    assert found is not None
    assert found.url == URL("socks5h://q:1080")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_may_be_https(scheme: str) -> None:
    """S-464, DECISIONS C-14."""
    found = environment_proxy(URL(f"{scheme}://a.test/"), {scheme: "https://p.test"})
    assert found is not None
    assert found.url.scheme == "https"


def test_an_entry_that_is_no_proxy_is_ignored_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S-013: and the warning shows no password."""
    with caplog.at_level(logging.WARNING, "wherry.client"):
        found = environment_proxy(URL("http://a.test/"), {"http": "ftp://u:secret@p.test"})
    assert found is None
    assert "ftp" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("no_proxy", "host", "port"),
    [
        ("*", "a.test", 80),
        ("a.test", "a.test", 80),
        ("a.test", "A.TEST.", 80),
        ("a.test", "b.a.test", 80),
        (".a.test", "a.test", 80),
        (".a.test", "b.a.test", 443),
        ("*.a.test", "b.a.test", 443),
        ("x, a.test ,y", "a.test", 80),
        ("a.test:8080", "a.test", 8080),
        ("10.1.2.3", "10.1.2.3", 80),
        ("10.0.0.0/8", "10.1.2.3", 80),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 80),
        ("::1", "::1", 80),
        ("[::1]:8080", "::1", 8080),
        ("fe80::/10", "fe80::1%eth0", 80),
        ("192.168.0.0/16:8080", "192.168.7.7", 8080),
    ],
)  # fmt: skip
def test_no_proxy_covers(no_proxy: str, host: str, port: int) -> None:
    """S-463: names with their subdomains, addresses, networks, ports."""
    assert is_bypassed(host, port, no_proxy)


@pytest.mark.parametrize(
    ("no_proxy", "host", "port"),
    [
        ("", "a.test", 80),
        (",", "a.test", 80),
        (".", "a.test", 80),
        ("a.test", "ba.test", 80),
        ("a.test", "a.test.evil", 80),
        ("a.test:8080", "a.test", 80),
        ("10.0.0.0/8", "11.1.2.3", 80),
        ("1.2.3.4", "1.2.3.40", 80),
        ("10.0.0.0/99", "10.1.2.3", 80),
        ("[::1]:8080", "::1", 80),
        ("[::1", "::2", 80),
    ],
)  # fmt: skip
def test_no_proxy_does_not_cover(no_proxy: str, host: str, port: int) -> None:
    """S-463."""
    assert not is_bypassed(host, port, no_proxy)


@given(st.text(max_size=60), st.text(max_size=40), st.one_of(st.none(), st.integers(0, 65535)))
def test_whatever_no_proxy_says_is_answered(no_proxy: str, host: str, port: int | None) -> None:
    """S-463: the environment may hold anything."""
    assert is_bypassed(host, port, no_proxy) in (True, False)


def test_a_bypassed_host_has_no_proxy() -> None:
    """S-463."""
    proxies = {"http": "http://p.test", "no": "a.test"}
    assert environment_proxy(URL("http://a.test/"), proxies) is None
    assert environment_proxy(URL("http://b.test/"), proxies) is not None


# --- netrc -------------------------------------------------------------------------------------


def netrc_file(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_login_is_that_of_exactly_the_host(tmp_path: Path) -> None:
    """S-460, SEC-27."""
    path = netrc_file(tmp_path / "netrc", "machine a.test login me password pw\n")
    logins = netrc.netrc(str(path))
    assert netrc_login(logins, "a.test", allow_default=True) == BasicAuth("me", "pw")
    assert netrc_login(logins, "b.a.test", allow_default=True) is None
    assert netrc_login(logins, "a.test.", allow_default=True) is None


def test_the_default_entry_serves_only_where_it_may(tmp_path: Path) -> None:
    """SEC-27: not after a redirect."""
    path = netrc_file(tmp_path / "netrc", "default login me password pw\n")
    logins = netrc.netrc(str(path))
    assert netrc_login(logins, "a.test", allow_default=True) == BasicAuth("me", "pw")
    assert netrc_login(logins, "a.test", allow_default=False) is None


def test_the_account_serves_where_there_is_no_login(tmp_path: Path) -> None:
    """S-460."""
    path = netrc_file(tmp_path / "netrc", 'machine a.test login "" account acc password pw\n')
    logins = netrc.netrc(str(path))
    assert netrc_login(logins, "a.test", allow_default=True) == BasicAuth("acc", "pw")


def test_a_login_that_basic_authentication_cannot_carry_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """S-013."""
    path = netrc_file(tmp_path / "netrc", "machine a.test login m:e password secret\n")
    assert netrc_login(netrc.netrc(str(path)), "a.test", allow_default=True) is None
    assert "a.test" in caplog.text
    assert "secret" not in caplog.text


def test_a_missing_default_file_is_silent(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """S-460."""
    assert read_netrc(None) is None
    assert caplog.text == ""


def test_a_missing_file_that_was_named_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """S-013, S-460."""
    assert read_netrc(str(tmp_path / "none")) is None
    assert "missing" in caplog.text


def test_a_broken_file_is_logged_with_its_line_and_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """S-013, S-014."""
    path = netrc_file(tmp_path / "netrc", "machine a.test login x\nsecret\n")
    assert read_netrc(str(path)) is None
    assert "at line " in caplog.text
    assert "secret" not in caplog.text


def test_a_directory_is_no_netrc_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S-460."""
    assert read_netrc(str(tmp_path)) is None
    assert "cannot be used" in caplog.text


# --- both --------------------------------------------------------------------------------------


async def test_the_environment_fills_in_what_the_caller_left_open(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-458, S-463: the proxy with credentials of its own, the login from netrc."""
    path = netrc_file(
        tmp_path / "n", "machine a.test login me password pw\nmachine p.test login q password r\n"
    )
    environment.setenv("NETRC", str(path))
    environment.setenv("http_proxy", "http://p.test:3128")
    found = await with_environment(source("http://a.test/", trusts_netrc=True))
    assert found.auth == BasicAuth("me", "pw")
    assert found.proxy is not None
    assert found.proxy.auth == BasicAuth("q", "r")


async def test_credentials_in_the_proxy_url_win_over_netrc(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-463."""
    environment.setenv("NETRC", str(netrc_file(tmp_path / "n", "default login a password b\n")))
    environment.setenv("http_proxy", "http://u:p@p.test:3128")
    found = await with_environment(source("http://a.test/"))
    assert found.proxy is not None
    assert found.proxy.auth == BasicAuth("u", "p")


async def test_the_default_login_is_not_for_proxies(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SEC-26: a proxy gets a login only by its own name."""
    environment.setenv("NETRC", str(netrc_file(tmp_path / "n", "default login a password b\n")))
    environment.setenv("http_proxy", "http://p.test:3128")
    found = await with_environment(source("http://a.test/"))
    assert found.proxy is not None
    assert found.proxy.auth is None


async def test_what_the_caller_gave_stays(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """S-458, S-461: an explicit proxy, explicit credentials, an Authorization header."""
    environment.setenv("NETRC", str(netrc_file(tmp_path / "n", "default login a password b\n")))
    environment.setenv("http_proxy", "http://p.test:3128")
    own = make_proxy("http://own.test")
    auth = BasicAuth("x", "y")
    found = await with_environment(
        source("http://a.test/", proxy=own, has_own_proxy=True, auth=auth, trusts_netrc=True)
    )
    assert (found.proxy, found.auth) == (own, auth)
    assert (await with_environment(source("http://a.test/"))).auth is None


async def test_a_proxy_of_the_environment_is_chosen_anew(environment: pytest.MonkeyPatch) -> None:
    """S-448, SEC-26: what a hop before had does not stay."""
    before = source("http://a.test/", proxy=make_proxy("http://old.test"))
    assert (await with_environment(before)).proxy is None


# --- on the wire -------------------------------------------------------------------------------


async def test_a_session_that_trusts_the_environment_uses_it(
    fake: Fake, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-458, S-463: for calls with and without arguments, and as it is at the time."""
    session, connector = fake(trust_env=True)
    await session.get("http://a.test/")
    environment.setenv("http_proxy", "http://p.test")
    await session.get("http://a.test/")
    environment.setenv("NETRC", str(netrc_file(tmp_path / "n", "default login u password p\n")))
    await session.get("http://a.test/", params={"a": "1"})
    first, second, third = connector.requests
    assert first.key.proxy is None
    assert second.key.proxy is not None
    assert b"\r\nAuthorization: Basic dTpw\r\n" in third.head


async def test_a_session_that_does_not_leaves_it_alone(
    fake: Fake, environment: pytest.MonkeyPatch
) -> None:
    """S-463."""
    environment.setenv("http_proxy", "http://p.test")
    session, connector = fake()
    await session.get("http://a.test/")
    assert connector.requests[0].key.proxy is None


async def test_netrc_does_not_touch_an_authorization_header(
    fake: Fake, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-458, SEC-27: nor does the next hop of such a request get a login."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b"Bearer" in head:
            return response_bytes(status=302, headers={"Location": "http://b.test/"})
        return response_bytes(b"ok")

    environment.setenv(
        "NETRC", str(netrc_file(tmp_path / "n", "machine b.test login u password p\n"))
    )
    session, connector = fake(answer, trust_env=True)
    await session.get("http://a.test/", headers={"Authorization": "Bearer t"})
    assert [b"Authorization" in request.head for request in connector.requests] == [True, False]


async def test_each_hop_of_a_redirect_is_looked_up(
    fake: Fake, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-448, SEC-26, SEC-27: another proxy, another login, no default one."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b"a.test" in head:
            return response_bytes(status=302, headers={"Location": "http://b.test/"})
        if b"b.test" in head:
            return response_bytes(status=302, headers={"Location": "http://c.test/"})
        return response_bytes(b"ok")

    text = "machine b.test login b password b\ndefault login d password d\n"
    environment.setenv("NETRC", str(netrc_file(tmp_path / "n", text)))
    environment.setenv("http_proxy", "http://u:p@p.test")
    environment.setenv("no_proxy", "b.test")
    session, connector = fake(answer, trust_env=True)
    await session.get("http://a.test/")
    first, second, third = connector.requests
    assert [request.key.proxy is None for request in (first, second, third)] == [False, True, False]
    assert BasicAuth("d", "d").encode().encode() in first.head
    assert BasicAuth("b", "b").encode().encode() in second.head
    assert b"\r\nAuthorization" not in third.head
    assert b"Proxy-Authorization" not in second.head
