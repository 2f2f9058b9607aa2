"""Entries of a HAR. The whole document is validated against its schema elsewhere."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from wherry_tracing import begin
from wherry_tracing.har import HarRecorder

if TYPE_CHECKING:
    from pathlib import Path

    from wherry_tracing import ResponseShape

FIELDS = CIMultiDict([("Host", "h"), ("Cookie", "a=b; c=d"), ("Content-Type", "text/plain")])
SITE = URL("http://h/p?x=1&token=t#frag")


async def entry(response: ResponseShape, body: bytes, **settings: Any) -> dict[str, Any]:
    """The entry of one call."""
    ticks = iter(range(100))
    recorder = HarRecorder(
        clock=lambda: float(next(ticks)),
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
        **settings,
    )
    recorder.trace_config.freeze()
    traces = begin([recorder.trace_config], None)
    await traces.request_start("POST", SITE, FIELDS)
    await traces.connection_queued_start()
    await traces.connection_queued_end()
    await traces.connection_create_start()
    await traces.tls_handshake_start("h")
    await traces.tls_handshake_end("h")
    await traces.connection_create_end()
    await traces.request_headers_sent("POST", SITE, FIELDS)
    await traces.request_chunk_sent("POST", SITE, b"sent")
    await traces.request_end("POST", SITE, FIELDS, response)
    await traces.response_chunk_received("POST", SITE, body)
    (found,) = recorder.har()["log"]["entries"]
    assert isinstance(found, dict)
    return found


async def test_entry_of_a_call(response: Any) -> None:
    """Times in milliseconds, connecting with TLS in it; secrets masked; no fragment."""
    response.headers.extend([("Set-Cookie", "s=t; Path=/"), ("Content-Length", "2")])
    found = await entry(response, b"hi", max_body=10)

    assert found["startedDateTime"] == "2026-01-02T03:04:05.678+00:00"
    assert found["timings"] == {
        "blocked": 1000.0,
        "dns": -1,
        "connect": 3000.0,
        "ssl": 1000.0,
        "send": 1000.0,
        "wait": 1000.0,
        "receive": 1000.0,
    }
    assert found["time"] == 7000.0
    request, answer = found["request"], found["response"]
    assert request["url"] == "http://h/p?x=1&token=***"
    assert request["queryString"][1] == {"name": "token", "value": "***"}
    assert request["cookies"] == [{"name": "a", "value": "***"}, {"name": "c", "value": "***"}]
    assert request["postData"] == {"mimeType": "text/plain", "text": "sent"}
    assert answer["cookies"] == [{"name": "s", "value": "***"}]
    assert answer["content"] == {"size": 2, "mimeType": "", "text": "hi"}
    assert (answer["bodySize"], answer["httpVersion"]) == (2, "HTTP/1.1")


async def test_secrets_can_be_shown(response: Any) -> None:
    """For a HAR that stays at home."""
    found = await entry(response, b"", shows_secrets=True)

    assert found["request"]["url"] == "http://h/p?x=1&token=t"
    assert {"name": "Cookie", "value": "a=b; c=d"} in found["request"]["headers"]


@pytest.mark.parametrize("limit", [0, 3])
async def test_body_that_is_longer_than_the_limit_is_left_out(response: Any, limit: int) -> None:
    """Half a body would be mistaken for a whole one."""
    found = await entry(response, b"long", max_body=limit)

    assert found["response"]["content"] == {
        "size": 4,
        "mimeType": "",
        "comment": "the body was not recorded",
    }


async def test_coded_body_tells_what_coding_saved(response: Any) -> None:
    """`compression` is the difference."""
    response.headers.extend([("Content-Encoding", "gzip"), ("Content-Length", "30")])

    found = await entry(response, bytes(100), max_body=100)

    assert found["response"]["content"]["compression"] == 70


async def test_file_is_for_its_owner(tmp_path: Path) -> None:
    """A HAR tells a lot of its user."""
    HarRecorder().save(tmp_path / "a.har")

    assert json.loads((tmp_path / "a.har").read_bytes())["log"]["entries"] == []
    if os.name == "posix":
        assert (tmp_path / "a.har").stat().st_mode & 0o777 == 0o600
