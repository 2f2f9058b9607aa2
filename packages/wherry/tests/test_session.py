"""`_session`: what goes over the wire for a call, and what a session owns."""

import asyncio
import gc
import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from wherry import (
    BasicAuth,
    ClientConnectionError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    CookieJar,
    DummyCookieJar,
    Fingerprint,
    FormData,
    Handler,
    HttpVersion10,
    InvalidUrlClientError,
    NonHttpUrlClientError,
    TCPConnector,
)
from wherry.testing import FakeConnector, LoopbackServer, ResponsePlan, response_bytes
from wherry_codec import Request

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
CHUNKED = {"Transfer-Encoding": "chunked"}
HEAD = b"Host: h\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: U\r\n"


def wire(connector: FakeConnector, index: int = -1) -> bytes:
    """The bytes of a request, with what depends on the installation made equal."""
    raw = connector.requests[index].raw
    raw = re.sub(rb"User-Agent: Python/3\.\d+ wherry/[^\r]+", b"User-Agent: U", raw)
    return re.sub(rb"gzip, deflate(, br)?(, zstd)?", b"gzip, deflate", raw)


# --- wire examples ------------------------------------------------------------------------------


async def test_wire_of_a_plain_get_with_a_session_header(fake: Fake) -> None:
    """Appendix E, S-25, S-378."""
    session, connector = fake(headers={"X-D": "d"})

    await session.get("http://h/p?x=1#fragment")

    assert wire(connector) == (
        b"GET /p?x=1 HTTP/1.1\r\nHost: h\r\nX-D: d\r\n" + HEAD.partition(b"\r\n")[2] + b"\r\n"
    )


async def test_wire_of_a_get_with_cookies_credentials_and_a_header(fake: Fake) -> None:
    """Appendix E."""
    session, connector = fake()

    await session.get(
        "http://h/", cookies={"a": "b"}, auth=BasicAuth("u", "p"), headers={"X-A": "1"}
    )

    assert wire(connector) == (
        b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
        b"User-Agent: U\r\nCookie: a=b\r\nAuthorization: Basic dTpw\r\n\r\n"
    )


async def test_wire_of_a_post_of_json(fake: Fake) -> None:
    """Appendix E, S-386."""
    session, connector = fake()

    await session.post("http://h/", json={"a": 1})

    assert wire(connector) == (
        b"POST / HTTP/1.1\r\n" + HEAD +
        b'Content-Length: 8\r\nContent-Type: application/json\r\n\r\n{"a": 1}'
    )  # fmt: skip


