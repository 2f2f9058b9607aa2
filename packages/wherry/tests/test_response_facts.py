"""`_response_facts`: what a response tells without being read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from yarl import URL

from wherry import ClientSession
from wherry.testing import FakeConnector, RawPlan, make_response, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def test_links_are_those_of_the_response() -> None:
    """S-410: made once, relative to the URL without its fragment."""
    response = make_response(
        headers=[("Link", '<next>; rel="next"'), ("link", "</first>; rel=first")],
        url="http://h.example/a/b#f",
    )

    assert response.links["next"]["url"] == URL("http://h.example/a/next")
    assert response.links["first"]["url"] == URL("http://h.example/first")
    assert response.links is response.links
    assert len(make_response().links) == 0


async def test_the_url_has_an_old_name() -> None:
    """S-401."""
    response = make_response(url="http://h.example/p")

    with pytest.warns(DeprecationWarning, match="use url"):
        assert response.url_obj is response.url
    assert response.loop is asyncio.get_running_loop()


@pytest.mark.parametrize(
    ("answer", "is_flagged"),
    [
        (RawPlan([b"HTTP/1.1 200 OK\r\n\r\nbo", b"dy"]), True),
        (RawPlan([b"HTTP/1.0 200 OK\r\n\r\nbody"]), True),
        (response_bytes(b"body"), False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", False),
    ],
)
async def test_a_body_that_ends_with_the_connection_is_flagged(
    fake: Fake, answer: Any, is_flagged: bool
) -> None:
    """SEC-14: before and after it was read."""
    session, _ = fake(answer)
    async with session.get("http://h/") as response:
        assert response.is_close_delimited is is_flagged
        assert await response.read() == b"body"
        assert response.is_close_delimited is is_flagged
    async with session.head("http://h/") as response:
        assert not response.is_close_delimited


async def test_the_bytes_of_the_request_are_counted(fake: Fake) -> None:
    """S-400, S-038: head, framing and body, whatever way the body goes."""

    async def pieces() -> Any:
        yield b"some"
        yield b"thing"

    session, connector = fake()
    for data in (None, b"body", pieces()):
        async with session.post("http://h/", data=data) as response:
            assert response.upload_complete.done()
            assert response.output_size == len(connector.requests[-1].raw)


@pytest.mark.parametrize("is_finished", [True, False])
async def test_an_upload_that_goes_on_can_be_waited_for(
    fake: Fake, until: Callable[..., Any], is_finished: bool
) -> None:
    """S-400: the head came first; the future is done when the upload is, however it ends."""
    gate = asyncio.Event()

    async def pieces() -> Any:
        yield b"a"
        await gate.wait()
        yield b"bc"

    session, connector = fake(lambda head, body: None)
    task = asyncio.ensure_future(session.post("http://h/", data=pieces()))
    await until(lambda: connector.transports and len(connector.transports[0].writes) == 2)
    transport = connector.transports[0]
    transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo")
    response = await task
    assert not response.upload_complete.done()
    assert response.output_size == len(transport.written)

    if is_finished:
        gate.set()
    else:
        response.close()
    await response.upload_complete

    assert transport.written.endswith(b"0\r\n\r\n") is is_finished
    assert response.output_size == len(transport.written)
    response.close()
