"""What type checkers make of the public API. Checked by mypy, never run."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, assert_never, assert_type

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from wherry_multipart import (
    BodyPartReader,
    BodyPartReaderPayload,
    ContentDisposition,
    End,
    FormData,
    MultipartParser,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    PartData,
    PartEnd,
    PartHead,
    content_disposition,
    content_disposition_filename,
    parse_content_disposition,
    safe_filename,
)
from wherry_multipart.testing import MemoryResponse, MemorySource
from wherry_payload import Payload, SendablePayload, get_payload


def forms(path: Path) -> None:
    FormData({"a": "b"}, quote_fields="whatwg", charset="latin-1", default_to_multipart=True)
    FormData([("a", "b"), {"c": 5}, MultiDict(d="e")])
    form = FormData()
    form.add_field("a", path, content_type="image/png", filename="b.png")
    form.add_field(1, "b")
    form.add_fields(("a", "b"), {"c": "d"})
    assert_type(form.is_multipart, bool)
    assert_type(form(), Payload)
    FormData(quote_fields="html")  # type: ignore[arg-type]


async def writers() -> None:
    with MultipartWriter("related", boundary="b") as writer:
        assert_type(writer, MultipartWriter)
        assert_type(writer.append("text", {"X-Y": "z"}), Payload)
        assert_type(writer.append(MultipartWriter()), Payload)
        assert_type(writer.append_payload(get_payload(b"a")), Payload)
        assert_type(writer.append_json({"a": [1]}), Payload)
        assert_type(writer.append_form([("a", "b")]), Payload)
    sendable: SendablePayload = writer
    assert_type(sendable.size, int | None)
    assert_type(writer.boundary, str)
    assert_type(len(writer), int)
    for part in writer:
        assert_type(part, tuple[Payload, str, str])
    assert_type(await writer.as_bytes(), bytes)


async def readers(headers: Mapping[str, str], directory: Path) -> None:
    reader = MultipartReader(headers, MemorySource(b""), client_max_size=2**20, max_parts=100)
    assert_type(await reader.next(), MultipartReader | BodyPartReader | None)
    assert_type(reader.at_eof(), bool)
    async for part in reader:
        match part:
            case MultipartReader():
                await part.release()
            case BodyPartReader():
                await one_part(part, directory)
            case _:
                assert_never(part)
    wrapper = MultipartReader.from_response(MemoryResponse({}, b""))
    assert_type(wrapper, MultipartResponseWrapper)
    assert_type(await wrapper.next(), MultipartReader | BodyPartReader | None)


async def one_part(part: BodyPartReader, directory: Path) -> None:
    assert_type(part.headers, CIMultiDictProxy[str] | CIMultiDict[str])
    assert_type(part.name, str | None)
    assert_type(part.filename, str | None)
    assert_type(part.get_charset("utf-8"), str)
    assert_type(await part.read(decode=True), bytes | bytearray)
    assert_type(await part.read_chunk(100), bytes)
    assert_type(await part.readline(), bytes)
    assert_type(await part.text(), str)
    assert_type(await part.json(), Any)
    assert_type(await part.form(encoding="utf-8"), list[tuple[str, str]])
    assert_type(part.decode(b""), bytes)
    assert_type(part.decode_iter(b""), AsyncGenerator[bytes, None])
    assert_type(part.iter_decoded(), AsyncGenerator[bytes, None])
    name = safe_filename(part.filename) or "part"
    assert_type(await part.save(directory / name, overwrite=True), int)
    sendable: SendablePayload = BodyPartReaderPayload(part)
    await sendable.close()


def events(data: bytes | bytearray | memoryview) -> None:
    parser = MultipartParser("b", max_headers=5)
    parser.feed(data)
    event = parser.next_event()
    match event:
        case PartHead(headers):
            assert_type(headers, CIMultiDictProxy[str])
        case PartData(piece):
            assert_type(piece, bytes)
        case PartEnd() | End() | None:
            pass
        case _:
            assert_never(event)


def dispositions(header: str) -> None:
    assert_type(parse_content_disposition(header), tuple[str | None, dict[str, str]])
    assert_type(content_disposition_filename({}, "name"), str | None)
    found = content_disposition(header)
    assert_type(found, ContentDisposition | None)
    if found is not None:
        assert_type(found.parameters, Mapping[str, str])
        found.type = "inline"  # type: ignore[misc]
