"""cookies.txt between this jar and curl, over a server of our own."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from yarl import URL

from wherry_cookies import CookieJar

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="apt-get install curl")

PAGE = URL("http://www.example.com/p/q")
FIELDS = [
    "a=1; Path=/",
    'b="x y"; Domain=example.com; Path=/p',
    "c=; Max-Age=1000; Path=/; HttpOnly",
    "d=x, z=2; Expires=Fri, 31 Dec 2032 10:00:00 GMT; Path=/p/q",
]


class _Server(ThreadingHTTPServer):
    #: The Cookie field of each request for a path that sets nothing.
    seen: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.send_response(204)
        if self.path == PAGE.path:
            for field in FIELDS:
                self.send_header("Set-Cookie", field)
        else:
            self.server.seen.append(self.headers.get("Cookie", ""))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.seen = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def curl(server: _Server, url: URL, *options: str | Path) -> None:
    """Whatever the host in the URL, the request goes to the server."""
    address = f"::127.0.0.1:{server.server_port}"
    base = ["curl", "--disable", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*"]
    subprocess.run([*base, "--connect-to", address, *options, str(url)], check=True)


def pairs(field_value: str) -> set[str]:
    return {pair for pair in field_value.split("; ") if pair}


REQUESTS = [
    URL("http://www.example.com/p/q/r"),
    URL("http://www.example.com/"),
    URL("http://example.com/p"),
    URL("http://x.www.example.com/p"),
]


def test_what_curl_saved_is_read(server: _Server, tmp_path: Path) -> None:
    """SEC-46: `#HttpOnly_` and session cookies too."""
    curl(server, PAGE, "--cookie-jar", tmp_path / "cookies.txt")
    loaded, direct = CookieJar(), CookieJar()
    direct.update_cookies_from_headers(FIELDS, PAGE)

    loaded.load(tmp_path / "cookies.txt")

    assert len(loaded) == len(FIELDS)
    assert {m.key for m in loaded if m["httponly"]} == {"c"}
    for url in REQUESTS:
        assert pairs(loaded.cookie_header(url)) == pairs(direct.cookie_header(url))


def test_curl_sends_what_we_saved(server: _Server, tmp_path: Path) -> None:
    """The same to the same hosts, byte for byte."""
    jar = CookieJar()
    jar.update_cookies_from_headers([*FIELDS, "s=1; Secure; Path=/"], PAGE.with_scheme("https"))
    jar.save_netscape(tmp_path / "cookies.txt")

    for url in REQUESTS:
        curl(server, url, "--cookie", tmp_path / "cookies.txt")

    assert [pairs(seen) for seen in server.seen] == [pairs(jar.cookie_header(u)) for u in REQUESTS]
