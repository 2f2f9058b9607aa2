"""A part that was received, as a body to send."""

import gzip

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from wherry_multipart import BodyPartReader, BodyPartReaderPayload
from wherry_multipart.testing import MemorySource
from wherry_payload import get_payload
from wherry_payload.testing import MemorySink, check_payload

DATA = bytes(range(256)) * 1000


def part(data: bytes, headers: dict[str, str] | None = None) -> BodyPartReader:
    proxy = CIMultiDictProxy(CIMultiDict(headers or {}))
    return BodyPartReader(b"--bound", proxy, MemorySource(data + b"\r\n--bound--"))


def payload_of(data: bytes, headers: dict[str, str] | None = None) -> BodyPartReaderPayload:
    payload = get_payload(part(data, headers))
    assert isinstance(payload, BodyPartReaderPayload)
    return payload


async def test_part_is_a_body_to_send() -> None:
    """S-273, S-328: streamed once, decoded."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "image/png"}

    assert await check_payload(lambda: payload_of(gzip.compress(DATA), headers)) == DATA
    assert payload_of(b"", headers).content_type == "image/png"


async def test_large_part_is_not_collected() -> None:
    """S-328: pieces are passed on as they arrive."""
    sink = MemorySink()

    await payload_of(DATA).write(sink)

    assert sink.data == DATA
    assert len(sink.pieces) > 1


def test_part_as_a_body_keeps_its_names() -> None:
    """S-328: where they are known."""
    headers = {"Content-Disposition": 'form-data; name="a"; filename="b c"'}

    payload = payload_of(b"", headers)

    assert payload.headers["Content-Disposition"] == 'attachment; name="a"; filename="b%20c"'
    assert "Content-Disposition" not in payload_of(b"").headers


async def test_part_as_a_body_cannot_be_kept() -> None:
    """S-328."""
    payload = payload_of(b"abc")

    with pytest.raises(TypeError, match="text"):
        payload.decode()
    with pytest.raises(TypeError, match="read"):
        await payload.as_bytes()
    assert payload.replayable is False
