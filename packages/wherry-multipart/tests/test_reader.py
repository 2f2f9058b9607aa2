"""Reading a multipart body part after part."""

from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from wherry_codec import LineTooLong
from wherry_multipart import (
    BodyPartReader,
    InvalidPartHeader,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
)
from wherry_multipart.testing import MemoryResponse, MemorySource
from wherry_payload.testing import MemorySink

TWO = b"--b\r\nA: 1\r\n\r\none\r\n--b\r\nA: 2\r\n\r\ntwo\r\n--b--\r\n"


def reader(
    body: bytes, subtype: str = "mixed", piece: int = 65536, **kwargs: Any
) -> MultipartReader:
    headers = {"content-type": f"multipart/{subtype}; boundary=b"}
    return MultipartReader(headers, MemorySource(body, piece), **kwargs)


def body_part(part: object) -> BodyPartReader:
    assert isinstance(part, BodyPartReader)
    return part


@pytest.mark.parametrize("piece", [1, 2, 5, 65536])
async def test_parts_come_in_order(piece: int) -> None:
    """S-316: `async for`, with headers and data, then the end."""
    parts = reader(TWO, piece=piece)

    found = [(part.headers["a"], await body_part(part).read()) async for part in parts]

    assert found == [("1", b"one"), ("2", b"two")]
    assert parts.at_eof()
    assert await parts.next() is None


async def test_unread_rest_is_skipped() -> None:
    """S-316: also of a part that was read halfway."""
    parts = reader(TWO)
    await body_part(await parts.next()).readline()

    assert await body_part(await parts.next()).read() == b"two"


async def test_release_skips_all_parts() -> None:
    """S-316."""
    parts = reader(TWO)

    await parts.release()

    assert parts.at_eof()
    assert await parts.next() is None


async def test_part_that_was_left_behind_is_at_its_end() -> None:
    """A reference to an old part cannot steal data of the next one."""
    parts = reader(TWO)
    first = body_part(await parts.next())
    second = body_part(await parts.next())

    assert await first.read() == b""
    assert await second.read() == b"two"


@pytest.mark.parametrize("read_inner", [True, False])
@pytest.mark.parametrize("piece", [1, 65536])
async def test_nested_body_is_a_reader(read_inner: bool, piece: int) -> None:
    """S-316: and skipped like any part."""
    inner = b"--c\r\n\r\nx\r\n--c--"
    body = (
        b"--b\r\nContent-Type: Multipart/Mixed; boundary=c\r\n\r\n"
        + inner
        + b"\r\n--b\r\n\r\nafter\r\n--b--"
    )
    parts = reader(body, piece=piece)

    nested = await parts.next()
    assert isinstance(nested, MultipartReader)
    assert nested.headers["Content-Type"] == "Multipart/Mixed; boundary=c"
    if read_inner:
        assert [await body_part(part).read() async for part in nested] == [b"x"]
    after = body_part(await parts.next())

    assert await after.read() == b"after"


async def test_nested_body_without_boundary_is_a_value_error() -> None:
    """S-315 holds at every level."""
    parts = reader(b"--b\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n--b--")

    with pytest.raises(ValueError, match="no boundary"):
        await parts.next()


async def test_classes_can_be_replaced() -> None:
    """The class attributes decide what parts and nested bodies become."""

    class Part(BodyPartReader):
        pass

    class Inner(MultipartReader):
        pass

    class Outer(MultipartReader):
        part_reader_cls = Part
        multipart_reader_cls = Inner

    body = TWO[:-7] + b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--"
    parts = Outer({"Content-Type": "multipart/mixed; boundary=b"}, MemorySource(body))

    assert [type(part) async for part in parts] == [Part, Part, Inner]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/mixed"}],
)
def test_headers_must_announce_a_multipart_body(headers: dict[str, str]) -> None:
    """S-315."""
    with pytest.raises(ValueError, match="multipart"):
        MultipartReader(headers, MemorySource(b""))


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"--b", b"--b\r\nA: 1\r\n", b"--b\r\n\r\nx", b"--b\r\n\r\nx\r\n--bx\r\n"],
)
async def test_malformed_body_is_a_value_error(body: bytes) -> None:
    """S-317, S-561: missing boundary, wrong line, cut off."""
    parts = reader(body)

    with pytest.raises(ValueError, match=r"body|boundary"):
        await parts.release()


async def test_malformed_part_header_is_an_error() -> None:
    """S-318."""
    with pytest.raises(InvalidPartHeader, match="b'bad'"):
        await reader(b"--b\r\nbad\r\n\r\n--b--").next()


@pytest.mark.parametrize("limit", [{"max_field_size": 3}, {"max_headers": 0}])
@pytest.mark.parametrize("nested", [False, True])
async def test_limits_of_part_headers(limit: dict[str, Any], nested: bool) -> None:
    """S-318: they hold in nested bodies, too."""
    body = b"--b\r\nA: 1\r\n\r\none\r\n--b--"
    if nested:
        source = MemorySource(body)
        inner = MultipartReader({"Content-Type": "multipart/x; boundary=b"}, source, **limit)
    else:
        inner = reader(body, **limit)

    with pytest.raises(LineTooLong) as caught:
        await inner.next()
    assert caught.value.limit == next(iter(limit.values()))


