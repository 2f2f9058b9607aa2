"""Reading one part."""

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from wherry_multipart import BodyPartReader
from wherry_multipart.testing import MemorySource

BOUNDARY = b"--bound"
DATA = bytes(range(256)) * 1000


def part(
    data: bytes, headers: dict[str, str] | None = None, piece: int = 65536, **kwargs: Any
) -> BodyPartReader:
    """A part with this data, which arrives in pieces of `piece` bytes."""
    source = MemorySource(data + b"\r\n--bound--", piece)
    proxy = CIMultiDictProxy(CIMultiDict(headers or {}))
    return BodyPartReader(BOUNDARY, proxy, source, **kwargs)


async def test_read_gives_a_bytearray_and_then_nothing() -> None:
    """S-321."""
    reader = part(b"abc")

    data = await reader.read()

    assert data == b"abc"
    assert isinstance(data, bytearray)
    assert reader.at_eof()
    assert await reader.read() == b""
    assert await reader.read_chunk() == b""
    assert await reader.readline() == b""
    assert await reader.next() is None


async def test_iteration_gives_the_whole_data_once() -> None:
    """S-321."""
    assert [bytes(data) async for data in part(DATA)] == [DATA]


@given(data=st.binary(max_size=300), size=st.integers(9, 40), piece=st.integers(1, 60))
async def test_chunks_make_up_the_data(data: bytes, size: int, piece: int) -> None:
    """S-321: none longer than asked, however the bytes arrive."""
    reader = part(data, piece=piece)
    chunks = []
    while chunk := await reader.read_chunk(size):
        chunks.append(chunk)

    assert b"".join(chunks) == data
    assert all(len(chunk) <= size for chunk in chunks)


async def test_chunk_size_must_hold_a_boundary() -> None:
    """S-321: at least the boundary and two bytes, unless the length is known."""
    with pytest.raises(ValueError, match="at least 9"):
        await part(b"abc").read_chunk(8)
    assert await part(b"abc", {"Content-Length": "3"}).read_chunk(1) == b"a"
    with pytest.raises(ValueError, match="at least 1"):
        await part(b"abc", {"Content-Length": "3"}).read_chunk(0)


@given(lines=st.lists(st.sampled_from([b"a\r\n", b"\n", b"bc\n", b"\rx"])), piece=st.integers(1, 9))
async def test_lines_keep_their_ends(lines: list[bytes], piece: int) -> None:
    """S-321: the last may have none."""
    data = b"".join(lines)
    reader = part(data, piece=piece)
    found = []
    while line := await reader.readline():
        found.append(line)

    assert found == [line for line in data.split(b"\n")[:-1] for line in [line + b"\n"]] + [
        last for last in [data.split(b"\n")[-1]] if last
    ]


async def test_reading_ways_can_be_mixed() -> None:
    """S-321: each goes on where the last one stopped."""
    reader = part(b"one\ntwo three four\nfive")

    assert await reader.readline() == b"one\n"
    assert await reader.read_chunk(9) == b"two three"
    assert await reader.readline() == b" four\n"
    assert await reader.read() == b"five"


async def test_release_skips_the_rest() -> None:
    """S-321."""
    reader = part(DATA)
    await reader.read_chunk(10)

    await reader.release()

    assert reader.at_eof()
    assert await reader.read() == b""


@pytest.mark.parametrize(
    "read",
    [
        lambda reader: reader.read(),
        lambda reader: reader.read_chunk(100),
        lambda reader: reader.readline(),
        lambda reader: reader.text(),
    ],
)
async def test_data_beyond_the_limit_is_an_error(
    read: Callable[[BodyPartReader], Any],
) -> None:
    """S-322: encoded size; the class is the caller's choice and gets the limit."""

    class TooLargeError(Exception):
        pass

    within = part(b"x" * 10, client_max_size=10)
    beyond = part(b"x" * 11, client_max_size=10, max_size_error_cls=TooLargeError)

    assert await read(within)
    with pytest.raises(TooLargeError) as caught:
        await read(beyond)
    assert caught.value.args == (10,)


async def test_decoded_data_beyond_the_limit_is_an_error() -> None:
    """S-322, SEC-18: decoded size, in every way of decoding."""
    body = gzip.compress(bytes(100_000))
    headers = {"Content-Encoding": "gzip"}

    with pytest.raises(ValueError, match="1000"):
        await part(body, headers, client_max_size=1000).read(decode=True)
    with pytest.raises(ValueError, match="1000"):
        part(b"", headers, client_max_size=1000).decode(body)
    with pytest.raises(ValueError, match="1000"):
        [piece async for piece in part(b"", headers, client_max_size=1000).decode_iter(body)]


