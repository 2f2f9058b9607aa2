"""The page of `wherry --trace-html` in Chromium: it draws, answers the mouse, and loads nothing.

Chromium is driven over its DevTools protocol, by wherry's own WebSocket.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import wherry
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import ResponsePlan

pytestmark = [pytest.mark.slow, pytest.mark.network]

OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--no-proxy-server"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0", "--window-size=1280,800"),
]
EVIL = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


@contextmanager
def chromium(profile: Path) -> Iterator[str]:
    """A browser; the HTTP address of its DevTools."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a peer: apt-get install chromium")
    command = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as browser:
        try:
            for line in browser.stderr or ():
                if found := re.search(r"DevTools listening on ws://([^/]+)/", line):
                    yield f"http://{found[1]}"
                    break
        finally:
            browser.terminate()
            browser.wait(10)


class Page:
    """A tab. `events` are those that came so far."""

    def __init__(self, socket: wherry.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """The result of a DevTools method."""
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}, dumps=json.dumps
        )
        while True:
            message: dict[str, Any] = await self._socket.receive_json(timeout=20)
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    async def wait_for(self, event: str) -> None:
        """Return when `event` has come."""
        while not any(each["method"] == event for each in self.events):
            self.events.append(await self._socket.receive_json(timeout=20))

    async def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def move_to(self, selector: str) -> None:
        """Move the mouse over the middle of an element."""
        at = await self.run(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        await self.call("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])


@asynccontextmanager
async def opened(address: str, url: str) -> AsyncIterator[Page]:
    """The browser's tab, at `url`, loaded."""
    async with wherry.ClientSession() as session:
        async with session.get(f"{address}/json/list") as response:
            tabs = json.loads(await response.read())
        target = next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"]
        async with session.ws_connect(target, max_msg_size=0) as socket:
            page = Page(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                await page.call(f"{domain}.enable")
            await page.call("Page.navigate", url=url)
            await page.wait_for("Page.loadEventFired")
            yield page


def answer(request: Request, body: bytes) -> ResponsePlan:
    """A redirect, then a page with a field that would like to be markup."""
    if request.target.startswith("/start"):
        return ResponsePlan(302, [("Location", "/end?token=hush")])
    return ResponsePlan(200, [("X-Evil", EVIL), ("Set-Cookie", "sid=hush")], b"ahoy" * 1000)


async def made_page(folder: Path, *options: str) -> Path:
    """What the command writes."""
    path = folder / "page.html"
    async with LocalServer(answer) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wherry_cli", "-q", "--trace-html", str(path), *options),
            f"{server.url}/start?token=hush&x=%3Cb%3E'\"",
            stdout=subprocess.DEVNULL,
        )
        assert await process.wait() == 0
    return path


async def test_page_draws_answers_the_mouse_and_loads_nothing(tmp_path: Path) -> None:
    """SEC-60 for its secrets; and what a server sent is text on it, whatever it looks like."""
    path = await made_page(tmp_path)
    assert "hush" not in path.read_text("utf-8")

    with chromium(tmp_path / "profile") as address:
        async with opened(address, path.as_uri()) as page:
            rows = await page.run("document.querySelectorAll('button.row').length")
            bars = await page.run("document.querySelectorAll('.bar').length")
            await page.run("document.querySelectorAll('button.row')[1].click()")
            details = await page.run("document.querySelector('.more').innerText")
            await page.move_to("button.row .bar.first_byte")
            tip = await page.run("document.querySelector('.tip').innerText")
            light = await page.run("getComputedStyle(document.body).backgroundColor")
            await page.run("document.getElementById('theme').click()")
            dark = await page.run("getComputedStyle(document.body).backgroundColor")
            await page.run("document.querySelector('.legend button').click()")
            off = await page.run("[...document.querySelectorAll('.bar.is-off')].length")
            title = await page.run("document.title")
            # Whatever was refused on the way is told before the answer to this.
            await page.run("1")

            told = [e for e in page.events if e["method"].startswith(("Log.", "Runtime.exc"))]
            asked = [
                e["params"]["request"]["url"]
                for e in page.events
                if e["method"] == "Network.requestWillBeSent"
            ]

    assert rows == 2
    assert bars >= 4
    assert EVIL in details
    assert "first byte" in tip
    assert light != dark
    assert off >= 1
    assert "owned" not in title
    assert told == []
    assert asked == [path.as_uri()]


async def test_page_of_repeated_calls_has_latencies(tmp_path: Path) -> None:
    """--repeat: percentiles and a histogram above the calls."""
    path = await made_page(tmp_path, "--repeat", "20", "--concurrency", "4")

    with chromium(tmp_path / "profile") as address:
        async with opened(address, path.as_uri()) as page:
            figures = await page.run("document.querySelector('.figures').innerText")
            counts = await page.run(
                "[...document.querySelectorAll('.count')].map(e => Number(e.innerText))"
            )
            rows = await page.run("document.querySelectorAll('button.row').length")

    assert re.findall(r"^p\d+|max", figures, re.MULTILINE) == ["p50", "p90", "p95", "p99", "max"]
    assert sum(counts) == 20
    assert rows == 40
