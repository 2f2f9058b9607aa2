"""HAR 1.2: what a session did, as a file that browsers and other tools can show.

Decides how a recorded hop becomes an entry. Secrets are hidden unless asked for (SEC-60), bodies
are left out unless asked for, and both bodies and entries are bounded. Recording is done by
`timeline`. http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import base64
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from ._redaction import Redaction
from ._version import __version__
from .timeline import DEFAULT_MAX_CALLS, Hop, TimelineRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from ._config import TraceConfig
    from .timeline import Body, Call, Head, Traceable

__all__ = ["HarRecorder"]

NOT_APPLICABLE = -1
"""What HAR says of times and sizes that do not exist or are not known."""

Document = dict[str, Any]
"""A JSON object."""


class HarRecorder:
    """Records what sessions do, and makes a HAR of it.

    Give `trace_config` to a session, or record for a while `with recorder.recording(session)`. Up
    to `max_body` bytes of each body are kept; bodies that are longer, all by default, are left out
    and only counted. `secret_headers` names fields to hide besides the usual ones; `shows_secrets`
    hides nothing.
    """

    def __init__(
        self,
        *,
        max_body: int = 0,
        max_calls: int = DEFAULT_MAX_CALLS,
        shows_secrets: bool = False,
        secret_headers: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._timeline = TimelineRecorder(
            max_body=max_body, max_calls=max_calls, clock=clock, now=now
        )
        self._redaction = Redaction.of(shows_secrets, secret_headers)

    @property
    def trace_config(self) -> TraceConfig:
        """What a session is given to be recorded from its start."""
        return self._timeline.trace_config

    def recording(self, session: Traceable) -> AbstractContextManager[None]:
        """Record the calls that `session` begins within `with`."""
        return self._timeline.recording(session)

    def har(self) -> Document:
        """The document, as it stands now: one entry for each request that went out or failed."""
        return har_of(self._timeline.calls, self._redaction)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document to `path`, for its owner only. Raises `OSError`."""
        text = json.dumps(self.har(), indent=1, ensure_ascii=False)
        # A HAR tells a lot of its user even without secrets.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace") + b"\n")


def har_of(calls: Iterable[Call], redaction: Redaction) -> Document:
    """The document for `calls`."""
    entries = [_entry(call, hop, redaction) for call in calls for hop in call.hops]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    creator = {"name": "wherry", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _entry(call: Call, hop: Hop, redaction: Redaction) -> Document:
    timings = _timings(hop)
    began = call.began + timedelta(seconds=hop.started - call.started)
    entry = {
        "startedDateTime": began.astimezone(UTC).isoformat(timespec="milliseconds"),
        "time": _total(timings),
        "request": _request(hop, redaction),
        "response": _response(hop.response, hop.response_body, redaction),
        "cache": {},
        "timings": timings,
    }
    if hop.failure:
        entry["_error"] = hop.failure
    return entry


def _timings(hop: Hop) -> dict[str, float]:
    """Milliseconds. As HAR will have it, connecting includes TLS."""
    seconds = dict.fromkeys(("queue", "dns", "connect", "tls", "send", "first_byte", "body"), 0.0)
    for phase in hop.phases:
        seconds[phase.name] += phase.seconds
    spent = {name: round(value * 1000, 3) for name, value in seconds.items()}
    has_tls = spent["tls"] > 0
    return {
        "blocked": spent["queue"] or NOT_APPLICABLE,
        "dns": spent["dns"] or NOT_APPLICABLE,
        "connect": round(spent["connect"] + spent["tls"], 3) or NOT_APPLICABLE,
        "ssl": spent["tls"] if has_tls else NOT_APPLICABLE,
        "send": spent["send"],
        "wait": spent["first_byte"],
        "receive": spent["body"],
    }


def _total(timings: dict[str, float]) -> float:
    return round(sum(ms for name, ms in timings.items() if ms > 0 and name != "ssl"), 3)


def _request(hop: Hop, redaction: Redaction) -> Document:
    headers = CIMultiDict(hop.headers)
    url = redaction.url(hop.url.with_fragment(None))
    request: Document = {
        "method": hop.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": _named(redaction.cookies(_cookie_pairs(headers))),
        "headers": _named(redaction.headers(hop.headers)),
        "queryString": _named(URL(url).query.items()),
        "headersSize": NOT_APPLICABLE,
        "bodySize": hop.request_body.size,
    }
    media_type = headers.get("Content-Type", "")
    if hop.request_body.size:
        text = ""
        if hop.request_body.is_complete:
            content = redaction.form(bytes(hop.request_body.content), media_type)
            text = content.decode("utf-8", "replace")
        request["postData"] = {"mimeType": media_type, "text": text}
        if not hop.request_body.is_complete:
            request["postData"]["comment"] = "the body was not recorded"
    return request


def _response(head: Head | None, body: Body, redaction: Redaction) -> Document:
    if head is None:
        return _no_response()
    headers = CIMultiDict(head.headers)
    length = headers.get("Content-Length", "")
    on_wire = int(length) if length.isascii() and length.isdecimal() else NOT_APPLICABLE
    major, minor = head.version or (1, 1)
    content: Document = {
        "size": body.size,
        "mimeType": headers.get("Content-Type", ""),
        **_content_text(body),
    }
    if "Content-Encoding" in headers and on_wire >= 0:
        content["compression"] = body.size - on_wire
    return {
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": f"HTTP/{major}.{minor}",
        "cookies": _named(redaction.cookies(_set_cookie_pairs(headers))),
        "headers": _named(redaction.headers(head.headers)),
        "content": content,
        "redirectURL": redaction.url(headers.get("Location", "")),
        "headersSize": NOT_APPLICABLE,
        "bodySize": on_wire,
    }


def _no_response() -> Document:
    """What browsers write if there was none."""
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": ""},
        "redirectURL": "",
        "headersSize": NOT_APPLICABLE,
        "bodySize": NOT_APPLICABLE,
    }


def _content_text(body: Body) -> Document:
    if not body.is_complete:
        return {"comment": "the body was not recorded"}
    if not body.size:
        return {}
    content = bytes(body.content)
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode(), "encoding": "base64"}


def _named(pairs: Iterable[tuple[str, str]]) -> list[Document]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookie_pairs(headers: CIMultiDict[str]) -> list[tuple[str, str]]:
    """RFC 6265 §4.2.1."""
    fields = (field for line in headers.getall("Cookie", []) for field in line.split(";"))
    return [_pair(field) for field in fields if field.strip()]


def _set_cookie_pairs(headers: CIMultiDict[str]) -> list[tuple[str, str]]:
    """Names and values alone; the attributes are in the field itself, if secrets are shown."""
    return [_pair(line.partition(";")[0]) for line in headers.getall("Set-Cookie", [])]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    return (name.strip(), value.strip()) if equals else ("", name.strip())
