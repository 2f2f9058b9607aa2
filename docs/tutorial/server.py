"""The server of the tutorial: `python docs/tutorial/server.py [PORT]`, by default at port 8080.

Made of wherry's own parts: the codec answers HTTP without knowing sockets, and asyncio is the
socket around it. Ctrl-C ends it.
"""

import asyncio
import contextlib
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator

from wherry_codec import Request
from wherry_codec.fields import parse_challenges, parse_media_type
from wherry_codec.testing import RawPlan, ResponsePlan, serve_bytes
from wherry_multipart import End, MultipartParser, PartHead, content_disposition
from wherry_websocket.testing import EchoServer


def answer(request: Request, body: bytes) -> ResponsePlan | RawPlan:
    """What the server says to `request`."""
    match request.target.partition("?")[0]:
        case "/hello":
            return _json({"hello": "world"})
        case "/echo":
            return _json({"you sent": json.loads(_decoded(request, body))})
        case "/size":
            return _json({"bytes": len(body)})
        case "/upload":
            return _json({"fields": list(_field_names(request, body))})
        case "/big":
            return ResponsePlan(headers=[("Content-Type", "text/plain")], body=[_LINES] * 1000)
        case "/file":
            return _file(request)
        case "/basic":
            return _guarded(request, 'Basic realm="tide"', "Basic YW5uOnNlY3JldA==")
        case "/digest":
            return _guarded(request, _DIGEST_CHALLENGE, _digest_answer(request))
        case "/login":
            return ResponsePlan(302, [("Location", "/me"), ("Set-Cookie", "user=ann; Path=/")])
        case "/me":
            return _json({"cookie": request.headers.get("Cookie", "")})
        case "/slow":
            return RawPlan([], closes=False)  # never says a word
        case "/chat":
            return _chat(request)
        case _:
            return _json({"error": "no such page"}, 404)


_LINES = b"a line of text\n" * 70
_FILE = _LINES * 1000
_DIGEST_CHALLENGE = 'Digest realm="tide", nonce="n1", qop="auth", algorithm=SHA-256'


def _json(value: object, status: int = 200) -> ResponsePlan:
    body = json.dumps(value).encode()
    return ResponsePlan(status, [("Content-Type", "application/json")], body)


def _decoded(request: Request, body: bytes) -> bytes:
    match request.headers.get("Content-Encoding"):
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            return body


def _file(request: Request) -> ResponsePlan:
    """A file, or the end of it if the request says where to begin."""
    headers = [("ETag", '"v1"'), ("Content-Length", str(len(_FILE)))]
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if asked is None or request.headers.get("If-Range", '"v1"') != '"v1"':
        return ResponsePlan(headers=headers, body=_FILE)
    rest = _FILE[int(asked[1]) :]
    span = f"bytes {asked[1]}-{len(_FILE) - 1}/{len(_FILE)}"
    return ResponsePlan(206, [("ETag", '"v1"'), ("Content-Range", span)], rest)


def _guarded(request: Request, challenge: str, wanted: str) -> ResponsePlan:
    """The page for those who know the password of Ann, which is `secret`."""
    if request.headers.get("Authorization", "").startswith(wanted):
        return _json({"welcome": "ann"})
    return ResponsePlan(401, [("WWW-Authenticate", challenge)])


def _digest_answer(request: Request) -> str:
    """How the one right answer to the challenge begins (RFC 7616 section 3.4)."""
    # Credentials are written like a challenge.
    for given in parse_challenges(request.headers.get("Authorization", "")):
        asked = _sha256(f"{request.method}:{request.target}")
        details = f"n1:{given.parameters.get('nc')}:{given.parameters.get('cnonce')}:auth"
        right = _sha256(f"{_sha256('ann:tide:secret')}:{details}:{asked}")
        if given.scheme == "digest" and given.parameters.get("response") == right:
            return "Digest "
    return "no other answer"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _field_names(request: Request, body: bytes) -> Iterator[str]:
    media_type = parse_media_type(request.headers["Content-Type"])
    parser = MultipartParser(media_type.parameters["boundary"])
    parser.feed(body)
    parser.feed_eof()
    for event in iter(parser.next_event, End()):
        if isinstance(event, PartHead):
            disposition = content_disposition(event.headers["Content-Disposition"])
            yield disposition.parameters["name"] if disposition is not None else ""


def _chat(request: Request) -> ResponsePlan:
    echo = EchoServer()

    def take_over(data: bytes) -> Iterable[bytes] | None:
        return (echo.receive_data(data),) if data else None

    return ResponsePlan(101, echo.accept_handshake(request.headers), takeover=take_over)


async def serve_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client until it has gone."""
    server = serve_bytes(answer)
    with contextlib.suppress(ConnectionError):
        while not server.is_closed:
            for piece in server.receive(await reader.read(65536)):
                writer.write(piece)
                await writer.drain()
    writer.close()


async def main(port: int) -> None:
    """Serve until cancelled."""
    server = await asyncio.start_server(serve_client, "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
