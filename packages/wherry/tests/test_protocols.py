"""`protocols`: each has an implementation, and a check that it passes."""

from collections.abc import Callable, Mapping, Sequence
from http.cookies import BaseCookie, SimpleCookie
from typing import Any

import pytest
from yarl import URL

from wherry import ClientSession, protocols
from wherry.testing import FakeConnector, check_cookie_jar, check_payload, response_bytes
from wherry_payload import Payload
from wherry_pool.protocols import ByteSink

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


NOWHERE = URL()


class PlainJar:
    """The least a session asks of a jar: one dict for everybody."""

    def __init__(self) -> None:
        self.cookies = SimpleCookie()

    def __len__(self) -> int:
        return len(self.cookies)

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        return self.cookies

    def update_cookies(self, cookies: Mapping[str, str], response_url: URL = NOWHERE) -> None:
        self.cookies.load(dict(cookies))

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        for header in headers:
            self.cookies.load(header)


class PlainPayload:
    """The least a session asks of a body, without a base class."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self.closed = 0
        self.size = payload.size
        self.headers = payload.headers
        self.replayable = payload.replayable
        self.in_memory = None

    async def write(self, sink: ByteSink, /) -> None:
        await self._payload.write(sink)

    async def close(self) -> None:
        self.closed += 1


async def test_a_jar_needs_no_base_class(fake: Fake) -> None:
    """S-212: nor more than the Protocol's members."""
    jar = PlainJar()
    session, connector = fake(response_bytes(headers={"Set-Cookie": "a=1"}), cookie_jar=jar)
    await session.get("http://h.example/")
    await session.get("http://h.example/", cookies={"b": "2"})
    assert b"\r\nCookie: a=1; b=2\r\n" in connector.requests[1].head
    with pytest.raises(AssertionError):
        check_cookie_jar(PlainJar)  # no rules at all


async def test_every_protocol_is_documented() -> None:
    for name in ("ConnectorProtocol", "CookieJarProtocol", "PayloadProtocol", "RequestObserver"):
        protocol: Any = getattr(protocols, name)
        assert protocol.__doc__
        members = [m for m in vars(protocol).values() if callable(m) and not hasattr(m, "mro")]
        assert members


async def test_a_payload_can_be_checked() -> None:
    from wherry import BytesPayload

    assert await check_payload(lambda: BytesPayload(b"x")) == b"x"
    wrapped = PlainPayload(BytesPayload(b"x"))
    assert await check_payload(lambda: wrapped) == b"x"
    assert wrapped.closed == 3
