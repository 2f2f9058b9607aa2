"""`_response`: what a response tells, how its body is read, when its connection goes back."""

import asyncio
import copy
import functools
import gc
import gzip
import json
import pickle
import warnings
import zlib
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from yarl import URL

from wherry import (
    ClientConnectionError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ContentTypeError,
    FormData,
    MultipartReader,
    RequestInfo,
    StreamReader,
)
from wherry.testing import FakeConnector, LoopbackServer, RawPlan, ResponsePlan, response_bytes
from wherry_codec import Request
from wherry_codec.testing import cut, every_split
from wherry_pool import Connection

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
JSON = {"Content-Type": "application/json"}


async def get(fake: Fake, body: bytes = b"", headers: Any = (), **arguments: Any) -> ClientResponse:
    session, _ = fake(response_bytes(body, headers=headers))
    return await session.get("http://h/p?key=secret#f", **arguments)


async def collect(content: StreamReader, pieces: list[bytes]) -> None:
    """Read piece by piece, keeping what came before a failure."""
    async for piece in content.iter_any():
        pieces.append(piece)  # noqa: PERF401 - extend() would lose what came before a failure


# --- the head -----------------------------------------------------------------------------------


async def test_the_head_can_be_read_in_parts(fake: Fake) -> None:
    """S-401."""
    headers = [("X-A", "1"), ("x-a", "2"), ("Content-Type", 'Text/HTML; charset="UTF-8"')]
    session, _connector = fake(response_bytes(b"body", 404, headers))
    response = await session.get("http://h.example/p#f", headers={"X-Own": "1"})

    assert (response.status, response.reason, response.ok) == (404, "Not Found", False)
    assert response.version == (1, 1)
    assert response.method == "GET"
    assert (response.url, response.real_url) == (
        URL("http://h.example/p"),
        URL("http://h.example/p#f"),
    )
    assert response.host == "h.example"
    assert response.headers.getall("x-a") == ["1", "2"]
    assert response.raw_headers[1] == (b"x-a", b"2")
    assert (response.content_type, response.charset) == ("text/html", "UTF-8")
    assert response.content_length == 4
    assert response.history == ()
    assert isinstance(response.content, StreamReader)
    info = response.request_info
    assert (info.url, info.method, info.real_url) == (response.url, "GET", response.real_url)
    assert info.headers["X-Own"] == "1"
    assert "Host" in info.headers


@pytest.mark.parametrize("field", [None, "", "nonsense", "/", "text"])
async def test_a_missing_or_malformed_content_type_means_bytes(
    fake: Fake, field: str | None
) -> None:
    """S-411."""
    response = await get(fake, headers={} if field is None else {"Content-Type": field})

    assert response.content_type == "application/octet-stream"
    assert response.charset is None


async def test_cookies_are_those_of_this_response(fake: Fake) -> None:
    """S-207."""
    response = await get(fake, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "a=2; Path=/x")])

    assert isinstance(response.cookies, SimpleCookie)
    assert response.cookies["a"].value == "2"
    assert len((await get(fake)).cookies) == 0


async def test_content_disposition_is_taken_apart(fake: Fake) -> None:
    """S-305."""
    response = await get(fake, headers={"Content-Disposition": "attachment; filename=a.txt"})

    assert response.content_disposition is not None
    assert response.content_disposition.filename == "a.txt"
    assert (await get(fake)).content_disposition is None


async def test_reprs_show_no_secret(fake: Fake) -> None:
    """S-014, S-407, SEC-60."""
    session, _ = fake(response_bytes(headers={"Set-Cookie": "sid=hidden", "X-Plain": "shown"}))
    response = await session.get(
        "http://h/?key=secret", cookies={"c": "hidden"}, headers={"Authorization": "hidden"}
    )
    info = RequestInfo(response.url, "GET", response.headers)

    text = f"{response!r} {info!r} {response.request_info!r}"

    assert "ClientResponse" in text
    assert "200 OK" in text
    assert "shown" in text
    assert "hidden" not in text
    assert "secret" not in text