async def test_skipping_is_not_limited() -> None:
    """S-322 is about reading: what is skipped costs no memory."""
    reader = part(DATA, client_max_size=10)

    await reader.release()

    assert reader.at_eof()


@pytest.mark.parametrize("value", ["+5", "-1", "5a", "1_0", "\u0663", "", "5 ", "0x5", "9" * 20])
def test_content_length_must_be_digits(value: str) -> None:
    """S-319, SEC-8."""
    with pytest.raises(ValueError, match="Content-Length"):
        part(b"", {"Content-Length": value})


@pytest.mark.parametrize("length", ["2", "4"])
async def test_content_length_must_be_right(length: str) -> None:
    """S-319, SEC-14: a part that is shorter or longer than it says is malformed."""
    with pytest.raises(ValueError, match="Content-Length"):
        await part(b"abc", {"Content-Length": length}).read()


async def test_content_length_in_form_data_is_ignored() -> None:
    """S-319, RFC 7578 §4.8."""
    reader = part(b"abc", {"Content-Length": "nonsense"}, subtype="form-data")

    assert await reader.read() == b"abc"


async def test_truncated_part_is_an_error() -> None:
    """SEC-14: what has arrived is not passed off as the part."""
    headers = CIMultiDictProxy(CIMultiDict[str]())

    with pytest.raises(ValueError, match="inside a part"):
        await BodyPartReader(BOUNDARY, headers, MemorySource(b"abc")).read()


CODED = [
    ({}, DATA),
    ({"Content-Transfer-Encoding": "base64"}, base64.encodebytes(DATA)),
    ({"Content-Encoding": "gzip"}, gzip.compress(DATA)),
    ({"Content-Encoding": "deflate"}, zlib.compress(DATA)),
    (
        {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "BASE64"},
        base64.b64encode(gzip.compress(DATA)),
    ),
]


@pytest.mark.parametrize(("headers", "body"), CODED)
async def test_codings_are_undone_on_request(headers: dict[str, str], body: bytes) -> None:
    """S-321, S-324: `read` gives what was sent, decoding what was meant."""
    assert await part(body, headers).read() == body
    assert await part(body, headers).read(decode=True) == DATA
    assert part(b"", headers).decode(body) == DATA
    pieces = [piece async for piece in part(b"", headers).decode_iter(bytearray(body))]
    assert b"".join(pieces) == DATA


async def test_broken_escape_at_the_end_is_not_lost() -> None:
    """S-324: what a decoder holds back comes out at the end."""
    reader = part(b"a=4", {"Content-Transfer-Encoding": "quoted-printable"})

    assert await reader.read(decode=True) == b"a=4"


async def test_decoded_pieces_are_bounded_and_other_tasks_run() -> None:
    """S-324, SEC-18."""
    body = gzip.compress(bytes(1_000_000))
    reader = part(body, {"Content-Encoding": "gzip"}, max_decompress_size=10_000)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while not reader.at_eof() or ticks < 50:
            ticks += 1
            await asyncio.sleep(0)

    async def decode() -> list[int]:
        return [len(piece) async for piece in reader.iter_decoded()]

    lengths, _ = await asyncio.gather(decode(), tick())

    assert sum(lengths) == 1_000_000
    assert max(lengths) <= 10_000
    assert ticks > 50


async def test_form_data_has_no_content_coding() -> None:
    """S-324: Content-Encoding is left alone there."""
    reader = part(b"abc", {"Content-Encoding": "gzip"}, subtype="form-data")

    assert await reader.read(decode=True) == b"abc"


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Transfer-Encoding"])
async def test_unknown_coding_is_a_runtime_error(name: str) -> None:
    """S-324."""
    with pytest.raises(RuntimeError, match=name):
        await part(b"abc", {name: "rot13"}).read(decode=True)


@given(
    data=st.binary(max_size=200),
    size=st.integers(9, 50),
    piece=st.integers(1, 30),
    columns=st.integers(1, 20),
)
async def test_base64_chunks_decode_on_their_own(
    data: bytes, size: int, piece: int, columns: int
) -> None:
    """S-326: whatever the line breaks."""
    text = base64.b64encode(data)
    lines = [text[start : start + columns] for start in range(0, len(text), columns)]
    reader = part(b"\r\n".join(lines), {"Content-Transfer-Encoding": "base64"}, piece)
    decoded = b""
    while chunk := await reader.read_chunk(size):
        decoded += reader.decode(chunk)

    assert decoded == data


