"""The cookie jar beside Chromium: the same Set-Cookie fields, then the Cookie fields of both.

Chromium visits a server on loopback under every host name of the cases; each page sends it to the
next. The cases are those of wherry-cookies that need neither time nor special hosts, and some on
what only browsers know. Where the two disagree, the rule is listed.
"""

import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from yarl import URL

from wherry_cookies import CookieJar

pytestmark = [pytest.mark.slow, pytest.mark.network]

CORPUS = Path(__file__).parents[1] / "packages/wherry-cookies/tests/corpus/jar.json"
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--no-proxy-server"),
    *("--ignore-certificate-errors", "--disable-dev-shm-usage"),
    # A plain page must not be fetched by https instead.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,HttpsFirstModeV2",
]

Pairs = list[str]
Case = dict[str, Any]

# Not in the corpus, because the jar alone cannot say whether browsers agree.
MORE: list[Case] = [
    {
        "id": f"more-{number}",
        "steps": [
            {"from": "https://www.example.com/p/q", "fields": fields},
            {"to": "https://www.example.com/p/q"},
            {"to": "https://www.example.com/"},
            {"to": "https://example.com/p/q"},
        ],
    }
    for number, fields in enumerate(
        [
            ["a=1; Domain=example.com; Domain="],
            ["a=1; Domain=; Domain=example.com"],
            ["a=1; Domain=..example.com"],
            ["a=1; Path=/p; Path=q"],
            ["a=1; Path=/p; Path="],
            ["a=1; Max-Age=10; Max-Age=0"],
            ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10"],
            ["a=1; Expires=Thu, 01 Jan 70 00:00:00 GMT"],
            ["a=1; Max-Age=10; Max-Age=x"],
            ["a=1; Secure=no; HttpOnly=no"],
            ["a =1;Path = /", " b= 2 ; path=/"],
            ['a="x;y"; Path=/', 'b="x y"; Path=/', 'c="; Path=/'],
            ["a=1=2==; Path=/", "b=a, b; Path=/", "c=\\x; Path=/"],
            ["a; Path=/", "=b; Path=/", "; c=1"],
            ["a[]=1; Path=/", "{b}=1; Path=/", "c@/:=1; Path=/"],
            ["a=x\ty; Path=/"],
            ["__SECURE-a=1; Path=/", "__HOST-b=1; Path=/; Secure", "__host-c=1; Secure"],
            ["a=1; Domain=com", "b=1; Domain=co.uk"],
            ["a=" + "x" * 4095, "b=" + "x" * 4096],
        ]
    )
]

# Case and what speaks for the jar.
DISAGREEMENTS: dict[str, str] = {}


@dataclass
class Journey:
    """What the server tells the browser, one page after the other, and what came of it."""

    pages: list[tuple[URL, list[str]]]
    #: The Cookie field of each page's request.
    seen: list[str] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event)

    def answer(self, cookie_field: str) -> tuple[list[str], str]:
        """The Set-Cookie fields and the content of the next page."""
        self.seen.append(cookie_field)
        if len(self.seen) == len(self.pages):
            self.finished.set()
            return self.pages[-1][1], ""
        following = str(self.pages[len(self.seen)][0])
        return self.pages[len(self.seen) - 1][1], f"location.replace({json.dumps(following)})"


class _Server(ThreadingHTTPServer):
    journey: Journey


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if "image" in self.headers.get("Sec-Fetch-Dest", ""):
            self.send_error(404)
            return
        fields, script = self.server.journey.answer(self.headers.get("Cookie", ""))
        content = f"<!doctype html><script>{script}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        for each in fields:
            self.send_header("Set-Cookie", each)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(journey: Journey, certificate: trustme.LeafCert | None) -> Iterator[int]:
    """A server's port; with TLS if there is a certificate."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.journey = journey
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def travel(program: str, journey: Journey, certificate: trustme.LeafCert, profile: Path) -> None:
    """Let Chromium visit all pages of the journey."""
    with ExitStack() as stack:
        plain = stack.enter_context(serving(journey, None))
        secure = stack.enter_context(serving(journey, certificate))
        rules = f"MAP *:80 127.0.0.1:{plain}, MAP *:443 127.0.0.1:{secure}, MAP * ~NOTFOUND"
        command = [program, *OPTIONS, f"--user-data-dir={profile}"]
        command += [f"--host-resolver-rules={rules}", "--remote-debugging-port=0"]
        browser = subprocess.Popen(
            [*command, str(journey.pages[0][0])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert journey.finished.wait(40), f"stopped at page {len(journey.seen)}"
        finally:
            browser.terminate()
            browser.wait(10)


def cases() -> list[Case]:
    """Those of the corpus a browser can play, each under a site of its own, and more."""
    found = []
    for case in [*json.loads(CORPUS.read_text("utf-8")), *MORE]:
        text = json.dumps(case["steps"])
        is_special = re.search(r'://[\[0-9]|localhost|:8\d|bcher|wss?://|"at"|\.com\./', text)
        if not is_special and "jar" not in case and "\\u" not in text:
            site = f"site{len(found)}.com"
            found.append({"id": case["id"], "steps": json.loads(text.replace("example.com", site))})
    return found


def pages_of(case: Case) -> list[tuple[URL, list[str]]]:
    return [
        (URL(step.get("from") or step["to"], encoded=True), step.get("fields", []))
        for step in case["steps"]
    ]


def pairs(cookie_field: str) -> Pairs:
    """Without order: Chromium sorts by time, and that is too coarse within one response."""
    return sorted(filter(None, cookie_field.split("; ")))


def played(jar: CookieJar, pages: list[tuple[URL, list[str]]]) -> list[Pairs]:
    """What the jar sends with each page's request."""
    sent = []
    for url, fields in pages:
        sent.append(pairs(jar.cookie_header(url)))
        jar.update_cookies_from_headers(fields, url)
    return sent


def test_chromium_sends_what_the_jar_sends(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    """RFC 6265 §5.2 to §5.4, rfc6265bis: one browser's reading beside ours."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a peer: apt-get install chromium")  # 300 MB: never required
    table = cases()
    journey = Journey([page for case in table for page in pages_of(case)])

    travel(program, journey, certificate, tmp_path / "profile")

    different: dict[str, str] = {}
    position = 0
    for case in table:
        pages = pages_of(case)
        theirs = [pairs(seen) for seen in journey.seen[position : position + len(pages)]]
        ours = played(CookieJar(is_public_suffix={"co.uk"}.__contains__), pages)
        if ours != theirs:
            different[case["id"]] = f"{pages} jar: {ours} chromium: {theirs}"
        position += len(pages)
    assert {name: text for name, text in different.items() if name not in DISAGREEMENTS} == {}
    assert set(DISAGREEMENTS) <= set(different), "these agree now"