@pytest.mark.parametrize("nested", [False, True])
async def test_number_of_parts_can_be_limited(nested: bool) -> None:
    """S-315: the limit is inclusive, and holds in nested bodies, too."""
    body, boundary = TWO, "b"
    if nested:
        head = b"--c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        body, boundary = head + TWO + b"\r\n--c--", "c"

    async def count(limit: int) -> int:
        headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
        parts = MultipartReader(headers, MemorySource(body), max_parts=limit)
        inner = await parts.next() if nested else parts
        assert isinstance(inner, MultipartReader)
        return len([part async for part in inner])

    assert await count(2) == 2
    with pytest.raises(ValueError, match="more than max_parts=1 parts"):
        await count(1)


async def test_limits_are_handed_to_nested_readers() -> None:
    """S-318, S-322."""

    class TooLargeError(Exception):
        pass

    body = (
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        b"--c\r\nX-Long: " + b"x" * 60 + b"\r\n\r\n--c--\r\n--b--"
    )
    parts = MultipartReader(
        {"Content-Type": "multipart/mixed; boundary=b"},
        MemorySource(body),
        max_field_size=50,
        client_max_size=20,
        max_size_error_cls=TooLargeError,
    )
    nested = await parts.next()
    assert isinstance(nested, MultipartReader)

    with pytest.raises(TooLargeError):
        await nested.next()


async def test_default_charset_of_a_form() -> None:
    """S-320: a first part called `_charset_` is not given out."""
    body = (
        b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nlatin-1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xe9\r\n--b--'
    )
    parts = reader(body, "form-data")

    assert [await body_part(part).text() async for part in parts] == ["é"]


async def test_charset_field_counts_only_where_it_should() -> None:
    """S-320: first, and in form-data."""
    field = b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nlatin-1\r\n'

    assert len([part async for part in reader(field + b"--b--", "mixed")]) == 1
    assert len([part async for part in reader(TWO[:-7] + field + b"--b--", "form-data")]) == 3
    assert await reader(field + b"--b--", "form-data").next() is None
    assert await reader(field + b"--b--", "form-data").fetch_next_part() is not None


@pytest.mark.parametrize("length", [31, 32, 5000])
async def test_charset_field_has_31_bytes_at_most(length: int) -> None:
    """S-320: more raises `RuntimeError`, without reading it all."""
    field = b"--b\r\nContent-Disposition: form-data; name=_charset_\r\n\r\n"
    parts = reader(field + b"x" * length + b"\r\n--b--", "form-data")

    if length <= 31:
        assert await parts.next() is None
        return
    with pytest.raises(RuntimeError, match="31") as caught:
        await parts.next()
    assert len(str(caught.value)) < 250


async def test_response_is_released_after_the_last_part() -> None:
    """S-315: and not before."""
    response = MemoryResponse({"Content-Type": "multipart/mixed; boundary=b"}, TWO)
    parts = MultipartReader.from_response(response)
    assert isinstance(parts, MultipartResponseWrapper)
    data = []

    async for part in parts:
        assert response.released == 0
        data.append(await body_part(part).read())

    assert data == [b"one", b"two"]
    assert response.released == 1
    assert parts.at_eof()


async def test_response_may_be_released_by_an_awaitable() -> None:
    """S-315: whatever `release` of the response returns."""
    released = []

    class Response(MemoryResponse):
        def release(self) -> Awaitable[None]:  # type: ignore[override]
            async def later() -> None:
                released.append(True)

            return later()

    response = Response({"Content-Type": "multipart/mixed; boundary=b"}, TWO)

    await MultipartReader.from_response(response).release()

    assert released == [True]


FIELD = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
CODINGS = st.sampled_from(
    [
        {},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate", "Content-Transfer-Encoding": "base64"},
        {"Content-Transfer-Encoding": "quoted-printable"},
    ]
)


@given(
    parts=st.lists(st.tuples(st.binary(max_size=100), FIELD, CODINGS), max_size=5),
    subtype=st.sampled_from(["mixed", "related"]),
    piece=st.integers(1, 200),
)
async def test_what_is_written_is_read(
    parts: list[tuple[bytes, str, dict[str, str]]], subtype: str, piece: int
) -> None:
    """S-308, S-309, S-316: headers and data of random parts, in pieces of any size."""
    writer = MultipartWriter(subtype)
    for data, field, codings in parts:
        writer.append(data, CIMultiDict({"X-Field": field, **codings}))
    sink = MemorySink()
    await writer.write(sink)

    found = [
        (await body_part(part).read(decode=True), part.headers["X-Field"])
        async for part in MultipartReader(writer.headers, MemorySource(sink.data, piece))
    ]

    assert found == [(data, field) for data, field, _ in parts]
