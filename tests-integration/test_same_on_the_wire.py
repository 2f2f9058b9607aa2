"""The same calls through wherry and through aiohttp put the same requests on the wire.

aiohttp is a black box here. What may differ, because it was decided so, is in one list below.
"""

import asyncio
import contextlib
import importlib.util
import re
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import wherry

pytestmark = pytest.mark.network

MAY_DIFFER = {
    "user-agent": "names the client",
    "accept-encoding": "lists the codings that can be undone; the order is each client's own",
}
"""Fields whose values are not compared. That they are sent, and where, is."""


@dataclass
class Recorded:
    """One request as it came."""

    start: str
    fields: list[tuple[str, str]]
    body: bytes


@dataclass
class Recorder:
    """A server that keeps what it is sent, and answers each request with the next of `answers`."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests until the client has gone. Knows lengths and chunks, and nothing else."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                start, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
                pairs = [line.partition(":") for line in lines]
                fields = [(name, value.strip()) for name, _, value in pairs]
                body = await self._body(reader, {name.lower(): value for name, value in fields})
                self.requests.append(Recorded(start, fields, body))
                answer = self.answers.pop(0) if self.answers else OK
                writer.write(answer.removesuffix(b"ok") if start.startswith("HEAD") else answer)
        writer.close()

    async def _body(self, reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(fields.get("content-length", 0)))
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    """A running recorder."""
    recorder = Recorder()
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0)
    recorder.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield recorder
    server.close()
    await asyncio.sleep(0)


# Any: a call is written once and made through two libraries whose types do not know each other.
Options = Callable[[ModuleType, Path], dict[str, Any]]
Call = tuple[str, str, Options]


async def _rows() -> AsyncIterator[bytes]:
    yield b"first,"
    yield b"second"


def _form(library: ModuleType, folder: Path) -> dict[str, Any]:
    form = library.FormData()
    form.add_field("title", "über Boote")
    form.add_field("file", b"\0\1\2", filename='na"me.bin', content_type="image/png")
    return {"data": form}


def _encoded_form(library: ModuleType, folder: Path) -> dict[str, Any]:
    return {"data": library.FormData([("a", "1 2"), ("a", "ü&="), ("b", "")])}


def _file(library: ModuleType, folder: Path) -> dict[str, Any]:
    return {"data": (folder / "notes.txt").open("rb")}


def _auth(library: ModuleType, folder: Path) -> dict[str, Any]:
    return {"auth": library.BasicAuth("ann", "secret")}


def _given(**options: Any) -> Options:
    return lambda library, folder: options


CALLS: dict[str, Call] = {
    "get": ("GET", "/", _given()),
    "path and query": ("GET", "/a b/ü?x=1&y=%20+z#fragment", _given()),
    "params": ("GET", "/?a=1", _given(params=[("b", "2 3"), ("b", "ü/?"), ("n", 5)])),
    "encoded url": ("GET", "/%2Fa%20b%2fc", _given()),
    "headers": ("GET", "/", _given(headers={"X-Lower": "1", "accept": "text/html"})),
    "own host": ("GET", "/", _given(headers={"Host": "example.org", "X-A": "b"})),
    "repeated headers": ("GET", "/", _given(headers=[("X-A", "1"), ("X-B", "2"), ("X-A", "3")])),
    "skip": ("GET", "/", _given(skip_auto_headers=["User-Agent", "Accept-Encoding"])),
    "cookies": ("GET", "/", _given(cookies={"a": "1", "b": "two words"})),
    "auth": ("GET", "/", _auth),
    "head": ("HEAD", "/", _given()),
    "options": ("OPTIONS", "/", _given()),
    "delete": ("DELETE", "/thing", _given()),
    "empty post": ("POST", "/", _given()),
    "empty patch": ("PATCH", "/", _given()),
    "bytes": ("POST", "/", _given(data=b"\0\1\2")),
    "text": ("PUT", "/", _given(data="zwölf")),
    "json": ("POST", "/", _given(json={"a": [1, None, "ü"]})),
    "own type": ("POST", "/", _given(data=b"<a/>", headers={"Content-Type": "text/xml"})),
    "dictionary": ("POST", "/", _given(data={"a": "1", "b": "ü &"})),
    "encoded form": ("POST", "/", _encoded_form),
    "multipart": ("POST", "/", _form),
    "file": ("POST", "/", _file),
    "async iterable": ("POST", "/", lambda library, folder: {"data": _rows()}),
    "chunked": ("POST", "/", _given(data=b"abc", chunked=True)),
}


async def _record(
    library: ModuleType, recorder: Recorder, call: Call, folder: Path, *answers: bytes
) -> list[Recorded]:
    """The requests that `call` becomes when `library` makes it and `answers` come back."""
    method, target, options = call
    recorder.requests, recorder.answers = [], list(answers)
    # Servers with an address for a name get cookies only so.
    async with library.ClientSession(cookie_jar=library.CookieJar(unsafe=True)) as session:
        given = options(library, folder)
        async with session.request(method, recorder.url + target, **given) as response:
            await response.read()
    return recorder.requests


def _comparable(request: Recorded) -> tuple[str, list[tuple[str, str]], bytes]:
    """The request without what may differ, and with one boundary for all."""
    found = re.search(r"boundary=\"?([^\";]+)", dict(request.fields).get("Content-Type", ""))
    if found is None:
        return request.start, _without(MAY_DIFFER, request.fields), request.body
    boundary = found.group(1)
    # Boundaries have different lengths, and so do bodies.
    fields = _without({"content-length", *MAY_DIFFER}, request.fields)
    fields = [(name, value.replace(boundary, "BOUNDARY")) for name, value in fields]
    return request.start, fields, request.body.replace(boundary.encode(), b"BOUNDARY")


def _without(names: Collection[str], fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(n, "…" if n.lower() in names else _in_order(n, v)) for n, v in fields]


def _in_order(name: str, value: str) -> str:
    """Cookies by name: ours go in the order of RFC 6265 §5.4, which no server depends on."""
    return "; ".join(sorted(value.split("; "))) if name == "Cookie" else value


@pytest.fixture
def aiohttp(required: Callable[[str], None]) -> ModuleType:
    """The library to compare with."""
    required("aiohttp")
    return importlib.import_module("aiohttp")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file to upload."""
    (tmp_path / "notes.txt").write_text("some notes\n" * 100, "utf-8")
    return tmp_path