async def test_a_repr_is_ascii_in_the_reason(fake: Fake) -> None:
    """S-407."""
    session, _ = fake("HTTP/1.1 200 Café\r\nContent-Length: 0\r\n\r\n".encode())
    assert "[200 Caf\\xe9]" in repr(await session.get("http://h/"))


async def test_request_info_defaults_and_pickles(fake: Fake) -> None:
    """S-412, S-496."""
    info = (await get(fake)).request_info

    assert pickle.loads(pickle.dumps(info)) == info
    assert copy.deepcopy(info) == info
    assert RequestInfo(info.url, "GET", info.headers).real_url == info.url


async def test_an_error_of_a_real_response_survives_pickling(fake: Fake) -> None:
    """S-496."""
    session, _ = fake(response_bytes(status=500, headers={"X-A": "1"}))
    response = await session.get("http://h/")
    with pytest.raises(ClientResponseError) as caught:
        response.raise_for_status()

    twin = pickle.loads(pickle.dumps(caught.value))

    assert (twin.status, twin.headers["X-A"], str(twin)) == (500, "1", str(caught.value))
    assert twin.request_info == caught.value.request_info


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "split", list(every_split(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), ids=str
)
async def test_a_response_may_arrive_in_any_pieces(fake: Fake, split: list[bytes]) -> None:
    """S-051: and its connection is reused."""
    session, connector = fake(lambda head, body: RawPlan(split, closes=False))
    for _ in range(2):
        response = await session.get("http://h/")
        assert await response.read() == b"ok"

    assert len(connector.transports) == 1


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "raw deflate", "x-gzip", "GZIP", "deflate, gzip"]
)
@pytest.mark.parametrize("size", [1, 10, 10_000])
async def test_a_coded_body_is_decoded(fake: Fake, coding: str, size: int) -> None:
    """S-069, S-071, S-073, S-074, DECISIONS C-10: for any pieces, chunked or not."""
    text = b"some text " * 100
    packers: dict[str, Callable[[bytes], bytes]] = {
        "deflate": zlib.compress,
        "raw deflate": lambda data: zlib.compress(data, wbits=-15),
        "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    }
    packed = packers.get(coding, gzip.compress)(text)
    field = coding.removeprefix("raw ")
    whole = response_bytes(packed, headers={"Content-Encoding": field})
    session, _ = fake(lambda head, body: RawPlan(cut(whole, size), closes=False))

    assert await (await session.get("http://h/")).read() == text
    response = await session.get("http://h/")
    assert b"".join([piece async for piece in response.content.iter_chunked(7)]) == text
    assert response.content_length == len(packed)
    assert response.headers["Content-Encoding"] == field
    response = await session.get("http://h/", auto_decompress=False)
    assert await response.read() == packed


async def test_members_behind_each_other_are_one_body(fake: Fake) -> None:
    """S-074."""
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    assert await (await get(fake, body, {"Content-Encoding": "gzip"})).read() == b"one two"


@pytest.mark.parametrize("field", ["identity", "unknown", "gzip, unknown"])
async def test_another_coding_is_left_alone(fake: Fake, field: str) -> None:
    """S-070."""
    assert await (await get(fake, b"as is", {"Content-Encoding": field})).read() == b"as is"


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 99)[:-1]),
     ("deflate", zlib.compress(b"x" * 99)[:-5]),
     (", ".join(["gzip"] * 6), b"x")],
)  # fmt: skip
@pytest.mark.parametrize("way", ["read", "content"])
async def test_a_body_that_cannot_be_decoded_is_an_error_of_reading(
    fake: Fake, coding: str, body: bytes, way: str
) -> None:
    """S-076, S-077, S-420, S-538, SEC-19."""
    response = await get(fake, body, {"Content-Encoding": coding})
    assert not response.content.at_eof()  # does not raise

    with pytest.raises(ClientPayloadError, match="decoded") as caught:
        await (response.read() if way == "read" else response.content.read())

    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("coding", ["gzip", ", ".join(["gzip"] * 6)])
async def test_a_coded_body_of_no_bytes_is_empty(fake: Fake, method: str, coding: str) -> None:
    """S-077, S-058."""
    session, _ = fake(response_bytes(headers={"Content-Encoding": coding}))
    response = await session.request(method, "http://h/")
    assert await response.read() == b""


