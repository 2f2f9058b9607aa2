"""Bodies in memory: bytes, text, JSON."""

import io
import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_payload import (
    ByteSink,
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    Payload,
    StringIOPayload,
    StringPayload,
)
from wherry_payload.testing import MemorySink, check_payload


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: BytesPayload(b"abc"), b"abc"),
        (lambda: BytesPayload(b""), b""),
        (lambda: BytesPayload(bytearray(b"abc")), b"abc"),
        (lambda: BytesPayload(memoryview(b"abc")), b"abc"),
        (lambda: StringPayload("é"), "é".encode()),
        (lambda: StringIOPayload(io.StringIO("é")), "é".encode()),
        (lambda: JsonPayload({"a": 1}), b'{"a": 1}'),
        (lambda: JsonBytesPayload([1], lambda value: json.dumps(value).encode()), b"[1]"),
    ],
)
async def test_body_is_as_promised(make: Callable[[], Payload], expected: bytes) -> None:
    """S-275, S-278 to S-280: size, bytes at hand, writing and writing again agree."""
    assert await check_payload(make) == expected
    assert await make().as_bytes() == expected
    assert make().in_memory == expected
    assert make().autoclose is True


async def test_large_mutable_body_is_written_not_copied() -> None:
    """A second copy of a large bytearray would only cost memory."""
    payload = BytesPayload(bytearray(70_000))

    assert payload.in_memory is None
    assert len(await payload.as_bytes()) == 70_000


def test_bytes_are_offered_as_they_are() -> None:
    """No copy is made of bytes."""
    value = bytes(1024 * 1024)

    assert BytesPayload(value).in_memory is value


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_large_body_is_written_in_pieces(kind: Callable[[bytes], Any]) -> None:
    """More than 1 MiB in one piece would be copied by the transport, and hold up the loop."""
    data = bytes(range(256)) * 10_000
    with pytest.warns(ResourceWarning):
        payload = BytesPayload(kind(data))
    sink = MemorySink()

    await payload.write(sink)

    assert payload.in_memory is None
    assert [len(piece) for piece in sink.pieces] == [1_048_576, 1_048_576, 462_848]
    assert sink.data == data == await payload.as_bytes()


@pytest.mark.parametrize(
    "view",
    [memoryview(b"abcdef")[::2], memoryview(bytearray(8)).cast("I"), memoryview(b"")],
)
async def test_memoryview_of_any_shape_is_its_bytes(view: memoryview) -> None:
    """S-278: the size is that of the bytes, not the number of items."""
    assert await check_payload(lambda: BytesPayload(view)) == view.tobytes()


@pytest.mark.parametrize("value", ["text", 5, None, [1]])
def test_value_that_is_not_bytes_like_is_refused(value: Any) -> None:
    """S-278: `TypeError` names what came."""
    with pytest.raises(TypeError, match=type(value).__name__):
        BytesPayload(value)


def test_large_body_warns_at_the_callers_line() -> None:
    """S-278, S-565, S-571: more than 1 MiB warns and works."""
    with pytest.warns(ResourceWarning, match="BytesIO") as caught:
        payload = BytesPayload(bytes(1024 * 1024 + 1))

    assert payload.size == 1024 * 1024 + 1
    assert caught[0].filename == __file__


def test_body_of_exactly_one_mebibyte_does_not_warn() -> None:
    """S-278: the limit is inclusive."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BytesPayload(bytes(1024 * 1024))


async def test_subclass_that_writes_something_else_is_not_short_cut() -> None:
    """S-276: the bytes at hand must not bypass an overridden `write`."""

    class Shouting(BytesPayload):
        async def write(self, writer: ByteSink) -> None:
            await writer.write(bytes(self._value).upper())

    payload = Shouting(b"abc")
    sink = MemorySink()
    await payload.write_with_length(sink, 2)

    assert payload.in_memory is None
    assert await payload.as_bytes() == b"ABC"
    assert sink.data == b"AB"


@pytest.mark.parametrize(
    ("kwargs", "body", "content_type"),
    [
        ({}, b"\xc3\xa9", "text/plain; charset=utf-8"),
        ({"encoding": "latin-1"}, b"\xe9", "text/plain; charset=latin-1"),
        ({"content_type": "text/a; charset=latin-1"}, b"\xe9", "text/a; charset=latin-1"),
        ({"content_type": 'text/a; charset="latin-1"'}, b"\xe9", 'text/a; charset="latin-1"'),
        ({"content_type": "text/a"}, b"\xc3\xa9", "text/a"),
        ({"content_type": "text/a; charset=klingon"}, b"\xc3\xa9", "text/a; charset=klingon"),
        ({"content_type": "text/a; charset=base64"}, b"\xc3\xa9", "text/a; charset=base64"),
        ({"content_type": "text/a; charset=rot13"}, b"\xc3\xa9", "text/a; charset=rot13"),
        ({"content_type": "text/a; charset=undefined"}, b"\xc3\xa9", "text/a; charset=undefined"),
        (
            {"content_type": "text/a; charset=x", "encoding": "latin-1"},
            b"\xe9",
            "text/a; charset=x",
        ),
        ({"headers": {"content-type": "a/b; charset=latin-1"}}, b"\xe9", "a/b; charset=latin-1"),
    ],
)
def test_charset_of_text(kwargs: dict[str, Any], body: bytes, content_type: str) -> None:
    """S-279: the encoding given, else the charset of the content type, else UTF-8."""
    payload = StringPayload("é", **kwargs)

    assert payload.in_memory == body
    assert payload.content_type == content_type


def test_unknown_encoding_is_not_replaced_silently() -> None:
    """S-279: a caller's own mistake is told to the caller."""
    with pytest.raises(LookupError):
        StringPayload("a", encoding="klingon")


def test_text_is_decoded_in_its_own_charset() -> None:
    """S-275: `decode` gives the text back."""
    assert StringPayload("é", encoding="latin-1").decode() == "é"
    assert BytesPayload(b"\xe9").decode("latin-1") == "é"
    assert BytesPayload(b"\xe9").decode(errors="replace") == "\ufffd"


def test_string_io_is_read_from_its_position() -> None:
    """S-273: what was read before is not sent."""
    text = io.StringIO("abcdef")
    text.read(2)

    assert StringIOPayload(text).in_memory == b"cdef"


def test_json_takes_type_encoding_and_dumps() -> None:
    """S-280: all three can be chosen."""
    payload = JsonPayload(
        "é", "latin-1", "application/x+json", lambda value: json.dumps(value, ensure_ascii=False)
    )

    assert payload.in_memory == b'"\xe9"'
    assert payload.content_type == "application/x+json"
    assert payload.encoding == "latin-1"


@given(data=st.binary(), length=st.integers(0, 50))
async def test_any_prefix_can_be_written(data: bytes, length: int) -> None:
    """S-275: `write_with_length` gives the prefix."""
    sink = MemorySink()

    await BytesPayload(data).write_with_length(sink, length)

    assert sink.data == data[:length]