@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_puts_the_same_on_the_wire(
    recorder: Recorder, aiohttp: ModuleType, folder: Path, name: str
) -> None:
    """S-001: start line, names and values of the fields in their order, body."""
    (ours,) = await _record(wherry, recorder, CALLS[name], folder)
    (theirs,) = await _record(aiohttp, recorder, CALLS[name], folder)

    assert _comparable(ours) == _comparable(theirs)


def _moved(status: int, location: str, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Moved", f"Location: {location}", "Content-Length: 0", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


CHAINS: dict[str, tuple[Call, tuple[bytes, ...]]] = {
    "get": (("GET", "/a/b?c=d", _given()), (_moved(302, "../e?f"), _moved(301, "g#h"))),
    "kept post": (("POST", "/", _given(data=b"abc")), (_moved(307, "/b"), _moved(308, "/c"))),
    "changed post": (
        ("POST", "/", _given(data=b"abc", headers={"X-A": "1"})),
        (_moved(302, "/b"),),
    ),
    "post and see other": (("POST", "/", _given(json=[1])), (_moved(303, "/b"),)),
    "put and see other": (("PUT", "/", _given(json=[1])), (_moved(303, "/b"),)),
    "redirected put": (("PUT", "/", _given(data=b"abc")), (_moved(301, "/b"),)),
    "file": (("POST", "/", _file), (_moved(307, "/b"),)),
    "cookies": (
        ("GET", "/", _given(cookies={"mine": "1"})),
        (_moved(302, "/b", "Set-Cookie: theirs=2"), _moved(302, "/c", "Set-Cookie: theirs=3")),
    ),
}


@pytest.mark.parametrize("name", CHAINS)
async def test_a_chain_of_redirects_puts_the_same_on_the_wire(
    recorder: Recorder, aiohttp: ModuleType, folder: Path, name: str
) -> None:
    """S-436…S-450: every request of the chain."""
    call, answers = CHAINS[name]
    ours = await _record(wherry, recorder, call, folder, *answers)
    theirs = await _record(aiohttp, recorder, call, folder, *answers)

    assert len(ours) == len(answers) + 1
    assert [_comparable(request) for request in ours] == [_comparable(r) for r in theirs]


# --- differences by decision --------------------------------------------------------------------


async def _cookie_sent_back(library: ModuleType, recorder: Recorder, *set_cookie: str) -> str:
    answer = _moved(302, "/a/b", *(f"Set-Cookie: {value}" for value in set_cookie))
    _, second = await _record(library, recorder, ("GET", "/a/", _given()), Path(), answer)
    return dict(second.fields)["Cookie"]


async def test_cookie_values_go_back_byte_for_byte(recorder: Recorder, aiohttp: ModuleType) -> None:
    """DECISIONS C-05: aiohttp puts quotes around what needs none."""
    ours = await _cookie_sent_back(wherry, recorder, "a=b=c==; Path=/")
    theirs = await _cookie_sent_back(aiohttp, recorder, "a=b=c==; Path=/")

    assert (ours, theirs) == ("a=b=c==", 'a="b=c=="')


async def test_all_cookies_of_a_name_are_sent(recorder: Recorder, aiohttp: ModuleType) -> None:
    """DECISIONS C-04, RFC 6265 §5.4: longest path first; aiohttp sends one."""
    ours = await _cookie_sent_back(wherry, recorder, "a=outer; Path=/", "a=inner; Path=/a")
    theirs = await _cookie_sent_back(aiohttp, recorder, "a=outer; Path=/", "a=inner; Path=/a")

    assert (ours, theirs) == ("a=inner; a=outer", "a=inner")


async def test_escapes_in_a_query_string_are_kept(recorder: Recorder, aiohttp: ModuleType) -> None:
    """DECISIONS C-13: aiohttp escapes the escapes."""
    call = ("GET", "/", _given(params="q=a%20b"))
    (ours,) = await _record(wherry, recorder, call, Path())
    (theirs,) = await _record(aiohttp, recorder, call, Path())

    assert (ours.start, theirs.start) == ("GET /?q=a%20b HTTP/1.1", "GET /?q=a%2520b HTTP/1.1")


async def test_fields_of_a_dropped_body_are_dropped(
    recorder: Recorder, aiohttp: ModuleType
) -> None:
    """S-438: a POST that becomes a GET loses its Content-Type; aiohttp's does not."""
    call = ("POST", "/", _given(data=b"<a/>", headers={"Content-Type": "text/xml"}))
    _, ours = await _record(wherry, recorder, call, Path(), _moved(302, "/b"))
    _, theirs = await _record(aiohttp, recorder, call, Path(), _moved(302, "/b"))

    assert "Content-Type" not in dict(ours.fields)
    assert dict(theirs.fields)["Content-Type"] == "text/xml"
