"""tools.bench: what contestants send and read, against a loopback server that looks at it."""

import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.bench._clients import (
    CLIENTS,
    NotOfferedError,
    Setup,
    UnexpectedStatusError,
    is_installed,
    open_client,
)

Peer = Callable[[bool, str], None]

HERE = ("wherry", "aiohttp", "httpx", "floor")
"""Contestants of the test environment; the others are tried where they are installed."""


@dataclass
class Site:
    """A running server: its base URL, and what was posted to it, by path."""

    base: str = ""
    posted: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)


def _handler(site: Site) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            bodies = {"/json": b'{"a": [1, 2]}', "/large": bytes(300_000)}
            self._answer(bodies.get(self.path, b""))

        def do_POST(self) -> None:
            site.headers[self.path] = dict(self.headers.items())
            site.posted[self.path] = self._body()
            self._answer(b"ok")

        def _body(self) -> bytes:
            if "Content-Length" in self.headers:
                return self.rfile.read(int(self.headers["Content-Length"]))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, body: bytes) -> None:
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """The test run's output is not the place for an access log."""

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    """A loopback server in a thread."""
    found = Site()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(found)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        found.base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=[name for name in CLIENTS if name in HERE or is_installed(name)])
def name(request: pytest.FixtureRequest, peer: Peer) -> str:
    """Each contestant; those with environments of their own only where they happen to be here."""
    found: str = request.param
    peer(is_installed(found), f"pip install {found}")
    return found


SETUP = Setup(connections=100, cookies=True)


async def test_bodies_are_read_whole(name: str, site: Site) -> None:
    """Their size is what a slice is checked by."""
    client = open_client(name, SETUP)

    assert await client.get(f"{site.base}/large") == 300_000
    assert await client.get_json(f"{site.base}/json") == 13
    assert await client.get_stream(f"{site.base}/large") == 300_000
    await client.close()


async def _two_chunks() -> AsyncIterator[bytes]:
    yield b"one, "
    yield b"two"


async def test_uploads_arrive_as_given(name: str, site: Site, tmp_path: Path) -> None:
    """JSON, bytes, a file, a generator; whoever does not offer one says so."""
    file = tmp_path / "upload.bin"
    file.write_bytes(b"content " * 20_000)
    client = open_client(name, SETUP)

    assert await client.post_json(f"{site.base}/json", {"a": 1}) == 2
    assert await client.post_bytes(f"{site.base}/bytes", b"bytes") == 2
    if name != "primp":
        assert await client.post_file(f"{site.base}/file", str(file)) == 2
        assert await client.post_chunks(f"{site.base}/chunks", _two_chunks) == 2
        assert site.posted["/file"] == file.read_bytes()
        assert site.posted["/chunks"] == b"one, two"
    else:
        with pytest.raises(NotOfferedError, match="primp takes no file"):
            await client.post_file(f"{site.base}/file", str(file))
    await client.close()

    assert site.posted["/json"].replace(b" ", b"") == b'{"a":1}'
    assert site.posted["/bytes"] == b"bytes"


async def test_form_has_its_fields_and_file(name: str, site: Site) -> None:
    """As multipart/form-data; the floor sends as many bytes without the syntax."""
    client = open_client(name, SETUP)
    if name == "primp":
        with pytest.raises(NotOfferedError, match="files on disk only"):
            await client.post_form(f"{site.base}/form", {}, b"")
        await client.close()
        return

    assert await client.post_form(f"{site.base}/form", {"title": "picture"}, b"pixels") == 2
    await client.close()

    assert b"picture" in site.posted["/form"]
    assert b"pixels" in site.posted["/form"]
    if name != "floor":
        assert site.headers["/form"]["Content-Type"].startswith("multipart/form-data")
        assert b'filename="data.bin"' in site.posted["/form"]


async def test_error_page_is_not_measured(name: str, site: Site) -> None:
    """A 404 would be a fast response of the wrong kind; the floor only looks for a 200."""
    expected = ValueError if name == "floor" else UnexpectedStatusError

    client = open_client(name, SETUP)
    with pytest.raises(expected, match=r"expected .*200"):
        await client.get(f"{site.base}/nothing")
    await client.close()


@pytest.mark.parametrize("name", ["wherry", "aiohttp"])
async def test_traced_session_requests_as_before(name: str, site: Site, peer: Peer) -> None:
    """Handlers are there, the body is the same."""
    peer(is_installed(name), f"pip install {name}")
    client = open_client(name, Setup(traced=True))

    assert await client.get(f"{site.base}/large") == 300_000
    await client.close()


async def test_cold_floor_opens_a_connection_for_each(site: Site) -> None:
    """As the server closes after each, one that is kept would be a broken one."""
    client = open_client("floor", Setup(cold=True))

    for _ in range(3):
        assert await client.get(f"{site.base}/json") == 13
    await client.close()


def test_unknown_client_is_refused() -> None:
    """With the names there are."""
    with pytest.raises(ValueError, match=r"expected one of wherry, aiohttp, .*, floor, got 'curl'"):
        open_client("curl")
