"""`wherry ws`: a WebSocket with lines for messages."""

import io
import os
import subprocess
from collections.abc import Callable, Iterable

import pytest

from wherry_cli._chat import stdin_lines
from wherry_codec import Request
from wherry_codec.testing import Handler, Later, RawPlan, ResponsePlan
from wherry_websocket.testing import EchoServer

Spawn = Callable[..., subprocess.CompletedProcess[bytes]]


def chatting(answer: Callable[[EchoServer, bytes], bytes | None]) -> Handler:
    """A server whose WebSockets say what `answer` says."""

    def handler(request: Request, body: bytes) -> ResponsePlan:
        if "Upgrade" not in request.headers:
            return ResponsePlan(426)
        echo = EchoServer(protocols=["boats"])
        fields = echo.accept_handshake(request.headers)

        def takeover(data: bytes) -> Iterable[bytes] | None:
            said = answer(echo, data) if data else None
            return None if said is None else [said]

        return ResponsePlan(101, fields, takeover=takeover)

    return handler


def talk(
    command: list[str], url: str, stdin: bytes, environment: dict[str, str]
) -> tuple[int, bytes, str]:
    """Exit status, standard output, last line on standard error."""
    done = subprocess.run(
        [*command, "ws", *url.split()],
        input=stdin,
        capture_output=True,
        timeout=30,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode().strip().rpartition("\n")[2]


def test_lines_go_out_and_answers_come_in(
    serve: Callable[..., str], command: list[str], environment: dict[str, str]
) -> None:
    """All of them, also those that come after the end of the input; nothing else on stdout."""
    url = serve(chatting(EchoServer.receive_data)).replace("http", "ws")
    lines = "".join(f"message {n} ⛵\n" for n in range(50)).encode()

    assert talk(command, url, lines + b"last", environment) == (
        0,
        lines + b"last\n",
        "closed with 1000",
    )
    assert talk(command, url, b"", environment) == (0, b"", "closed with 1000")


def test_server_that_complains_sets_the_exit_status(
    serve: Callable[..., str], command: list[str], environment: dict[str, str]
) -> None:
    """11, and its close code; a calm close is 0."""
    for code, status in ((1008, 11), (1000, 0), (1001, 0)):

        def complain(echo: EchoServer, _: bytes, code: int = code) -> bytes:
            return echo.close(code)

        url = serve(chatting(complain)).replace("http", "ws")
        found, _, line = talk(command, url, b"x\n", environment)

        assert (found, str(code) in line) == (status, True)


def test_connection_that_breaks_off_is_an_error(
    serve: Callable[..., str], command: list[str], environment: dict[str, str]
) -> None:
    """No closing handshake."""
    url = serve(chatting(lambda echo, data: None)).replace("http", "ws")
    status, out, _ = talk(command, url, b"x\n", environment)

    assert (status in (7, 11), out) == (True, b"")


def test_handshake_that_is_refused_is_an_error(
    serve: Callable[..., str], command: list[str], environment: dict[str, str]
) -> None:
    """An ordinary server."""
    url = serve(lambda *_: ResponsePlan(200)).replace("http", "ws")
    status, out, line = talk(command, url, b"x\n", environment)

    assert (status, out) == (7, b"")
    assert line.startswith("wherry: ")


def test_subprotocol_and_fields(
    serve: Callable[..., str], command: list[str], environment: dict[str, str]
) -> None:
    """They are part of the handshake."""
    seen: list[Request] = []
    chat = chatting(EchoServer.receive_data)

    def handler(request: Request, body: bytes) -> ResponsePlan | RawPlan | Later:
        seen.append(request)
        return chat(request, body)

    url = serve(handler).replace("http", "ws")
    status, _, _ = talk(
        command, f"--subprotocol boats --origin http://o -H X-A:1 {url}", b"", environment
    )

    assert status == 0
    headers = seen[0].headers
    assert (headers["Origin"], headers["X-A"], headers["Sec-WebSocket-Protocol"]) == (
        *("http://o", "1"),
        "boats",
    )


@pytest.mark.parametrize("is_pipe", [False, True])
async def test_lines_of_any_input(is_pipe: bool) -> None:
    """Without their ends; the last one may have none."""
    content = b"a\r\nb\n\nc"
    source: io.BufferedIOBase = io.BytesIO(content)
    if is_pipe:
        reader, writer = os.pipe()
        os.write(writer, content)
        os.close(writer)
        source = os.fdopen(reader, "rb")

    with source:
        lines = [line async for line in stdin_lines(source)]  # type: ignore[arg-type]  # BinaryIO

    assert lines == [b"a", b"b", b"", b"c"]
