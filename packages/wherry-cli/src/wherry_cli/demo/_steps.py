"""The steps of the demo: what the client does, and what must come back.

Each step is a coroutine that returns one line about what it saw, or raises `UnexpectedAnswerError`.
Timing, and what happens after a failure, is decided by the runner.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import wherry

from ._site import COOKIE, POEM, TOKEN

UPLOAD_SIZE = 3 * 1024 * 1024 + 1
"""Bytes of the uploaded file: more than any buffer on the way, and no round number."""


class UnexpectedAnswerError(Exception):
    """Something else came back than should have."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What steps share: the session, where the server is, and a file to upload."""

    session: wherry.ClientSession
    url: str
    file: Path


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the demo."""

    name: str
    run: Callable[[Stage], Awaitable[str]]


def expect(what: str, expected: object, got: object) -> None:
    """Raise `UnexpectedAnswerError` unless both are equal."""
    if expected != got:
        raise UnexpectedAnswerError(f"{what}: expected {expected!r:.100}, got {got!r:.100}")


async def get(stage: Stage) -> str:
    """A plain GET."""
    async with stage.session.get(f"{stage.url}/hello") as response:
        document = await response.json()
    expect("status", 200, response.status)
    expect("greeting", "world", document["hello"])
    return f"{response.status} {response.reason}, {response.content_type}"


async def post_json(stage: Stage) -> str:
    """JSON both ways."""
    sent = {"boats": ["wherry", "skiff", "œuvre"], "oars": 4, "sail": None}
    async with stage.session.post(f"{stage.url}/echo", json=sent) as response:
        document = await response.json()
    expect("status", 200, response.status)
    expect("document", {"you sent": sent}, document)
    return f"{len(sent)} members there and back"


async def upload(stage: Stage) -> str:
    """A form with a text field and a file that is read while it is sent."""
    form = wherry.FormData()
    form.add_field("title", "Thames, früh am Morgen")
    form.add_field("photo", stage.file, content_type="image/x-demo")
    async with stage.session.post(f"{stage.url}/upload", data=form) as response:
        document = await response.json()
    expect("status", 200, response.status)
    expect("framing", "Content-Length", document["framing"])
    title, photo = document["parts"]
    expect("text field", "Thames, früh am Morgen", title["text"])
    expect("file name", stage.file.name, photo["filename"])
    expect("media type", "image/x-demo", photo["type"])
    content = stage.file.read_bytes()
    expect("size", len(content), photo["size"])
    expect("digest", hashlib.sha256(content).hexdigest(), photo["sha256"])
    return f"{photo['size']:,} bytes streamed from disk, same digest"


async def redirect_with_cookie(stage: Stage) -> str:
    """A redirect whose response sets a cookie, which goes along to the next page."""
    async with stage.session.get(f"{stage.url}/login") as response:
        document = await response.json()
    expect("statuses", [302, 200], [*(hop.status for hop in response.history), response.status])
    expect("cookie", f"{COOKIE}={TOKEN}", document["cookie"])
    return f"302 to {response.url.path}, the cookie came along"


async def compressed(stage: Stage) -> str:
    """A compressed body, decoded on the way in."""
    async with stage.session.get(f"{stage.url}/poem") as response:
        text = await response.text()
    expect("content coding", "gzip", response.headers.get("Content-Encoding"))
    expect("text", POEM, text)
    return f"{response.content_length} bytes on the wire, {len(text):,} decoded"


async def chat(stage: Stage) -> str:
    """A WebSocket: a text and a binary message come back, then both sides say good-bye."""
    async with stage.session.ws_connect(f"{stage.url}/chat") as socket:
        await socket.send_str("ahoy ⛵")
        expect("text message", "ahoy ⛵", await socket.receive_str(timeout=5))
        await socket.send_bytes(bytes(range(256)) * 300)
        expect("binary message", bytes(range(256)) * 300, await socket.receive_bytes(timeout=5))
        await socket.close()
    expect("close code", wherry.WSCloseCode.OK, socket.close_code)
    return "text and 76,800 bytes echoed, closed with 1000"


STEPS = (
    Step("GET", get),
    Step("POST JSON", post_json),
    Step("multipart upload", upload),
    Step("redirect with cookie", redirect_with_cookie),
    Step("gzip", compressed),
    Step("WebSocket", chat),
)
"""All steps, in the order they are shown."""
