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
    # One renderer for all pages: starting one for each takes most of the time.
    *("--disable-site-isolation-trials", "--renderer-process-limit=1"),
    # A plain page must not be fetched by https instead.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,HttpsFirstModeV2,"
    "IsolateOrigins,site-per-process,ProactivelySwapBrowsingInstance,BackForwardCache",
]

Pairs = list[str]
Case = dict[str, Any]

# Fields of a response from https://www.example.com/p/q on which readers may well differ.
MORE: dict[str, list[str]] = {
    "empty-domain-last": ["a=1; Domain=example.com; Domain="],
    "empty-domain-first": ["a=1; Domain=; Domain=example.com"],
    "two-dots": ["a=1; Domain=..example.com"],
    "relative-path-last": ["a=1; Path=/p; Path=q"],
    "empty-path-last": ["a=1; Path=/p; Path="],
    "last-age": ["a=1; Max-Age=10; Max-Age=0"],
    "age-before-date": ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10"],
    "two-digit-year": ["a=1; Expires=Thu, 01 Jan 70 00:00:00 GMT"],
    "unreadable-age-last": ["a=1; Max-Age=10; Max-Age=x"],
    "flags-with-values": ["a=1; Secure=no; HttpOnly=no"],
    "white-space": ["a =1;Path = /", " b= 2 ; path=/"],
    "quotes": ['a="x;y"; Path=/', 'b="x y"; Path=/', 'c="; Path=/'],
    "values": ["a=1=2==; Path=/", "b=a, b; Path=/", "c=\\x; Path=/"],
    "no-equals-sign": ["; c=1", " ; Path=/", ""],
    "nameless": ["=b; Path=/"],
    "names": ["a[]=1; Path=/", "{b}=1; Path=/", "c@/:=1; Path=/"],
    "tab": ["a=x\ty; Path=/"],
    "prefixes": ["__SECURE-a=1; Path=/", "__HOST-b=1; Path=/; Secure", "__host-c=1; Secure"],
    "public-suffix": ["a=1; Domain=com", "b=1; Domain=co.uk"],
    "longest": ["a=" + "x" * 4095, "b=" + "x" * 4096],
}

# Case, what Chromium does, and what speaks for the jar.
DISAGREEMENTS = {
    "domain-trailing-dot": "Chromium refuses the cookie. S-185 ignores such a Domain.",
    "replace-domain": "Chromium keeps a host-only cookie beside that of the domain. RFC 6265 §5.3 "
    "step 11 compares name, domain and path.",
    "ignored-attribute-last": "Chromium takes the last Max-Age, readable or not. RFC 6265 §5.2.2 "
    "ignores an unreadable one, and §5.3 step 3 takes the last of the others.",
    "nameless": "Chromium keeps a cookie without name. RFC 6265 §5.2 steps 2 and 5, S-206.",
}


@dataclass
class Journey:
    """The pages the browser visits, one after the other, and the Cookie field of each request.

    A page's number is in the query, which cookies do not see, so that a repeated request does no
    harm.
    """

    pages: list[tuple[URL, list[str]]]
    seen: dict[int, str] = field(default_factory=dict)
    finished: threading.Event = field(default_factory=threading.Event)

    def url(self, number: int) -> str:
        """Where page `number` is."""
        return str(self.pages[number][0].update_query(page=number))

    def answer(self, number: int, cookie_field: str) -> tuple[list[str], str, bool]:
        """The Set-Cookie fields of page `number`, what follows it, and whether by redirect.

        Redirects are four times as fast, but not for SameSite, which looks at where they began.
        """
        self.seen.setdefault(number, cookie_field)
        url, fields = self.pages[number]
        if number + 1 == len(self.pages):
            self.finished.set()
            return fields, "", False
        is_same = _site(self.pages[number + 1][0]) == _site(url)
        return fields, self.url(number + 1), is_same and "SameSite" not in str(fields)


def _site(url: URL) -> str:
    return str(url.host).rpartition("site")[2]


class _Server(ThreadingHTTPServer):
    journey: Journey


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        number = URL(self.path, encoded=True).query.get("page")
        if number is None:  # an icon
            self.send_error(404)
            return
        cookie_field = self.headers.get("Cookie", "")
        fields, following, by_redirect = self.server.journey.answer(int(number), cookie_field)
        script = f"location.replace({json.dumps(following)})" if following else ""
        content = f"<!doctype html><script>{script}</script>"
        self.send_response(302 if by_redirect else 200)
        if by_redirect:
            self.send_header("Location", following)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        for each in fields:
            self.send_header("Set-Cookie", each)
        self.end_headers()
        self.wfile.write(content.encode())

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
            [*command, journey.url(0)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert journey.finished.wait(40), f"stopped at page {len(journey.seen)}"
        finally:
            browser.terminate()
            browser.wait(10)


def cases() -> list[Case]:
    """Those of the corpus a browser can play, and more, each under a site of its own."""
    page = "https://www.example.com/p/q"
    requests = [{"to": page}, {"to": "https://www.example.com/"}, {"to": "https://example.com/p/q"}]
    more = [
        {"id": name, "steps": [{"from": page, "fields": fields}, *requests]}
        for name, fields in MORE.items()
    ]
    found: list[Case] = []
    for case in [*json.loads(CORPUS.read_text("utf-8")), *more]:
        text = json.dumps(case["steps"])
        is_special = re.search(r'://[\[0-9]|localhost|:8\d|bcher|wss?://|"at"|\.com\./|\\u', text)
        if not is_special and "jar" not in case:
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
        theirs = [pairs(journey.seen[position + n]) for n in range(len(pages))]
        ours = played(CookieJar(is_public_suffix={"co.uk"}.__contains__), pages)
        if ours != theirs:
            different[case["id"]] = f"{pages} jar: {ours} chromium: {theirs}"
        position += len(pages)
    assert {name: text for name, text in different.items() if name not in DISAGREEMENTS} == {}
    assert set(DISAGREEMENTS) <= set(different), "these agree now"