@pytest.mark.parametrize(
    ("headers", "kwargs", "encoding", "body"),
    [
        ({}, {}, None, "é".encode()),
        ({"Content-Type": "text/plain; charset=latin-1"}, {}, None, b"\xe9"),
        ({}, {"default_charset": "latin-1"}, None, b"\xe9"),
        ({"Content-Type": "a/b; charset=utf-16"}, {"default_charset": "x"}, "latin-1", b"\xe9"),
    ],
)
async def test_charset_of_text(
    headers: dict[str, str], kwargs: dict[str, Any], encoding: str | None, body: bytes
) -> None:
    """S-323: argument, Content-Type, the form's default, UTF-8."""
    assert await part(body, headers, **kwargs).text(encoding=encoding) == "é"


async def test_text_json_and_form_decode_first() -> None:
    """S-323."""
    headers = {"Content-Encoding": "gzip"}
    body = json.dumps({"a": "é"}).encode()

    assert await part(gzip.compress(body), headers).text() == body.decode()
    assert await part(gzip.compress(body), headers).json() == {"a": "é"}
    assert await part(gzip.compress(b"a=%C3%A9&b=&a=+"), headers).form() == [
        ("a", "é"),
        ("b", ""),
        ("a", " "),
    ]


async def test_empty_part_has_no_json_and_no_fields() -> None:
    """S-323."""
    assert await part(b"").json() is None
    assert await part(b"").form() == []
    assert await part(b"").text() == ""


@pytest.mark.parametrize("charset", ["utf-8", "klingon", "a\x00b", "punycode", "base64"])
async def test_text_that_is_none_is_a_value_error(charset: str) -> None:
    """S-323: undecodable, or a charset nobody knows."""
    with pytest.raises(ValueError, match=r"codec|charset|null"):
        await part(b"\xff").form(encoding=charset)


def test_charset_of_the_content_type() -> None:
    """S-327."""
    headers = {"Content-Type": 'a/b; x=y; charset="q"'}

    assert part(b"", headers).get_charset("d") == "q"
    assert part(b"").get_charset("d") == "d"


def test_name_and_filename() -> None:
    """S-327: from Content-Disposition in any case."""
    headers = {"content-disposition": "form-data; name=a; filename*=''%C3%A9"}

    reader = part(b"", headers)

    assert (reader.name, reader.filename) == ("a", "é")
    assert reader.headers["CONTENT-DISPOSITION"]


def test_name_and_filename_that_are_not_there() -> None:
    """S-327: absent or malformed is None."""
    assert part(b"").name is None
    malformed = part(b"", {"Content-Disposition": "a b c"})
    with pytest.warns(RuntimeWarning, match="cannot read"):
        assert malformed.filename is None
    assert malformed.name is None  # and warns once


async def test_part_is_saved_decoded(tmp_path: Path) -> None:
    """SEC-52: to a new file, once."""
    path = tmp_path / "x"
    body = gzip.compress(DATA)

    assert await part(body, {"Content-Encoding": "gzip"}).save(path) == len(DATA)
    assert path.read_bytes() == DATA
    with pytest.raises(FileExistsError):
        await part(b"other").save(path)
    assert await part(b"other").save(path, overwrite=True) == 5
    assert path.read_bytes() == b"other"


async def test_nothing_is_left_of_a_part_that_breaks_off(tmp_path: Path) -> None:
    """SEC-52: half a file is none."""
    reader = part(gzip.compress(DATA)[:-4], {"Content-Encoding": "gzip"})

    with pytest.raises(ValueError, match="cannot be decoded"):
        await reader.save(tmp_path / "x")
    assert not (tmp_path / "x").exists()


async def test_part_that_is_mostly_line_breaks_is_not_collected() -> None:
    """S-326: a group of base64 that is spread over megabytes takes no more than four bytes."""
    breaks = b"\r\n" * 500_000
    reader = part(breaks.join([b"Y", b"W", b"J", b"j"]), {"Content-Transfer-Encoding": "base64"})

    assert await reader.read_chunk(100) == b"YWJj"
    assert await reader.read_chunk(100) == b""