async def test_wire_of_a_post_of_an_async_generator(fake: Fake) -> None:
    """Appendix E, S-33, S-387: each piece is one chunk, empty ones are none."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"ab", b"", b"cde"):
            yield piece

    session, connector = fake()

    await session.post("http://h/", data=pieces())

    assert wire(connector) == (
        b"POST / HTTP/1.1\r\n" + HEAD +
        b"Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    )  # fmt: skip


async def test_wire_of_a_form_with_a_field_and_a_file(
    fake: Fake, tmp_path: Path, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """Appendix E, S-296, S-390: the file comes from disk and is closed afterwards."""
    path = tmp_path / "é x.txt"
    path.write_bytes(b"data" * 50_000)
    file = path.open("rb")
    session, connector = fake()

    await session.post("http://h/", data={"a": "b", "file": file})

    sent = wire(connector)
    boundary = re.search(rb"boundary=([0-9a-f]+)", sent)
    assert boundary is not None
    body = (
        b'--B\r\nContent-Type: text/plain; charset=utf-8\r\n'
        b'Content-Disposition: form-data; name="a"\r\n\r\nb\r\n'
        b'--B\r\nContent-Type: text/plain\r\n'
        b'Content-Disposition: form-data; name="file"; filename="%C3%A9%20x.txt"\r\n\r\n'
        + b"data" * 50_000 + b"\r\n--B--\r\n"
    ).replace(b"--B", b"--" + boundary[1])  # fmt: skip
    assert sent == (
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: %d\r\n" % len(body) +
        b"Content-Type: multipart/form-data; boundary=" + boundary[1] + b"\r\n\r\n" + body
    )  # fmt: skip
    await threads_done()
    assert file.closed


@pytest.mark.parametrize(
    ("data", "content_type", "body"),
    [
        (b"x", b"application/octet-stream", b"x"),
        (b"", b"application/octet-stream", b""),
        (bytearray(b"x"), b"application/octet-stream", b"x"),
        (memoryview(b"x"), b"application/octet-stream", b"x"),
        ("é", b"text/plain; charset=utf-8", "é".encode()),
        ({"k": "v w"}, b"application/x-www-form-urlencoded", b"k=v+w"),
        ([("k", "1"), ("k", "2")], b"application/x-www-form-urlencoded", b"k=1&k=2"),
        ({}, b"application/x-www-form-urlencoded", b""),
        (FormData({"k": "v"}), b"application/x-www-form-urlencoded", b"k=v"),
        (io.BytesIO(b"xyz"), b"application/octet-stream", b"xyz"),
        (io.StringIO("é"), b"text/plain; charset=utf-8", "é".encode()),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_each_kind_of_data_has_its_type_and_length(
    fake: Fake, data: object, content_type: bytes, body: bytes
) -> None:
    """S-386, S-387, S-389…S-391."""
    session, connector = fake()

    await session.put("http://h/", data=data)

    assert wire(connector) == (
        b"PUT / HTTP/1.1\r\n" + HEAD + b"Content-Length: %d\r\nContent-Type: " % len(body) +
        content_type + b"\r\n\r\n" + body
    )  # fmt: skip


async def test_a_file_is_the_whole_body_without_disposition(
    fake: Fake, tmp_path: Path, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """S-391, S-285."""
    (tmp_path / "page.html").write_bytes(b"<p>")
    file = (tmp_path / "page.html").open("rb")
    session, connector = fake()

    await session.post("http://h/", data=file)

    head = connector.requests[0].head
    assert b"Content-Type: text/html\r\n" in head
    assert b"Disposition" not in head
    assert connector.requests[0].body == b"<p>"
    await threads_done()
    assert file.closed


@pytest.mark.parametrize(
    ("charset", "body"), [("latin-1", b"\xe9"), ("utf-8", b"\xc3\xa9"), ("no-such", b"\xc3\xa9")]
)
@pytest.mark.parametrize("where", ["session", "request"])
async def test_text_is_sent_in_the_charset_of_the_caller(
    fake: Fake, charset: str, body: bytes, where: str
) -> None:
    """S-388."""
    headers = {"Content-Type": f"text/x; charset={charset}"}
    session, connector = fake(headers=headers if where == "session" else None)

    await session.post("http://h/", data="é", headers=headers if where == "request" else None)

    assert connector.requests[0].body == body
    assert b"Content-Type: text/x; charset=%b\r\n" % charset.encode() in wire(connector)


async def test_an_own_json_encoder_is_used(fake: Fake) -> None:
    """S-386."""
    session, connector = fake(json_serialize=lambda value: json.dumps(value, indent=0))
    await session.post("http://h/", json=[1])
    assert connector.requests[-1].body == b"[\n1\n]"

    session, connector = fake(json_serialize_bytes=lambda value: b"bytes")
    await session.post("http://h/", json=[1])
    assert connector.requests[-1].body == b"bytes"


@pytest.mark.parametrize(
    "method", ["get", "GET", "options", "head", "post", "put", "patch", "delete"]
)
async def test_there_is_a_method_for_each_method(fake: Fake, method: str) -> None:
    """S-366, S-368."""
    session, connector = fake()

    response = await session.request(method, "http://h/")
    other = await getattr(session, method.lower())("http://h/")

    assert response.method == other.method == method.upper()
    assert wire(connector, 0) == wire(connector, 1)


async def test_http_1_0_is_announced(fake: Fake) -> None:
    """S-382, S-383."""
    session, connector = fake(version=HttpVersion10)

    await session.get("http://h/")

    assert wire(connector).startswith(b"GET / HTTP/1.0\r\n")
    assert b"Connection: keep-alive\r\n" in wire(connector)


async def test_force_close_is_announced(fake: Fake) -> None:
    """S-131, S-382."""
    session, connector = fake(force_close=True)

    await session.get("http://h/")

    assert wire(connector).endswith(b"Connection: close\r\n\r\n")
    assert connector.stats() == {}


async def test_a_relative_url_is_joined_to_the_base(fake: Fake) -> None:
    """S-373."""
    session, connector = fake(base_url="http://h/api/v1/")
    for url, target in (
        ("users", b"/api/v1/users"), ("/users", b"/users"), ("?q=1", b"/api/v1/?q=1"),
        (URL("a/b"), b"/api/v1/a/b"), ("http://other/x", b"/x"), ("../x", b"/api/x"),
    ):  # fmt: skip
        await session.get(url)
        assert connector.requests[-1].head.split()[1] == target

    assert connector.requests[-2].key.host == "other"


# --- framing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ({"headers": {"Content-Length": "2"}, "data": b"abc"}, b"\r\n\r\nab"),
        ({"headers": {"Content-Length": "3"}, "data": b"abc"}, b"\r\n\r\nabc"),
        ({"chunked": True, "data": b"abc"}, b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        ({"chunked": True}, b"\r\n\r\n0\r\n\r\n"),
        ({"headers": CHUNKED, "data": b"abc"}, b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        ({"headers": CHUNKED}, b"\r\n\r\n0\r\n\r\n"),
        ({"chunked": False, "data": b"abc"}, b"\r\n\r\nabc"),
    ],
)  # fmt: skip
async def test_the_body_is_framed_as_the_head_says(
    fake: Fake, arguments: dict[str, Any], end: bytes
) -> None:
    """S-31, S-33, S-34, S-395, S-396, SEC-4."""
    session, connector = fake()

    await session.get("http://h/", **arguments)

    raw = connector.requests[0].raw
    assert raw.endswith(end)
    assert (b"Content-Length" in raw) is not (b"chunked" in raw)


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding"])
async def test_a_framing_field_of_the_session_holds_for_calls_without_arguments(
    fake: Fake, name: str
) -> None:
    """S-34: what the head announces is what follows, although the head is made once."""
    session, connector = fake(headers={name: "chunked" if name[0] == "T" else "5"})
    for _ in range(2):
        if name == "Content-Length":
            with pytest.raises(ClientConnectionError, match="announced 5"):
                await session.get("http://h/")
        else:
            await session.get("http://h/")
            assert connector.requests[-1].raw.endswith(b"\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("data", [b"abc", None])
async def test_a_body_shorter_than_its_length_fails(fake: Fake, data: bytes | None) -> None:
    """S-32, SEC-4."""
    session, connector = fake()

    with pytest.raises(ClientConnectionError, match="announced 5"):
        await session.post("http://h/", data=data, headers={"Content-Length": "5"})

    assert connector.stats() == {}


async def test_a_continue_is_waited_for(fake: Fake) -> None:
    """S-397."""
    session, connector = fake()

    async with session.post("http://h/", data=b"abc", expect100=True) as response:
        assert [head.status for head in response.informational] == [100]

    assert b"Expect: 100-continue\r\n" in connector.requests[0].head
    assert connector.transports[0].writes[-1] == b"abc"


async def test_a_refused_expectation_leaves_the_body_unsent(until: Until) -> None:
    """S-397."""
    asked: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        asked.append(True)
        yield b""

    async with FakeConnector(lambda head, body: None) as connector:
        session = ClientSession(connector=connector)
        task = asyncio.ensure_future(session.post("http://h/", data=pieces(), expect100=True))
        await until(lambda: connector.transports and connector.transports[0].writes)
        connector.transports[0].feed(response_bytes(b"no", 417))
        async with await task as response:
            assert response.status == 417
            assert await response.read() == b"no"
        await session.close()
        assert connector.in_use == 0
    assert asked == []


# --- arguments ----------------------------------------------------------------------------------


BAD_CALLS: list[tuple[type[Exception], str, str, dict[str, Any]]] = [
    (ValueError, "GET", "http://h/", {"data": b"", "json": 1}),
    (ValueError, "G T", "http://h/", {}),
    (ValueError, "", "http://h/", {}),
    (ValueError, "GET\r\nX: y", "http://h/", {}),
    (ValueError, "GET", "http://h/", {"headers": {"X": "a\r\nb"}}),
    (ValueError, "GET", "http://h/", {"headers": {"X": "a\0b"}}),
    (ValueError, "GET", "http://h/", {"headers": {"X": "a\x7f"}}),
    (ValueError, "GET", "http://h/", {"headers": {"X\r\nY": "a"}}),
    (ValueError, "GET", "http://h/", {"headers": {"X Y": "a"}}),
    (ValueError, "GET", "http://h/", {"headers": {"": "a"}}),
    (ValueError, "GET", "http://h/", {"headers": {"Host": "a@b"}}),
    (ValueError, "GET", "http://h/", {"headers": {"Host": "a\r\nb"}}),
    (ValueError, "GET", "http://h/", {"cookies": {"a": "b\r\nc"}}),
    (ValueError, "GET", "http://h/", {"cookies": {"a b": "c"}}),
    (ValueError, "GET", "http://h/", {"chunked": True, "headers": {"Content-Length": "1"}}),
    (
        ValueError,
        "GET",
        "http://h/",
        {"chunked": True, "headers": {"Transfer-Encoding": "chunked"}},
    ),
    (ValueError, "GET", "http://u:p@h/", {"auth": BasicAuth("a", "b")}),
    (ValueError, "GET", "http://u:p@h/", {"headers": {"Authorization": "x"}}),
    (TypeError, "GET", "http://h/", {"headers": {"X": 1}}),
    (TypeError, "GET", "http://h/", {"headers": {1: "x"}}),
    (TypeError, "GET", "http://h/", {"auth": ("a", "b")}),
    (TypeError, "GET", "http://h/", {"ssl": "yes"}),
    (TypeError, "GET", "http://h/", {"params": {"a": None}}),
    (TypeError, "GET", "http://h/", {"params": {"a": True}}),
    (TypeError, "POST", "http://h/", {"data": object()}),
    (TypeError, "POST", "http://h/", {"data": 5}),
    (TypeError, "GET", "http://h/", {"timeout": "5"}),
    (TypeError, "GET", "http://h/", {"no_such_keyword": 1}),
    (InvalidUrlClientError, "GET", "/relative", {}),
    (InvalidUrlClientError, "GET", "http://", {}),
    (InvalidUrlClientError, "GET", "http://127.1/", {}),
    (NonHttpUrlClientError, "GET", "ftp://h/", {}),
]


@pytest.mark.parametrize(("error", "method", "url", "arguments"), BAD_CALLS)
async def test_bad_arguments_raise_from_the_await_and_touch_nothing(
    fake: Fake, error: type[Exception], method: str, url: str, arguments: dict[str, Any]
) -> None:
    """S-370, S-29, S-507…S-521, SEC-1…SEC-3."""
    session, connector = fake()
    call = session.request(method, url, **arguments)

    with pytest.raises(error) as caught:
        await call

    assert connector.transports == []
    assert type(caught.value) is not AssertionError
    assert len(session.cookie_jar) == 0


@pytest.mark.parametrize(
    "arguments",
    [{"auth": 5}, {"headers": {"X": "a\0"}}, {"params": {"a": None}}, {"cookies": {"a b": "c"}},
     {"no_such": 1}],
)  # fmt: skip
async def test_a_file_is_closed_when_the_call_is_refused(
    fake: Fake,
    tmp_path: Path,
    threads_done: Callable[[], Awaitable[None]],
    arguments: dict[str, Any],
) -> None:
    """S-370, S-285."""
    (tmp_path / "f").write_bytes(b"x")
    file = (tmp_path / "f").open("rb")
    session, _ = fake()

    with pytest.raises((TypeError, ValueError)):
        await session.post("http://h/", data=file, **arguments)

    await threads_done()
    assert file.closed


async def test_arguments_may_be_iterators(fake: Fake) -> None:
    """S-354, S-374, S-199: although some are looked at more than once."""
    answers = iter([response_bytes(status=307, headers={"Location": "/x"}), response_bytes()])
    session, connector = fake(lambda head, body: next(answers))

    await session.get(
        "http://h/",
        headers=iter([("X-A", "1")]),
        cookies=iter([("c", "1")]),
        params=[("p", "1")],
        skip_auto_headers=iter(["Accept"]),
    )

    for request in connector.requests:
        assert b"\r\nX-A: 1\r\n" in request.head
        assert b"\r\nCookie: c=1\r\n" in request.head
        assert b"\r\nAccept: " not in request.head


async def test_changing_the_sessions_headers_affects_later_requests(fake: Fake) -> None:
    """S-354, SEC-30."""
    session, connector = fake(headers=CIMultiDict([("A", "1"), ("A", "2")]))
    for change in (None, "add", "del"):
        if change == "add":
            session.headers["B"] = "3"
        elif change == "del":
            del session.headers["A"]
        await session.get("http://h/")

    heads = [request.head for request in connector.requests]
    assert [b"A: 1\r\nA: 2" in head for head in heads] == [True, True, False]
    assert [b"B: 3" in head for head in heads] == [False, True, True]


async def test_headers_of_one_request_do_not_reach_the_next(fake: Fake) -> None:
    """SEC-30."""
    session, connector = fake()

    await session.get("http://h/", headers={"X-Secret": "1"}, cookies={"c": "1"})
    await session.get("http://h/")

    assert b"X-Secret" not in connector.requests[1].head
    assert b"Cookie" not in connector.requests[1].head


# --- credentials and cookies --------------------------------------------------------------------


async def test_credentials_are_chosen_in_the_documented_order(fake: Fake) -> None:
    """S-458, S-459."""
    session, connector = fake(auth=BasicAuth("session", "1"))
    await session.get("http://h/", auth=BasicAuth("call", "1"))
    await session.get("http://url:1@h/")
    response = await session.get("http://h/")

    sent = [re.search(rb"Authorization: ([^\r]+)", r.head) for r in connector.requests]
    expected = [BasicAuth(name, "1").encode().encode() for name in ("call", "url", "session")]
    assert [match[1] for match in sent if match] == expected
    assert response.url == URL("http://h/")


async def test_session_credentials_stay_with_the_base_url(fake: Fake) -> None:
    """S-446, DECISIONS C-01."""
    session, connector = fake(base_url="http://h/", auth=BasicAuth("u", "p"))
    await session.get("x")
    await session.get("http://other/")
    await session.get("https://h/")

    assert [b"Authorization" in r.head for r in connector.requests] == [True, False, False]


async def test_cookies_of_a_call_are_merged_and_not_stored(fake: Fake) -> None:
    """S-199."""
    session, connector = fake(cookies={"a": "jar", "b": "jar"})

    await session.get("http://h/", cookies={"b": "call", "c": "x y"})

    assert b'Cookie: a=jar; b=call; c="x y"\r\n' in connector.requests[0].head
    assert {morsel.key for morsel in session.cookie_jar} == {"a", "b"}  # type: ignore[attr-defined]  # a CookieJar


@pytest.mark.parametrize("quote_cookie", [True, False])
async def test_cookies_of_a_call_obey_the_jar(fake: Fake, quote_cookie: bool) -> None:
    """S-199, S-211."""
    session, connector = fake(cookie_jar=CookieJar(quote_cookie=quote_cookie))
    await session.get("http://h/", cookies={"c": "x y"})
    assert (b'c="x y"' in connector.requests[0].head) is quote_cookie

    session, connector = fake(cookie_jar=DummyCookieJar())
    await session.get("http://h/", cookies={"c": "1"})
    assert b"Cookie: c=1\r\n" in connector.requests[0].head


async def test_a_cookie_header_of_the_caller_is_merged_with_the_jar(fake: Fake) -> None:
    """S-200."""
    session, connector = fake(cookies={"a": "jar"})
    own = [("Cookie", "a=mine; b=mine"), ("Cookie", "d=second")]
    await session.get("http://h/", headers=own)
    await session.get("http://h/", headers={"Cookie": "b=1;; odd"}, cookies={"b": "2"})
    assert b"Cookie: b=mine; d=second; a=jar\r\n" in connector.requests[0].head
    assert b"Cookie: odd; a=jar; b=2\r\n" in connector.requests[1].head

    session, connector = fake()
    await session.get("http://h/", headers={"Cookie": "b=1;; odd"})
    assert b"Cookie: b=1;; odd\r\n" in connector.requests[0].head


async def test_cookies_set_by_responses_come_back_until_the_jar_is_cleared(fake: Fake) -> None:
    """S-207, SEC-30: also for calls whose head was made before."""
    session, connector = fake(response_bytes(headers={"Set-Cookie": "a=1"}))
    await session.get("http://h.example/")
    await session.get("http://h.example/")
    session.cookie_jar.clear()  # type: ignore[attr-defined]  # a CookieJar
    await session.get("http://h.example/")
    await session.get("http://other.example/")

    sent = [b"Cookie: a=1\r\n" in request.head for request in connector.requests]
    assert sent == [False, True, False, False]


# --- life ---------------------------------------------------------------------------------------


async def test_nothing_happens_before_the_await(fake: Fake) -> None:
    """S-366."""
    session, connector = fake()
    call = session.get("http://h/")
    await asyncio.sleep(0)
    assert connector.transports == []

    call.close()
    task = asyncio.create_task(session.get("http://h/"))
    assert (await task).status == 200
    assert (await asyncio.wait_for(session.get("http://h/"), 5)).status == 200


async def test_a_closed_session_refuses_calls(fake: Fake) -> None:
    """S-362, S-507, S-360."""
    session, connector = fake()
    await session.get("http://h/")
    await session.close()
    await session.close()

    assert session.closed
    assert session.connector is None
    for call in (
        session.get("http://h/"),
        session.get("http://h/", data=b""),
        session.ws_connect("http://h/"),
    ):
        with pytest.raises(RuntimeError, match="closed"):
            await call
    assert connector.closed


async def test_a_session_is_closed_when_its_connector_is(fake: Fake) -> None:
    """S-362."""
    session, connector = fake()
    await session.get("http://h/")
    await connector.close()

    assert session.closed
    for call in (session.get("http://h/"), session.get("http://h/", params="a")):
        with pytest.raises(RuntimeError, match="closed"):
            await call


async def test_a_connector_of_somebody_else_stays_open() -> None:
    """S-352, S-361."""
    connector = FakeConnector(lambda head, body: response_bytes())
    async with ClientSession(connector=connector, connector_owner=False) as session:
        await session.get("http://h/")
    assert not connector.closed
    session = ClientSession(connector=connector)
    session.detach()
    assert session.closed
    assert not connector.closed
    await connector.close()


async def test_closing_in_the_middle_of_an_upload_closes_the_file(
    fake: Fake, until: Until, tmp_path: Path, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """S-175, S-285: before close() returns, so that nothing is left for the loop to do."""
    (tmp_path / "f").write_bytes(b"x" * 1_000_000)
    file = (tmp_path / "f").open("rb")
    session, connector = fake(None)

    async def feed() -> None:
        await until(lambda: connector.transports and connector.transports[0].writes)
        connector.transports[0].stall()
        connector.transports[0].feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx")

    feeding = asyncio.create_task(feed())
    response = await session.post("http://h/", data=file)
    await feeding
    states = [file.closed]
    await session.close()
    assert session._closings == set()
    await threads_done()
    assert [*states, file.closed] == [False, True]
    with pytest.raises(ClientConnectionError):
        await response.read()


async def test_closing_fails_what_is_under_way(fake: Fake, until: Until) -> None:
    """S-174, S-175, S-542: without a retry."""
    session, connector = fake(lambda head, body: None, limit=1)
    calls = [asyncio.ensure_future(session.get("http://h/")) for _ in range(3)]
    await until(lambda: connector.requests)

    await session.close()

    for result in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(result, ClientConnectionError)
    assert len(connector.requests) == 1


async def test_an_unclosed_session_is_told_about() -> None:
    """S-363, S-563."""
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: contexts.append(context))
    session = ClientSession(connector=FakeConnector(lambda head, body: None))
    session.own = session
    del session

    with pytest.warns(ResourceWarning, match="Unclosed client session"):
        gc.collect()

    assert contexts[0]["message"] == "Unclosed client session"
    contexts.clear()


async def test_on_a_debug_loop_it_is_told_where_the_session_was_made() -> None:
    """S-11, S-363."""
    loop = asyncio.get_running_loop()
    contexts: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda loop, context: contexts.append(context))
    loop.set_debug(True)
    kept = [ClientSession(connector=FakeConnector(lambda head, body: None))]
    loop.set_debug(False)
    with pytest.warns(ResourceWarning, match="Unclosed client session"):
        kept.clear()
    assert contexts[0]["source_traceback"][-1].name.startswith("__init__")
    contexts.clear()


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (TypeError, {"no_such": 1}),
        (TypeError, {"auth": 5}),
        (TypeError, {"ssl": 5}),
        (TypeError, {"headers": {"A": 1}}),
        (ValueError, {"timeout": 5}),
        (ValueError, {"base_url": "x"}),
    ],
)
async def test_a_failing_constructor_leaves_nothing_behind(
    error: type[Exception], arguments: dict[str, Any]
) -> None:
    """S-353, S-358, S-512."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error):
            ClientSession(**arguments)
        gc.collect()