async def test_a_bomb_can_be_read_in_pieces_dropped_and_bounded(fake: Fake) -> None:
    """SEC-15, SEC-18."""
    bomb = gzip.compress(bytes(30_000_000), 9)
    session, connector = fake(response_bytes(bomb, headers={"Content-Encoding": "gzip"}))

    async with session.get("http://h/") as response:
        assert len(await response.content.read(1024)) == 1024
        assert response.content.total_bytes <= 300_000
    response = await session.get("http://h/", max_body_size=1000)
    with pytest.raises(ClientPayloadError, match="max_body_size"):
        await response.read()
    assert response.content.total_bytes <= 300_000
    assert connector.in_use == 0


@pytest.mark.parametrize("size", [9, 10, None])
async def test_max_body_size_counts_inclusively(fake: Fake, size: int | None) -> None:
    """SEC-15: of the request, else of the session."""
    session, connector = fake(response_bytes(b"x" * 10), max_body_size=5)
    response = await session.get("http://h/", max_body_size=size)
    if size == 10:
        assert len(await response.read()) == 10
    else:
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert connector.in_use == 0


async def test_the_body_is_kept_once_read(fake: Fake) -> None:
    """S-413."""
    response = await get(fake, b"body")

    assert await response.read() is await response.read()
    assert await response.text() == "body"


@pytest.mark.parametrize("size", [1, 1000])
async def test_the_stream_is_empty_after_read(fake: Fake, size: int) -> None:
    """S-414: however the body had arrived."""
    whole = response_bytes(b"some body")
    session, _ = fake(lambda head, body: RawPlan(cut(whole, size), closes=False))
    response = await session.get("http://h/")
    assert await response.read() == b"some body"
    assert response.content.at_eof()
    assert await response.content.read() == b""


async def test_read_gives_what_the_stream_has_left(fake: Fake) -> None:
    """S-414."""
    response = await get(fake, b"some body")
    assert await response.content.read(5) == b"some "
    assert await response.read() == b"body"
    assert await response.text() == "body"


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({"Content-Type": "text/plain; charset=latin-1"}, b"\xe9", "é"),
        ({"Content-Type": "text/plain"}, "é".encode(), "é"),
        ({"Content-Type": "application/json; charset=no-such"}, "é".encode(), "é"),
        ({"Content-Type": "text/plain; charset=base64"}, "é".encode(), "é"),
        ({"Content-Type": "text/plain; charset=" + "x" * 5000}, "é".encode(), "é"),
        ({"Content-Type": "application/rdap+json"}, "é".encode(), "é"),
        ({}, "é".encode(), "é"),
    ],
)
async def test_text_is_decoded_as_the_head_says(
    fake: Fake, headers: dict[str, str], body: bytes, text: str
) -> None:
    """S-415, S-416."""
    assert await (await get(fake, body, headers)).text() == text


async def test_the_encoding_can_be_given_and_asked_for(fake: Fake) -> None:
    """S-415, S-416, S-550, S-551."""
    response = await get(fake, b"\xe9", {"Content-Type": "text/plain"})
    with pytest.raises(RuntimeError, match="before the body"):
        response.get_encoding()
    assert await response.text("latin-1") == "é"
    assert await response.text(errors="replace") == "\ufffd"
    assert response.get_encoding() == "utf-8"
    with pytest.raises(UnicodeDecodeError):
        await response.text()

    session, _ = fake(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xe9",
                      fallback_charset_resolver=lambda response, body: "latin-1")  # fmt: skip
    assert await (await session.get("http://h/")).text() == "é"


@pytest.mark.parametrize(
    "field",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json",
     "application/a.b-c+d+json"],
)  # fmt: skip
async def test_json_is_decoded(fake: Fake, field: str) -> None:
    """S-417, S-418."""
    response = await get(fake, b' {"a": [1]} \n', {"Content-Type": field})
    assert await response.json() == {"a": [1]}
    assert await response.json(loads=lambda text: text) == '{"a": [1]}'


