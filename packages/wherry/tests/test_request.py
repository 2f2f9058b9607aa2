"""`_request`: what a request goes out as, and how it can be changed."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from wherry import ClientPayloadError, ClientRequest, ClientResponse, ClientSession, Handler
from wherry.testing import FakeConnector

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def changed(
    fake: Fake, change: Callable[[ClientRequest], Any], **arguments: Any
) -> FakeConnector:
    """Send a POST that a middleware has changed."""

    async def middleware(request: ClientRequest, handler: Handler) -> ClientResponse:
        await change(request)
        return await handler(request)

    session, connector = fake(middlewares=[middleware])
    await session.post("http://h/", **arguments)
    return connector


@pytest.mark.parametrize(
    ("new", "body", "fields"),
    [
        (b"new", b"new", [b"Content-Length: 3", b"Content-Type: text/old"]),
        ("text", b"text", [b"Content-Length: 4"]),
        ({"a": "1"}, b"a=1", [b"Content-Length: 3"]),
        (io.BytesIO(b"file"), b"file", [b"Content-Length: 4"]),
        (None, b"", [b"Content-Length: 0"]),
    ],
)
async def test_the_body_can_be_replaced(
    fake: Fake, new: Any, body: bytes, fields: list[bytes]
) -> None:
    """S-472: framing is set anew, the type stays."""
    connector = await changed(
        fake, lambda r: r.update_body(new), data=b"old body", headers={"Content-Type": "text/old"}
    )
    request = connector.requests[0]
    assert request.body == body
    assert all(field + b"\r\n" in request.head for field in fields)
    assert request.head.count(b"Content-Length") == 1


async def test_a_body_of_unknown_size_is_chunked_then(fake: Fake) -> None:
    """S-472, S-34."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"new"

    connector = await changed(fake, lambda r: r.update_body(pieces()), data=b"old")
    assert connector.requests[0].body == b"new"
    assert b"Content-Length" not in connector.requests[0].head


async def test_the_replaced_body_is_closed(fake: Fake, tmp_path: Path) -> None:
    """S-472."""
    (tmp_path / "f").write_bytes(b"x")
    file = (tmp_path / "f").open("rb")
    connector = await changed(fake, lambda r: r.update_body(b"new"), data=file)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert file.closed
    assert connector.requests[0].body == b"new"


async def test_a_part_as_a_whole_body_is_no_attachment(fake: Fake, tmp_path: Path) -> None:
    """S-391, S-472."""
    (tmp_path / "f.txt").write_bytes(b"x")

    async def replace(request: ClientRequest) -> None:
        await request.update_body((tmp_path / "f.txt").open("rb"))

    connector = await changed(fake, replace)
    assert b"Disposition" not in connector.requests[0].head


async def test_a_body_that_was_sent_is_not_sent_again_in_part(fake: Fake) -> None:
    """SEC-6."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"once"

    async def twice(request: ClientRequest, handler: Handler) -> ClientResponse:
        (await handler(request)).release()
        return await handler(request)

    session, connector = fake(middlewares=[twice])
    with pytest.raises(ClientPayloadError, match="cannot be sent again"):
        await session.post("http://h/?token=secret", data=pieces())
    assert len(connector.requests) == 1


async def test_texts_about_a_request_show_no_secret(fake: Fake) -> None:
    """S-14, SEC-60."""
    seen: list[str] = []

    async def look(request: ClientRequest) -> None:
        seen.extend(
            [repr(request), repr(request.source), repr(request.target), repr(request.request_info)]
        )

    session, connector = fake()

    async def middleware(request: ClientRequest, handler: Handler) -> ClientResponse:
        await look(request)
        return await handler(request)

    await session.get(
        "http://user:hidden@h/?password=hidden", cookies={"c": "hidden"}, middlewares=[middleware]
    )
    assert "hidden" not in "".join(seen[0:2] + seen[3:])
    assert b"Authorization: Basic" in connector.requests[0].head


async def test_assigning_a_body_works_and_warns_if_the_old_one_needs_closing(
    fake: Fake, tmp_path: Path
) -> None:
    """S-472, S-566."""
    path = tmp_path / "f"
    path.write_bytes(b"old")

    async def assign(request: ClientRequest) -> None:
        request.body = b"new"

    connector = await changed(fake, assign, data=b"old body")
    assert connector.requests[0].body == b"new"
    with path.open("rb") as file, pytest.warns(ResourceWarning, match="update_body"):
        connector = await changed(fake, assign, data=file)
    assert connector.requests[0].body == b"new"


async def test_a_middleware_sees_what_the_call_asked_for(fake: Fake) -> None:
    """S-471, S-435."""
    seen: list[ClientRequest] = []

    async def look(request: ClientRequest, handler: Handler) -> ClientResponse:
        seen.append(request)
        return await handler(request)

    session, _ = fake(middlewares=[look])
    await session.post(
        "http://h:81/a#b", proxy="http://u:p@p", proxy_headers={"X": "1"}, compress="gzip",
        data=b"x", timeout=7, server_hostname="name", skip_auto_headers=["Accept"],
    )  # fmt: skip
    request = seen[0]
    assert str(request.proxy) == "http://p"
    assert request.proxy_auth is not None
    assert request.proxy_headers == {"X": "1"}
    assert (request.compress, request.chunked, request.is_ssl()) == ("gzip", True, False)
    assert (request.host, request.port, request.method) == ("h", 81, "POST")
    assert (str(request.url), str(request.original_url)) == ("http://h:81/a", "http://h:81/a#b")
    assert (request.timeout.total, request.server_hostname) == (7, "name")
    assert request.skip_auto_headers == {"accept"}
    assert request.session is session
    assert request.response_class is ClientResponse
    assert request.auth is None


async def test_fields_may_be_changed_until_the_request_is_sent(fake: Fake) -> None:
    """S-471: a head that was finished before is made anew, and checked anew (SEC-1)."""

    async def change(request: ClientRequest) -> None:
        request.headers["X-Added"] = "1"

    connector = await changed(fake, change)
    assert b"\r\nX-Added: 1\r\n" in connector.requests[0].head

    async def break_it(request: ClientRequest) -> None:
        request.headers["X-Added"] = "\n"

    with pytest.raises(ValueError, match="X-Added"):
        await changed(fake, break_it)