def test_a_session_needs_a_running_loop() -> None:
    """S-8."""
    with pytest.raises(RuntimeError):
        ClientSession()


async def test_with_instead_of_async_with_is_refused(fake: Fake) -> None:
    """S-359."""
    session, _ = fake()
    with pytest.raises(TypeError, match="async with"), session:
        pass


async def test_the_settings_can_be_read(fake: Fake) -> None:
    """S-355."""
    session, connector = fake(
        timeout=ClientTimeout(total=1), skip_auto_headers=["User-Agent"], auth=BasicAuth("u")
    )

    assert session.connector is connector
    assert session.timeout == ClientTimeout(total=1)
    assert session.skip_auto_headers == {"user-agent"}
    assert session.auth == BasicAuth("u")
    assert session.version == (1, 1)
    assert session.json_serialize is json.dumps
    assert session.connector_owner
    assert session.auto_decompress
    assert session.raise_for_status is False
    assert session.trace_configs == []
    assert "ClientSession" in repr(session)


async def test_over_a_real_socket() -> None:
    """S-364: and nothing is left that warns when the loop stops."""

    def handler(request: Request, body: bytes) -> ResponsePlan:
        return ResponsePlan(body=request.method.encode() + b" " + body)

    async with LoopbackServer(handler) as server:
        async with ClientSession(server.url, connector=TCPConnector()) as session:
            for _ in range(2):
                async with session.post("/x", data=b"body") as response:
                    assert await response.text() == "POST body"
        assert len(server.connections) == 1


