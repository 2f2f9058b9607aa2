"""Requests as curl commands, run by a real shell with a real curl: what arrives is the same."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from yarl import URL

import wherry
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import ResponsePlan
from wherry_tracing.curl import FormFile, FormText, RequestFacts, to_curl

pytestmark = pytest.mark.network

Arrived = tuple[str, str, list[tuple[str, str]], bytes]
EVERY_BYTE = bytes(range(256))


class Witness:
    """A server that remembers requests: method, target, fields in any order, body."""

    def __init__(self) -> None:
        self.seen: list[Arrived] = []
        self.url = ""

    def answer(self, request: Request, body: bytes) -> ResponsePlan:
        fields = sorted((name.lower(), value) for name, value in request.headers.items())
        self.seen.append((request.method, request.target, fields, body))
        return ResponsePlan(200)


@pytest.fixture
async def witness() -> AsyncIterator[Witness]:
    if shutil.which("curl") is None:
        pytest.skip("needs a peer: apt-get install curl")
    witness = Witness()
    async with LocalServer(witness.answer) as server:
        witness.url = server.url
        yield witness


async def run(command: str, folder: Path) -> None:
    """Run a command in `sh`, whatever that is here, in `folder`."""
    process = await asyncio.create_subprocess_exec(
        "sh", cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    await process.communicate(command.encode())
    assert process.returncode == 0


def left_in(folder: Path) -> list[Path]:
    """What somebody made there."""
    return list(folder.iterdir())


REQUESTS: dict[str, Callable[[str], RequestFacts]] = {
    "GET": lambda url: RequestFacts("GET", f"{url}/a/../b/%2e%2e/?q=[1-3]{{a,b}}&r=it's#frag"),
    "HEAD": lambda url: RequestFacts("HEAD", f"{url}/"),
    "unheard-of": lambda url: RequestFacts("FROB", f"{url}/"),
    "hostile-field": lambda url: RequestFacts(
        "GET", f"{url}/", (("X-Evil", "'; touch owned; `touch owned` $(touch owned) \\ \" !!"),)
    ),
    "hostile-url": lambda url: RequestFacts("GET", f"{url}/';touch$IFS'owned';?a=$(touch owned)"),
    "empty-field": lambda url: RequestFacts("GET", f"{url}/", (("X-Empty", ""),)),
    "repeated-field": lambda url: RequestFacts("GET", f"{url}/", (("X-A", "1"), ("X-A", "2"))),
    "own-agent": lambda url: RequestFacts("GET", f"{url}/", (("User-Agent", "me"),)),
    "POST-nothing": lambda url: RequestFacts("POST", f"{url}/", (("Content-Length", "0"),)),
    "POST-text": lambda url: RequestFacts("POST", f"{url}/", (), "@a\r\n\tit's ü".encode()),
    "POST-every-byte": lambda url: RequestFacts("POST", f"{url}/", (), EVERY_BYTE * 3),
    "PUT-long": lambda url: RequestFacts(
        "PUT", f"{url}/", (("Content-Type", "text/plain"),), b"100% \\n long " * 40_000
    ),
    "chunked": lambda url: RequestFacts(
        "POST", f"{url}/", (("Transfer-Encoding", "chunked"),), b"in chunks"
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_curl_sends_what_the_session_sends(
    name: str, witness: Witness, tmp_path: Path
) -> None:
    """Method, target, fields and body, whatever they are made of; and nothing else is run."""
    facts = REQUESTS[name](witness.url)
    assert isinstance(facts.body, bytes)

    await run(to_curl(facts, shows_secrets=True), tmp_path)

    ((method, target, fields, body),) = witness.seen
    given = {n.lower(): v for n, v in facts.headers}
    if facts.body and "transfer-encoding" not in given:
        given["content-length"] = str(len(facts.body))
    assert (method, body) == (facts.method, facts.body)
    assert witness.url + target == str(URL(facts.url)).partition("#")[0]
    assert {n: v for n, v in fields if n not in ("host", "x-a")} == {
        n: v for n, v in given.items() if n != "x-a"
    }
    assert [v for n, v in fields if n == "x-a"] == [v for n, v in facts.headers if n == "X-A"]
    assert left_in(tmp_path) == []


async def test_curl_sends_the_same_form(witness: Witness, tmp_path: Path) -> None:
    """Names and paths with quotes, semicolons and commas."""
    path = tmp_path / 'a "b";c,d.txt'
    path.write_bytes(EVERY_BYTE)
    form = (FormText("a", "@b;c"), FormFile("f", path.name, "text/x-boat", 'q";\\.txt'))

    await run(to_curl(RequestFacts("POST", witness.url, (), form)), tmp_path)

    ((method, _, fields, body),) = witness.seen
    assert method == "POST"
    assert dict(fields)["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="a"\r\n\r\n@b;c\r\n' in body
    assert b"Content-Type: text/x-boat\r\n\r\n" + EVERY_BYTE in body
    # Old curl writes a quote as \", new ones as browsers do.
    assert b'filename="q%22;\\.txt"' in body or b'filename="q\\";\\\\.txt"' in body


async def test_exported_command_of_the_command_sends_the_same(
    witness: Witness, tmp_path: Path
) -> None:
    """`wherry --as-curl …` sends nothing; what it prints sends what `wherry …` sends."""
    options = ["-H", "X-Key: it's", "-d", "a=1&token=hush"]
    command = [sys.executable, "-m", "wherry_cli", "-q", *options, f"{witness.url}/?token=hush"]
    process = await asyncio.create_subprocess_exec(
        *command, "--as-curl", "--show-secrets", stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert witness.seen == []
    await (await asyncio.create_subprocess_exec(*command)).wait()

    await run(printed.decode(), tmp_path)

    ours, curls = witness.seen
    assert ours == curls


async def test_command_of_a_traced_request_can_be_made_by_anybody(witness: Witness) -> None:
    """What a trace tells is all it takes."""
    commands = []

    async def head_sent(
        session: object, context: object, params: wherry.TraceRequestHeadersSentParams
    ) -> None:
        facts = RequestFacts(params.method, params.url, tuple(params.headers.items()))
        commands.append(to_curl(facts))

    config = wherry.TraceConfig()
    config.on_request_headers_sent.append(head_sent)
    fields = {"Authorization": "Basic aHVzaA=="}
    async with (
        wherry.ClientSession(trace_configs=[config]) as session,
        session.get(witness.url, headers=fields),
    ):
        pass

    assert "aHVzaA" not in commands[0]
    assert "-H 'Authorization: ***'" in commands[0]
