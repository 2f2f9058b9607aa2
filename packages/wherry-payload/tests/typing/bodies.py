"""What type checkers make of the public API. Checked by mypy, never run."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, assert_type

from multidict import CIMultiDict

from wherry_payload import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BufferedReaderPayload,
    ByteSink,
    BytesIOPayload,
    BytesPayload,
    IOBasePayload,
    JsonBytesPayload,
    JsonPayload,
    Order,
    PathPayload,
    Payload,
    PayloadRegistry,
    QuoteFields,
    SendablePayload,
    StreamerPayload,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    WriterCall,
    content_disposition_header,
    file_name,
    get_payload,
    payload_type,
    register_payload,
    streamer,
)
from wherry_payload.testing import MemorySink, MemorySource, check_payload


def every_class_is_sendable(numbers: AsyncIterator[bytes]) -> None:
    bodies: list[SendablePayload] = [
        BytesPayload(b"a", {"X-Y": "z"}, content_type="a/b"),
        StringPayload("a", encoding="latin-1"),
        StringIOPayload(io.StringIO()),
        JsonPayload({"a": 1}, dumps=json.dumps),
        JsonBytesPayload([1], lambda value: json.dumps(value).encode()),
        BytesIOPayload(io.BytesIO(), filename="a"),
        PathPayload(Path("a"), disposition=None),
        AsyncIterablePayload(numbers),
        StreamReaderPayload(MemorySource(b"a")),
    ]
    assert_type(bodies[0].in_memory, bytes | None)
    with Path("a").open("rb") as binary, Path("a").open() as text:
        bodies += [BufferedReaderPayload(binary), TextIOPayload(text), IOBasePayload(binary)]


async def a_payload_answers(payload: Payload) -> None:
    assert_type(payload.size, int | None)
    assert_type(payload.filename, str | None)
    assert_type(payload.encoding, str | None)
    assert_type(payload.content_type, str)
    assert_type(payload.headers, CIMultiDict[str])
    assert_type(payload.consumed, bool)
    assert_type(payload.replayable, bool)
    assert_type(payload.autoclose, bool)
    assert_type(payload.in_memory, bytes | None)
    assert_type(payload.decode("utf-8", errors="replace"), str)
    assert_type(await payload.as_bytes(), bytes)
    await payload.write(MemorySink())
    await payload.write_with_length(MemorySink(), 5)
    await payload.close()
    payload.set_content_disposition("form-data", quote_fields="whatwg", name="a")


def the_registry_takes_any_value(registry: PayloadRegistry, value: object) -> None:
    assert_type(get_payload(value, filename="a"), Payload)
    assert_type(registry.get(value, disposition=None), Payload)
    assert_type(PAYLOAD_REGISTRY, PayloadRegistry)
    register_payload(BytesPayload, (int, float), order=Order.try_last)


@payload_type(complex)
class ComplexPayload(Payload):
    async def write(self, writer: ByteSink) -> None:
        await writer.write(str(self._value).encode())


assert_type(ComplexPayload(1j), ComplexPayload)  # the decorator keeps the class


def escaping(way: QuoteFields) -> None:
    assert_type(content_disposition_header("form-data", {"name": "a"}, quote_fields=way), str)
    ways: list[bool | Literal["whatwg"]] = [True, False, "whatwg"]
    for each in ways:
        escaping(each)
    escaping("html")  # type: ignore[arg-type]


def names(file: object) -> None:
    assert_type(file_name(file), str | None)


@streamer
async def rows(writer: ByteSink, count: int) -> None:
    for _ in range(count):
        await writer.write(b"row\n")


assert_type(rows(5), WriterCall)
assert_type(StreamerPayload(rows(5)), StreamerPayload)


async def checks() -> None:
    assert_type(await check_payload(lambda: BytesPayload(b"")), bytes)
    BytesPayload("text")  # type: ignore[arg-type]
    StringPayload(b"bytes")  # type: ignore[arg-type]
