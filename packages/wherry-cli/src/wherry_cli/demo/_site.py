"""What the demo server answers: one function for each path, requests in and plans out.

No I/O, no state: each answer depends on its request alone.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping

from wherry_codec import Request
from wherry_codec.fields import parse_media_type
from wherry_codec.testing import RawPlan, ResponsePlan
from wherry_multipart import MultipartParser, PartData, PartEnd, PartHead, content_disposition
from wherry_websocket import HandshakeRefused
from wherry_websocket.testing import EchoServer

COOKIE = "demo-session"
"""The name of the cookie that `/login` sets."""

TOKEN = "c29tZSB0b2tlbg=="  # noqa: S105 - it opens nothing
"""The value of that cookie. With `=` in it, which a client must give back untouched."""

POEM = "Row, row, row your boat, gently down the stream.\n" * 200
"""What `/poem` serves, compressed if the client can take it."""


def answer(request: Request, body: bytes) -> ResponsePlan | RawPlan:
    """The answer to any request: 404 for other paths than those of `PAGES`, 405 for methods."""
    path = request.target.partition("?")[0]
    allowed, page = PAGES.get(path, ("", _not_found))
    if allowed and request.method not in (allowed, "HEAD" if allowed == "GET" else allowed):
        return _json({"error": f"{path} takes {allowed}"}, 405, [("Allow", allowed)])
    return page(request, body)


def _json(
    value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> ResponsePlan:
    text = json.dumps(value, indent=2) + "\n"
    return ResponsePlan(status, [("Content-Type", "application/json"), *headers], text.encode())


def _not_found(request: Request, body: bytes) -> ResponsePlan:
    return _json({"error": "no such page", "pages": sorted(PAGES)}, 404)


def _hello(request: Request, body: bytes) -> ResponsePlan:
    return _json({"hello": "world", "agent": request.headers.get("User-Agent")})


def _echo_json(request: Request, body: bytes) -> ResponsePlan:
    try:
        return _json({"you sent": json.loads(body)})
    except ValueError as error:
        return _json({"error": str(error)}, 400)


def _upload(request: Request, body: bytes) -> ResponsePlan:
    """What arrived in a form: for each part its name, file name, type, size and digest."""
    boundary = parse_media_type(request.headers.get("Content-Type", "")).parameters.get("boundary")
    if boundary is None:
        return _json({"error": "expected a multipart form"}, 400)
    try:
        parts = _parts(boundary, body)
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    framing = "Content-Length" if "Content-Length" in request.headers else "chunked"
    return _json({"framing": framing, "parts": parts})


def _parts(boundary: str, body: bytes) -> list[dict[str, object]]:
    """One entry for each part; `ValueError` if the body is no form with this boundary."""
    parser = MultipartParser(boundary)
    parser.feed(body)
    parser.feed_eof()
    parts: list[dict[str, object]] = []
    headers: Mapping[str, str] = {}
    content = bytearray()
    while True:
        match parser.next_event():
            case PartHead(fields):
                headers, content = fields, bytearray()
            case PartData(data):
                content += data
            case PartEnd():
                parts.append(_part(headers, bytes(content)))
            case _:
                return parts


def _part(headers: Mapping[str, str], content: bytes) -> dict[str, object]:
    disposition = content_disposition(headers.get("Content-Disposition"))
    parameters = disposition.parameters if disposition is not None else {}
    part: dict[str, object] = {
        "name": parameters.get("name"),
        "type": headers.get("Content-Type"),
        "size": len(content),
    }
    if disposition is None or disposition.filename is None:
        return part | {"text": content.decode("utf-8", "replace")}
    digest = hashlib.sha256(content).hexdigest()
    return part | {"filename": disposition.filename, "sha256": digest}


def _login(request: Request, body: bytes) -> ResponsePlan:
    cookie = f"{COOKIE}={TOKEN}; Path=/; HttpOnly; SameSite=Lax"
    return ResponsePlan(302, [("Location", "/account"), ("Set-Cookie", cookie)])


def _account(request: Request, body: bytes) -> ResponsePlan:
    return _json({"cookie": request.headers.get("Cookie")})


def _poem(request: Request, body: bytes) -> ResponsePlan:
    text = POEM.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Vary", "Accept-Encoding")]
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return ResponsePlan(200, headers, text)
    return ResponsePlan(200, [*headers, ("Content-Encoding", "gzip")], gzip.compress(text, mtime=0))


def _echo_messages(request: Request, body: bytes) -> ResponsePlan:
    """Become a WebSocket that sends every message back."""
    echo = EchoServer()
    try:
        fields = echo.accept_handshake(request.headers)
    except HandshakeRefused as error:
        return _json({"error": str(error)}, 400)

    def take_over(data: bytes) -> Iterable[bytes] | None:
        return (echo.receive_data(data),) if data else None

    return ResponsePlan(101, fields, takeover=take_over)


Page = Callable[[Request, bytes], ResponsePlan]

PAGES: dict[str, tuple[str, Page]] = {
    "/hello": ("GET", _hello),
    "/echo": ("POST", _echo_json),
    "/upload": ("POST", _upload),
    "/login": ("GET", _login),
    "/account": ("GET", _account),
    "/poem": ("GET", _poem),
    "/chat": ("GET", _echo_messages),
}
"""Path to the method it takes and the function that answers."""