_texts = st.text(max_size=6) | st.sampled_from(["\r\nX: y", "a\0", "a: b", "\ud800", "é", "a\tb"])


@given(
    method=st.sampled_from(["GET", "POST"]) | _texts,
    path=_texts,
    headers=st.lists(
        st.tuples(_texts | st.sampled_from(["X-A", "Host", "Cookie"]), _texts), max_size=3
    ),
    cookies=st.dictionaries(_texts, _texts, max_size=2),
    params=st.dictionaries(_texts, _texts, max_size=2),
    data=st.none() | st.binary(max_size=5) | st.dictionaries(_texts, _texts, max_size=2),
)
@settings(max_examples=150, deadline=None)
def test_no_argument_can_smuggle_anything_onto_the_wire(
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    cookies: dict[str, str],
    params: dict[str, str],
    data: Any,
) -> None:
    """SEC-1…SEC-4: a strict server reads one request with the names that were given, or none."""

    async def scenario() -> None:
        connector = FakeConnector(lambda head, body: response_bytes())
        async with ClientSession(connector=connector) as session:
            url = "http://h/" + path
            arguments: dict[str, Any] = {"cookies": cookies, "params": params, "data": data}
            try:
                await session.request(method, url, headers=headers, **arguments)
            except ValueError:  # InvalidURL is one
                assert connector.transports == []
                return
            assert len(connector.requests) == 1
            lines = connector.requests[0].head[:-4].split(b"\r\n")
            automatic = {"host", "cookie", "accept", "accept-encoding", "user-agent",
                         "content-length", "content-type"}  # fmt: skip
            names = {line.partition(b":")[0].decode().lower() for line in lines[1:]}
            assert names <= automatic | {name.lower() for name, _ in headers}

    asyncio.run(scenario())