@pytest.mark.parametrize(
    "field", ["", "text/html", "application/jsonp", "application/json+xml", "xapplication/json"]
)
async def test_json_of_another_type_is_refused_before_reading(fake: Fake, field: str) -> None:
    """S-418, S-419, S-548."""
    session, _ = fake(
        RawPlan([b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n" % field.encode()], closes=False)
    )
    response = await session.get("http://h/")
    with pytest.raises(ContentTypeError) as caught:
        await response.json()
    assert (caught.value.status, caught.value.headers) == (200, response.headers)
    response.close()


async def test_the_json_type_check_can_be_changed(fake: Fake) -> None:
    """S-417, S-418, S-549."""
    response = await get(fake, b"1", {"Content-Type": "Text/HTML; x=y"})
    assert await response.json(content_type="text/html") == 1
    assert await response.json(content_type=None) == 1
    assert await response.json(content_type="") == 1
    assert await (await get(fake, b" \r\n", JSON)).json() is None
    with pytest.raises(json.JSONDecodeError):
        await (await get(fake, b"{", JSON)).json()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort!!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nshort\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_a_body_that_breaks_off_is_an_error(fake: Fake, answer: bytes, size: int) -> None:
    """S-062, S-063, S-537, SEC-9, SEC-14, DECISIONS C-11."""
    session, connector = fake(lambda head, body: RawPlan(cut(answer, size)))
    response = await session.get("http://h/")
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert response.closed

    response = await session.get("http://h/")
    pieces: list[bytes] = []
    with pytest.raises(ClientPayloadError):
        await collect(response.content, pieces)
    assert b"".join(pieces) == (b"" if b"-5" in answer else b"short")
    assert connector.stats() == {}


async def test_a_body_until_close_is_complete_at_the_end(fake: Fake) -> None:
    """S-061, S-065."""
    session, connector = fake(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    assert await (await session.get("http://h/")).read() == b"all of it"
    assert await (await session.get("http://h/", read_until_eof=False)).read() == b""
    assert connector.stats() == {}


async def test_trailers_and_informational_heads_are_kept(fake: Fake) -> None:
    """DECISIONS: trailers, informational."""
    session, _ = fake(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    response = await session.get("http://h/")
    assert await response.read() == b"x"
    assert response.trailers["x-sum"] == "1"
    assert [head.status for head in response.informational] == [103]
    assert len((await get(fake)).trailers) == 0


async def test_a_stream_can_be_the_body_of_another_request(fake: Fake) -> None:
    """S-288."""
    session, connector = fake(response_bytes(b"passed on"))
    async with session.get("http://h/") as response:
        await session.post("http://h/", data=response.content)
    assert connector.requests[1].body == b"passed on"


async def test_a_multipart_response_can_be_read(fake: Fake) -> None:
    """S-315."""
    form = FormData({"a": "1"}, default_to_multipart=True)()
    response = await get(fake, await form.as_bytes(), {"Content-Type": form.content_type})
    part = await MultipartReader.from_response(response).next()
    assert part is not None
    assert await part.read() == b"1"  # type: ignore[union-attr]  # no nested reader here
    response.release()


# --- life ---------------------------------------------------------------------------------------


async def test_a_complete_body_gives_the_connection_back_by_itself(fake: Fake) -> None:
    """S-402."""
    session, connector = fake(response_bytes(b"body"))
    response = await session.get("http://h/")
    assert response.closed
    assert connector.idle == 1
    assert await response.read() == b"body"


Give = Callable[[ClientResponse], Any]


@pytest.mark.parametrize("give_up", [ClientResponse.release, ClientResponse.close])
async def test_after_release_or_close_reading_is_refused(fake: Fake, give_up: Give) -> None:
    """S-403, S-541."""
    session, connector = fake(
        RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx"], closes=False)
    )
    for use_content in (False, True):
        response = await session.get("http://h/")
        content = response.content if use_content else None
        give_up(response)
        give_up(response)
        for call in (response.read(), response.text(), (content or response.content).read(1)):
            with pytest.raises(ClientConnectionError, match="released"):
                await call
        assert connector.in_use == 0
        assert connector.idle == 0  # an unread body leaves the connection unusable


async def uploading(
    fake: Fake, until: Callable[..., Any], pieces: Any, answer: bytes
) -> tuple[ClientResponse, FakeConnector]:
    """A response whose request body, `pieces` of one byte and then more, is still being sent."""
    session, connector = fake(lambda head, body: None)
    task = asyncio.ensure_future(session.post("http://h/", data=pieces))
    await until(lambda: connector.transports and len(connector.transports[0].writes) == 2)
    connector.transports[0].feed(answer)
    return await task, connector


class Upload:
    """A body of one byte that then waits; it takes a turn of the loop to let go of its source."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.is_open = True

    async def pieces(self) -> Any:
        try:
            yield b"a"
            await self.gate.wait()
            yield b"b"
        finally:
            await asyncio.sleep(0)
            self.is_open = False


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo"


async def test_leaving_the_block_waits_for_the_body_writer(
    fake: Fake, until: Callable[..., Any]
) -> None:
    """S-404, S-134: the upload is given up and has let go of its source; so does `release()`."""
    for leave in (leave_block, release_and_wait):
        upload = Upload()
        response, connector = await uploading(fake, until, upload.pieces(), HALF)

        await leave(response)

        assert not upload.is_open
        assert response.closed
        assert connector.in_use == 0


async def leave_block(response: ClientResponse) -> None:
    async with response:
        pass


async def release_and_wait(response: ClientResponse) -> None:
    await response.release()


async def test_wait_for_close_lets_the_upload_end(fake: Fake, until: Callable[..., Any]) -> None:
    """S-405: it waits for the body writer, then releases."""
    upload = Upload()
    response, connector = await uploading(fake, until, upload.pieces(), HALF)
    task = asyncio.ensure_future(response.wait_for_close())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    assert not response.closed

    upload.gate.set()
    await task

    assert connector.transports[0].written.endswith(b"1\r\nb\r\n0\r\n\r\n")
    assert not upload.is_open
    with pytest.raises(ClientConnectionError, match="released"):
        await response.read()


async def test_read_waits_for_the_body_writer(fake: Fake, until: Callable[..., Any]) -> None:
    """S-413, S-134: the response is complete, so the upload is given up; nothing runs on."""
    upload = Upload()
    response, connector = await uploading(fake, until, upload.pieces(), HALF)
    connector.transports[0].feed(b"dy")

    assert await response.read() == b"body"
    assert not upload.is_open


async def test_the_connection_can_be_held_until_the_response_is_over(fake: Fake) -> None:
    """S-401, S-129: one object while the response is under way, then None."""
    for end in (ClientResponse.release, ClientResponse.close, None):
        session, connector = fake(RawPlan([HALF], closes=False))
        response = await session.get("http://h/")
        connection, again = response.connection, response.connection
        assert connection is not None
        assert connection is again
        transport = connector.transports[0]
        assert connection.transport is transport
        calls: list[str] = []
        connection.add_callback(functools.partial(calls.append, "over"))
        if end is None:
            transport.feed(b"dy")
            assert await response.read() == b"body"
        else:
            end(response)

        assert response.connection is None
        assert connection.closed
        assert calls == ["over"]
        response.release()
        connection.close()
        assert calls == ["over"]


async def test_a_response_that_came_whole_has_no_connection(fake: Fake) -> None:
    """S-401, S-402."""
    assert (await get(fake, b"body")).connection is None


@pytest.mark.parametrize("give_up", [Connection.close, Connection.release])
async def test_giving_the_connection_up_ends_the_response(
    fake: Fake, give_up: Callable[[Connection], None]
) -> None:
    """S-129, S-130, S-420: reading tells."""
    session, connector = fake(RawPlan([HALF], closes=False))
    response = await session.get("http://h/")
    connection = response.connection
    assert connection is not None

    give_up(connection)

    assert response.connection is None
    with pytest.raises(ClientPayloadError, match="released"):
        await response.read()
    assert connector.in_use == 0


async def test_a_forgotten_response_takes_its_connection_along(fake: Fake) -> None:
    """S-177, S-406: only the response is told about, and only on a debug loop."""
    session, connector = fake(RawPlan([HALF], closes=False))
    response = await session.get("http://h/")
    assert response.connection
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del response
        gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert connector.in_use == 0


# --- progress -----------------------------------------------------------------------------------


async def test_progress_of_a_download_is_told(fake: Fake) -> None:
    """From what has arrived on, whoever reads it or not; coded bytes count as they came."""
    told: list[tuple[int, int | None]] = []
    body = gzip.compress(bytes(1000))
    half = len(body) // 2
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    session, connector = fake(RawPlan([head.encode() + body[:5]], closes=False))
    response = await session.get("http://h/")
    response.call_on_progress(lambda size, total: told.append((size, total)))
    assert told == [(5, len(body))]

    connector.transports[0].feed(body[5:half])
    connector.transports[0].feed(body[half:])

    assert told[1:] == [(half, len(body)), (len(body), len(body))]
    assert await response.read() == bytes(1000)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response_bytes(b"body"), [(4, 4)]),
        (response_bytes(b""), [(0, 0)]),
        (RawPlan([b"HTTP/1.1 200 OK\r\n\r\nbo", b"dy"]), [(2, None), (4, None)]),
    ],
)
async def test_progress_of_a_download_that_is_there_or_has_no_length(
    fake: Fake, answer: Any, expected: list[tuple[int, int | None]]
) -> None:
    """What came with the head is told at once; the total may never be known."""
    told: list[tuple[int, int | None]] = []
    session, _ = fake(answer)
    response = await session.get("http://h/")
    response.call_on_progress(lambda size, total: told.append((size, total)))
    await response.read()

    assert told == expected


async def test_a_failing_progress_callback_does_not_stop_the_download(fake: Fake) -> None:
    """It is reported to the loop's exception handler."""
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
    session, _ = fake(RawPlan([HALF, b"dy"], closes=False))
    response = await session.get("http://h/")

    def fail(size: int, total: int | None) -> None:
        raise ZeroDivisionError

    response.call_on_progress(fail)

    assert await response.read() == b"body"
    assert [type(context["exception"]) for context in contexts] == [ZeroDivisionError]


async def test_release_can_be_awaited(fake: Fake) -> None:
    """S-403, S-405."""
    response = await get(fake, b"x")
    await response.release()
    await response.wait_for_close()


@pytest.mark.parametrize("give_up", [ClientResponse.release, ClientResponse.close])
async def test_a_body_that_was_read_outlives_the_release(fake: Fake, give_up: Give) -> None:
    """S-403."""
    response = await get(fake, b"1", JSON)
    await response.read()
    give_up(response)
    assert await response.text() == "1"
    assert await response.json() == 1
    with pytest.raises(ClientConnectionError):
        await response.read()


async def test_async_with_releases(fake: Fake) -> None:
    """S-404: also after an exception, also of a response that was awaited before."""
    session, connector = fake(
        RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"], closes=False)
    )
    with pytest.raises(KeyError):
        async with session.get("http://h/") as response:
            raise KeyError
    async with await session.get("http://h/") as other:
        pass
    await asyncio.sleep(0.01)
    assert response.closed
    assert other.closed
    assert connector.in_use == 0


async def test_a_forgotten_response_gives_its_connection_up(fake: Fake) -> None:
    """S-406, S-564."""
    session, connector = fake(
        RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"], closes=False)
    )
    response = await session.get("http://h/")
    assert connector.in_use == 1
    del response
    gc.collect()
    assert connector.in_use == 0


async def test_on_a_debug_loop_a_forgotten_response_is_told_about(fake: Fake) -> None:
    """S-406, S-564."""
    loop = asyncio.get_running_loop()
    contexts: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda loop, context: contexts.append(context))
    half = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"], closes=False)
    session, connector = fake(half)
    response = await session.get("http://h/")
    loop.set_debug(True)
    kept = [response]
    del response
    with pytest.warns(ResourceWarning, match="Unclosed response"):
        kept.clear()
    loop.set_debug(False)
    assert [context["message"] for context in contexts] == ["Unclosed response"]
    contexts.clear()
    assert connector.in_use == 0


def test_a_response_that_outlives_its_loop_says_nothing() -> None:
    """S-406: there is no connection to give back any more."""

    async def scenario() -> ClientResponse:
        connector = FakeConnector(
            lambda h, b: RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], closes=False)
        )
        session = ClientSession(connector=connector, connector_owner=False)
        response = await session.get("http://h/")
        session.detach()
        connector._is_closed = True
        return response

    response = asyncio.run(scenario())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del response
        gc.collect()


async def test_cancelling_a_read_closes_the_response(fake: Fake) -> None:
    """S-491, SEC-36."""
    session, connector = fake(
        RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"], closes=False)
    )
    response = await session.get("http://h/")
    task = asyncio.ensure_future(response.read())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert response.closed
    assert connector.stats() == {}


async def test_reading_after_the_session_was_closed(fake: Fake) -> None:
    """S-365."""
    half = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"], closes=False)
    session, _ = fake(lambda head, body: response_bytes(b"whole") if b"/whole" in head else half)
    whole, partial = await session.get("http://h/whole"), await session.get("http://h/")
    await session.close()
    assert await whole.read() == b"whole"
    with pytest.raises(ClientConnectionError):
        await partial.read()


# --- statuses -----------------------------------------------------------------------------------


async def test_raise_for_status_releases_outside_of_async_with(fake: Fake) -> None:
    """S-421, S-547."""
    plan = RawPlan(
        [b"HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 999999\r\n\r\n"], closes=False
    )
    session, connector = fake(plan)
    response = await session.get("http://h/")
    with pytest.raises(ClientResponseError) as caught:
        response.raise_for_status()
    error = caught.value
    assert (error.status, error.message, error.headers) == (404, "Not Found", response.headers)
    assert error.request_info == response.request_info
    assert connector.in_use == 0
    async with session.get("http://h/") as response:
        with pytest.raises(ClientResponseError):
            response.raise_for_status()
        assert connector.in_use == 1
    (await get(fake)).raise_for_status()


@pytest.mark.parametrize(
    ("of_session", "of_request", "raises"),
    [(True, None, True), (False, True, True), (True, False, False), (False, None, False)],
)
async def test_raise_for_status_of_request_and_session(
    fake: Fake, of_session: bool, of_request: bool | None, raises: bool
) -> None:
    """S-422, S-423."""
    session, connector = fake(response_bytes(status=500), raise_for_status=of_session)
    if raises:
        with pytest.raises(ClientResponseError):
            await session.get("http://h/", raise_for_status=of_request)
    else:
        await session.get("http://h/", raise_for_status=of_request)
    assert connector.in_use == 0


async def test_raise_for_status_may_be_a_function(fake: Fake) -> None:
    """S-422, S-423, S-424."""
    plan = RawPlan([b"HTTP/1.1 500 X\r\nContent-Length: 999999\r\n\r\n"], closes=False)

    async def refuse(response: ClientResponse) -> None:
        raise KeyError(response.status)

    session, connector = fake(plan, raise_for_status=refuse)
    with pytest.raises(KeyError):
        await session.get("http://h/")
    assert connector.in_use == 0

    async def look(response: ClientResponse) -> None:
        assert await response.read() == b"body"

    session, _ = fake(response_bytes(b"body", 500), raise_for_status=look)
    assert await (await session.get("http://h/")).text() == "body"


async def test_large_bodies_over_a_real_socket(until: Callable[[Any], Awaitable[None]]) -> None:
    """S-098, SEC-15: whole, in pieces, and given up in the middle."""
    body = bytes(range(256)) * 12_000

    def handler(request: Request, _: bytes) -> ResponsePlan:
        if request.target == "/chunked":
            return ResponsePlan(body=cut(body, 50_000))
        return ResponsePlan(body=body)

    async with LoopbackServer(handler) as server, ClientSession(server.url) as session:
        for path in ("/plain", "/chunked"):
            async with session.get(path) as response:
                assert await response.read() == body
            async with session.get(path) as response:
                assert b"".join([piece async for piece in response.content.iter_any()]) == body
            async with session.get(path) as response:
                assert await response.content.readexactly(1000) == body[:1000]
        with pytest.raises(ClientError):
            await response.read()
