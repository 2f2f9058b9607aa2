"""`_body`: from what the caller calls data to a payload."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wherry import (
    AsyncIterablePayload,
    BytesIOPayload,
    BytesPayload,
    FormData,
    JsonPayload,
    MultipartWriter,
    StringPayload,
)
from wherry._body import as_json_payload, as_payload


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"x", BytesPayload), ("x", StringPayload), (io.BytesIO(), BytesIOPayload),
        ({"a": "1"}, BytesPayload), ([("a", "1")], BytesPayload), (FormData(), BytesPayload),
        (FormData(default_to_multipart=True), MultipartWriter),
        (MultipartWriter(), MultipartWriter),
        ({"f": io.BytesIO(b"x")}, MultipartWriter), (pieces(), AsyncIterablePayload),
    ],
)  # fmt: skip
def test_each_kind_of_data_has_its_payload(data: Any, kind: type) -> None:
    """S-386, S-390."""
    assert type(as_payload(data)) is kind


def test_no_data_is_no_body() -> None:
    assert as_payload(None) is None


def test_a_ready_payload_is_used_as_it_is() -> None:
    """S-271."""
    payload = BytesPayload(b"x")
    assert as_payload(payload) is payload


@pytest.mark.parametrize("data", [5, 1.5, object(), True, iter([b"x"])])
def test_what_is_neither_payload_nor_form_is_refused(data: Any) -> None:
    """S-392, S-514."""
    with pytest.raises(TypeError, match=f"got {type(data).__name__}"):
        as_payload(data)


async def test_text_takes_the_charset_of_the_content_type() -> None:
    """S-388."""
    payload = as_payload("é", "text/x; charset=latin-1")
    assert payload is not None
    assert payload.in_memory == b"\xe9"


def test_json_is_encoded_by_the_given_function() -> None:
    """S-280, S-386."""
    assert as_json_payload([1], json.dumps, None).in_memory == b"[1]"
    assert isinstance(as_json_payload([1], json.dumps, None), JsonPayload)
    assert as_json_payload([1], json.dumps, lambda value: b"own").in_memory == b"own"
