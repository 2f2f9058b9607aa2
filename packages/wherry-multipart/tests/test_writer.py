"""Writing a multipart body."""

import base64
import gzip
import io
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart import MultipartWriter
from wherry_payload import (
    AsyncIterablePayload,
    ByteSink,
    BytesPayload,
    JsonPayload,
    Payload,
    StringPayload,
)
from wherry_payload.testing import MemorySink, check_payload


async def generated(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def writer(*parts: Any, subtype: str = "mixed") -> MultipartWriter:
    body = MultipartWriter(subtype, boundary="b")
    for part in parts:
        body.append(part)
    return body


def test_default_boundary_is_32_hex_digits() -> None:
    """S-306, SEC-5."""
    body = MultipartWriter()

    assert len(body.boundary) == 32
    assert int(body.boundary, 16) >= 0
    assert body.content_type == f"multipart/mixed; boundary={body.boundary}"


def test_boundary_is_quoted_when_it_is_no_token() -> None:
    """S-306."""
    assert MultipartWriter(boundary="a b").headers["Content-Type"] == (
        'multipart/mixed; boundary="a b"'
    )


@pytest.mark.parametrize("boundary", ["é", "a\r\nb", "a\x00", "", "x" * 71])
def test_bad_boundary_is_refused(boundary: str) -> None:
    """S-306, SEC-2."""
    with pytest.raises(ValueError, match="boundary"):
        MultipartWriter(boundary=boundary)


def test_collection_of_parts() -> None:
    """S-306: length, truth, iteration, `with`."""
    with MultipartWriter() as body:
        assert bool(body) is True
        assert len(body) == 0
        first = body.append("a")
        second = body.append(
            b"b", {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"}
        )

    assert len(body) == 2
    assert list(body) == [(first, "", ""), (second, "gzip", "base64")]


async def test_wire_form() -> None:
    """S-308: boundary, headers, empty line, data, end; length where known."""
    body = writer(b"one", AsyncIterablePayload(generated(b"t", b"wo")))

    assert await body.as_bytes() == (
        b"--b\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\none\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n--b--\r\n"
    )


async def test_empty_body_is_the_closing_boundary() -> None:
    """S-308."""
    assert await check_payload(writer) == b"--b--\r\n"


async def test_parts_are_made_by_the_registry() -> None:
    """S-307: `append` returns the payload; JSON and forms have methods of their own."""
    body = MultipartWriter()
    json_part = body.append_json({"a": 1}, {"X-Y": "z"})

    assert type(body.append("text")) is StringPayload
    assert type(body.append(b"", {"Content-Type": "a/b"})) is BytesPayload
    assert type(json_part) is JsonPayload
    assert json_part.headers["X-Y"] == "z"
    assert body.append_form([("a", "b c")]).in_memory == b"a=b+c"
    assert body.append_form({"a": "é"}).content_type == "application/x-www-form-urlencoded"


def test_ready_payload_gets_the_headers() -> None:
    """S-307: `headers` replace those of the payload."""
    payload = BytesPayload(b"")

    assert writer().append(payload, {"content-type": "a/b"}) is payload
    assert payload.headers.getall("Content-Type") == ["a/b"]


@pytest.mark.parametrize("value", [5, None, {"a": 1}, [b""]])
def test_value_without_payload_is_a_type_error(value: object) -> None:
    """S-307."""
    with pytest.raises(TypeError, match=type(value).__name__):
        writer(value)


async def test_writer_in_a_writer() -> None:
    """S-307: the inner one keeps its own boundary, and may still grow."""
    outer = writer()
    inner = MultipartWriter("related", boundary="c")
    outer.append(inner)
    inner.append(b"x")

    assert await check_payload(lambda: outer) == (
        b"--b\r\nContent-Type: multipart/related; boundary=c\r\nContent-Length: 76\r\n\r\n"
        b"--c\r\nContent-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\nx\r\n--c--\r\n"
        b"\r\n--b--\r\n"
    )
    with pytest.raises(ValueError, match="itself"):
        outer.append(outer)


@pytest.mark.parametrize(
    ("coding", "transfer", "undo"),
    [
        ("gzip", "", gzip.decompress),
        ("deflate", "", zlib.decompress),
        ("", "base64", base64.b64decode),
        ("gzip", "base64", lambda data: gzip.decompress(base64.b64decode(data))),
        ("identity", "binary", lambda data: data),
    ],
)
async def test_codings_are_applied(
    coding: str, transfer: str, undo: Callable[[bytes], bytes]
) -> None:
    """S-309: on the way out; the payload itself stays as it is."""
    body = writer()
    headers = {"Content-Encoding": coding, "Content-Transfer-Encoding": transfer}
    payload = body.append(b"x" * 10_000, headers)

    _, _, data = (await body.as_bytes()).partition(b"\r\n\r\n")

    assert undo(data.removesuffix(b"\r\n--b--\r\n")) == b"x" * 10_000
    assert await payload.as_bytes() == b"x" * 10_000


async def test_coded_part_has_no_length() -> None:
    """S-308, S-311: neither among its headers nor as a sum."""
    body = writer()
    payload = body.append(b"abc", {"Content-Encoding": "gzip", "Content-Length": "3"})

    assert "Content-Length" not in payload.headers
    assert body.size is None
    assert body.in_memory is None
    assert await check_payload(lambda: body)


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Transfer-Encoding"])
def test_unknown_coding_is_a_runtime_error(name: str) -> None:
    """S-309: when the part is added, not when it is sent."""
    with pytest.raises(RuntimeError, match=name):
        MultipartWriter().append(b"", {name: "rot13"})


@pytest.mark.parametrize(
    "name", ["Content-Encoding", "content-transfer-encoding", "Content-Length"]
)
def test_form_data_allows_no_codings_and_no_length(name: str) -> None:
    """S-310, RFC 7578 §4.8."""
    with pytest.raises(ValueError, match="form-data"):
        MultipartWriter("form-data").append(b"", {name: "1"})


async def test_form_data_parts_have_names_and_no_length(tmp_path: Path) -> None:
    """S-308, S-310: `section-N` where no name was given."""
    path = tmp_path / "x.txt"
    path.write_text("y")
    body = writer("a", path, subtype="form-data")
    body.append("b", {"Content-Disposition": 'form-data; name="own"'})

    assert await check_payload(lambda: body) == (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b'Content-Disposition: form-data; name="section-0"\r\n\r\na\r\n'
        b"--b\r\nContent-Type: text/plain\r\n"
        b'Content-Disposition: form-data; name="section-1"; filename="x.txt"\r\n\r\ny\r\n'
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b'Content-Disposition: form-data; name="own"\r\n\r\nb\r\n--b--\r\n'
    )


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\x00", "a\nb"])
async def test_control_characters_in_part_headers_are_refused(bad: str) -> None:
    """S-277, SEC-2: before anything is written."""
    for headers in ({"X-Y": bad}, {bad: "x"}):
        body = MultipartWriter()
        body.append(b"first", headers)
        sink = MemorySink()
        with pytest.raises(ValueError, match="header"):
            await body.write(sink)
        with pytest.raises(ValueError, match="header"):
            _ = body.size
        assert sink.data == b""


def large(tmp_path: Path) -> MultipartWriter:
    """Parts of all kinds, more than one write can take."""
    path = tmp_path / "large"
    path.write_bytes(bytes(1_500_000))
    return writer(
        b"a", path, io.BytesIO(bytes(100_000)), "b", bytes(70_000), b"c", subtype="form-data"
    )


async def test_size_is_exact_for_parts_of_all_kinds(tmp_path: Path) -> None:
    """S-311: and the body can be written twice."""
    body = await check_payload(lambda: large(tmp_path))

    assert len(body) > 1_670_000


async def test_large_parts_are_passed_on_not_joined(tmp_path: Path) -> None:
    """A file is never whole in memory."""
    sink = MemorySink()

    await large(tmp_path).write(sink)

    assert max(map(len, sink.pieces)) <= 1_048_576 < len(sink.data) - 300_000
    assert large(tmp_path).in_memory is None


async def test_small_body_is_one_write() -> None:
    """And is offered for sending with the head."""
    body = writer("a", b"b", io.BytesIO(b"c"))
    sink = MemorySink()

    await body.write(sink)

    assert sink.pieces == [body.in_memory]


async def test_many_small_parts_are_not_joined_without_end() -> None:
    """What is copied together stays small, however many parts there are."""
    body = writer(*[bytes(10_000)] * 20)
    sink = MemorySink()

    await body.write(sink)

    assert body.in_memory is None
    assert len(sink.pieces) > 2
    assert max(map(len, sink.pieces)) <= 70_000


async def test_streamed_part_does_not_wait_for_the_next() -> None:
    """What comes by and by is passed on as it comes."""
    sink = MemorySink()
    seen: list[int] = []

    async def source() -> AsyncIterator[bytes]:
        for _ in range(3):
            seen.append(len(sink.pieces))
            yield b"x"

    await writer(source()).write(sink)

    assert seen == [1, 2, 3]


async def test_closing_boundary_can_be_left_out() -> None:
    """S-312."""
    sink = MemorySink()

    await writer(b"a").write(sink, close_boundary=False)

    assert sink.data.endswith(b"\r\n\r\na\r\n")


async def test_all_ways_give_the_same_bytes() -> None:
    """S-312: writing, `as_bytes()` and `decode()`, codings included."""
    body = writer("text", io.BytesIO(b"x" * 70_000), "é")
    body.append("é =", {"Content-Transfer-Encoding": "quoted-printable"})
    body.append(b"\xff" * 100, {"Content-Transfer-Encoding": "base64"})
    body.append(writer(io.StringIO("inner")))
    sink = MemorySink()
    await body.write(sink)

    assert await body.as_bytes() == sink.data
    assert body.decode() == sink.data.decode()


def test_decode_of_a_stream_is_refused() -> None:
    """S-312: decoding does not wait."""

    class Source:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b""

    with pytest.raises(TypeError, match="as_bytes"):
        writer(Source()).decode()


async def test_body_with_a_stream_is_sent_once_or_not_at_all() -> None:
    """S-313, SEC-6: the second time not even the first part goes out."""
    body = writer(b"first", generated(b"second"))
    before = body.consumed, body.replayable
    await body.write(MemorySink())
    sink = MemorySink()

    with pytest.raises(RuntimeError, match="part 1"):
        await body.write(sink)

    assert before == (False, False)
    assert body.consumed is True
    assert sink.data == b""


async def test_body_of_replayable_parts_is_replayable() -> None:
    """S-313."""
    body = writer(b"a", io.BytesIO(b"b"))

    assert body.replayable is True
    assert body.autoclose is False


class Closing(BytesPayload):
    """A payload that notes that it was closed, or fails to."""

    def __init__(self, fails: bool) -> None:
        super().__init__(b"")
        self.fails = fails
        self.closed = False

    async def close(self) -> None:
        if self.fails:
            raise OSError("no")
        self.closed = True


async def test_close_closes_all_parts(caplog: pytest.LogCaptureFixture) -> None:
    """S-013, S-314: a failing one is logged and does not stop the others."""
    parts = [Closing(False), Closing(True), Closing(False)]

    with caplog.at_level(logging.ERROR):
        await writer(*parts).close()

    assert [part.closed for part in parts] == [True, False, True]
    assert [(record.name, record.levelname) for record in caplog.records] == [
        ("wherry.internal", "ERROR")
    ]


async def test_subclass_that_writes_more_is_not_short_cut() -> None:
    """S-276: `in_memory` steps back for an overridden `write`."""

    class Signed(MultipartWriter):
        async def write(self, writer: ByteSink, close_boundary: bool = True) -> None:
            await super().write(writer, close_boundary)
            await writer.write(b"signature")

    assert Signed().in_memory is None
    assert (await Signed().as_bytes()).endswith(b"signature")


class Shrinking(Payload):
    """A body without size."""

    async def write(self, writer: ByteSink) -> None:
        await writer.write(self._value)


@given(
    parts=st.lists(
        st.tuples(st.binary(max_size=60), st.sampled_from([BytesPayload, Shrinking, io.BytesIO])),
        min_size=1,
        max_size=5,
    ),
    boundary=st.text("abcXYZ09'()+_,-./:=?", min_size=1, max_size=70),
)
async def test_the_email_parser_reads_it(
    parts: list[tuple[bytes, Callable[[bytes], object]]], boundary: str
) -> None:
    """RFC 2046: another implementation finds the same parts."""
    body = MultipartWriter(boundary=boundary)
    for data, make in parts:
        body.append(make(data), {"Content-Transfer-Encoding": "base64"})
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()

    message = BytesParser().parsebytes(head + await body.as_bytes())

    payload = message.get_payload()
    assert isinstance(payload, list)
    assert [part.get_payload(decode=True) for part in payload if isinstance(part, Message)] == [
        data for data, _ in parts
    ]
    assert not message.defects