async def test_subclassing_a_session_is_discouraged_and_works(fake: Fake) -> None:
    """S-356, S-567."""
    with pytest.warns(DeprecationWarning, match="Mine") as caught:

        class Mine(ClientSession):
            """A subclass."""

    assert caught[0].filename == __file__
    async with Mine() as session:
        assert not session.closed


@pytest.mark.parametrize("variable", [True, False])
def test_in_debug_mode_a_custom_attribute_is_discouraged(variable: bool) -> None:
    """S-11, S-357, S-567: elsewhere nobody looks."""
    code = (
        "import asyncio, wherry\n"
        "async def main():\n"
        "    async with wherry.ClientSession() as session:\n"
        "        session.response_class = wherry.ClientResponse\n"
        "        session.mine = 1\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONASYNCIODEBUG": "1" if variable else ""}
    flags = ["-W", "error::DeprecationWarning", "-W", "ignore::ResourceWarning"]
    done = subprocess.run(
        [sys.executable, *flags, "-c", code], env=environment, capture_output=True, text=True
    )
    assert ("ClientSession.mine" in done.stderr) is variable
    assert (done.returncode != 0) is variable


async def test_old_names_of_a_session_s_properties_warn(fake: Fake) -> None:
    """S-355, S-568."""
    session, _ = fake()
    with pytest.warns(DeprecationWarning, match="loop"):
        assert session.loop is asyncio.get_running_loop()
    assert session.requote_redirect_url
    with pytest.warns(DeprecationWarning, match="requote_redirect_url"):
        session.requote_redirect_url = False
    assert not session.requote_redirect_url
    with pytest.warns(DeprecationWarning, match="ssl_shutdown_timeout"):
        await ClientSession(ssl_shutdown_timeout=1).close()


