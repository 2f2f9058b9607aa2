"""What every payload has: a content type, headers, and ways to be written."""

import pytest

from wherry_payload import ByteSink, BytesPayload, Payload
from wherry_payload.testing import MemorySink, check_payload


class Halves(Payload):
    """A user's class that overrides only `write`."""

    async def write(self, writer: ByteSink) -> None:
        for piece in self._value:
            await writer.write(piece)


def make(**kwargs: object) -> Halves:
    return Halves([b"abc", b"", b"defg"], **kwargs)  # type: ignore[arg-type]


async def test_subclass_needs_write_only() -> None:
    """S-276: overriding `write` gives a complete payload."""
    assert await check_payload(make) == b"abcdefg"
    assert await make().as_bytes() == b"abcdefg"


@pytest.mark.parametrize("length", range(9))
async def test_write_with_length_drops_the_surplus(length: int) -> None:
    """S-276, S-287: at most the given number of bytes is written."""
    sink = MemorySink()

    await make().write_with_length(sink, length)

    assert sink.data == b"abcdefg"[:length]


async def test_length_counts_bytes_not_items() -> None:
    """S-275: a memoryview of four-byte items is cut between bytes."""
    sink = MemorySink()

    await Halves([memoryview(bytes(range(16))).cast("I"), b"x"]).write_with_length(sink, 6)

    assert sink.data == bytes(range(6))


async def test_write_with_no_length_writes_all() -> None:
    """S-275: None means no limit."""
    sink = MemorySink()

    await make().write_with_length(sink, None)

    assert sink.data == b"abcdefg"


def test_content_type_given_wins_over_the_file_name() -> None:
    """S-274: given, else guessed, else the default of the class."""
    assert make(content_type="a/b", filename="x.txt").content_type == "a/b"
    assert make(filename="x.txt").content_type == "text/plain"
    assert make(filename="x.unheard-of").content_type == "application/octet-stream"
    assert make().content_type == "application/octet-stream"


def test_headers_override_the_content_type() -> None:
    """S-274: `headers` come last, in any case."""
    payload = make(content_type="a/b", headers={"content-type": "c/d", "X-Y": "z"})

    assert payload.content_type == "c/d"
    assert payload.headers.getall("Content-Type") == ["c/d"]
    assert payload.headers["x-y"] == "z"


def test_content_disposition_is_set_among_the_headers() -> None:
    """S-275: `set_content_disposition` takes type and parameters."""
    payload = make()

    payload.set_content_disposition("form-data", name="é", filename="a b")

    assert payload.headers["Content-Disposition"] == (
        "form-data; name*=utf-8''%C3%A9; filename=\"a%20b\""
    )


def test_body_that_must_be_read_first_is_not_decoded() -> None:
    """S-275: `decode` never waits; it says what to do instead."""
    with pytest.raises(TypeError, match="as_bytes"):
        make().decode()


def test_repr_shows_size_and_type_but_no_content() -> None:
    """S-014: a body may hold secrets."""
    text = repr(BytesPayload(b"secret"))

    assert text == "<BytesPayload size=6 content_type='application/octet-stream'>"


def test_keywords_for_other_classes_are_ignored() -> None:
    """S-271: one call of the registry serves all classes."""
    assert BytesPayload(b"", disposition="attachment").size == 0


def test_default_payload_has_nothing_to_close_twice() -> None:
    """S-275: flags of a class that says nothing about itself."""
    payload = make()

    assert payload.autoclose is False
    assert payload.consumed is False
    assert payload.size is None
    assert payload.encoding is None
    assert payload.filename is None