async def test_chunked_of_another_type_counts_as_true(fake: Fake) -> None:
    """S-395, S-568."""
    session, connector = fake()
    with pytest.warns(DeprecationWarning, match="got int"):
        await session.post("http://h/", data=b"x", chunked=0)  # type: ignore[arg-type]
    assert b"Transfer-Encoding: chunked" in connector.requests[0].head


async def test_old_tls_arguments_mean_what_ssl_means(fake: Fake) -> None:
    """S-110, S-466, S-568."""
    session, connector = fake()
    with pytest.warns(DeprecationWarning, match="verify_ssl"):
        await session.get("https://h/", verify_ssl=False)
    with pytest.warns(DeprecationWarning, match="fingerprint"):
        await session.get("https://h/", fingerprint=b"x" * 32)
    assert [request.key.ssl for request in connector.requests] == [False, Fingerprint(b"x" * 32)]
    with pytest.warns(DeprecationWarning, match="ssl"), pytest.raises(ValueError, match="exclude"):
        await session.get("https://h/", verify_ssl=False, ssl=False)


async def test_data_and_json_exclude_each_other(fake: Fake) -> None:
    """S-369, S-508."""
    session, connector = fake()
    with pytest.raises(ValueError, match="json"):
        await session.post("http://h/", data=b"x", json={})
    assert connector.transports == []


async def test_a_url_that_is_encoded_already_is_sent_as_it_is(fake: Fake) -> None:
    """S-375: params canonicalise it in any case."""
    session, connector = fake()
    await session.get(URL("http://h/%7Ea?x=%2b", encoded=True))
    await session.get(URL("http://h/%7Ea", encoded=True), params={"b": "1"})
    targets = [request.head.split()[1] for request in connector.requests]
    assert targets == [b"/%7Ea?x=%2b", b"/~a?b=1"]


async def test_an_own_request_class_is_used() -> None:
    """S-409."""

    class Own(ClientRequest):
        """A subclass."""

    connector = FakeConnector(lambda head, body: response_bytes(b"ok"))
    kinds: list[type] = []

    async def look(request: ClientRequest, handler: Handler) -> ClientResponse:
        kinds.append(type(request))
        return await handler(request)

    async with ClientSession(connector=connector, request_class=Own, middlewares=[look]) as session:
        await session.get("http://h/")
    assert kinds == [Own]


async def test_a_warning_from_inside_a_request_is_about_the_caller_s_line() -> None:
    """S-571: however many coroutines lie in between."""
    async with ClientSession() as session:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(ValueError, match="control"):
                await session.get("http://h/", chunked=1, headers={"a": "\n"})  # type: ignore[arg-type]
    assert [warning.filename for warning in caught] == [__file__]


async def test_async_with_is_no_caller_either() -> None:
    """S-571."""
    async with ClientSession() as session:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(ValueError, match="control"):
                async with session.get("http://h/", verify_ssl=False, headers={"a": "\n"}):
                    pass
    assert [warning.filename for warning in caught] == [__file__]
