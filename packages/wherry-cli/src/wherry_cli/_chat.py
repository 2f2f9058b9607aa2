"""`wherry ws`: lines from standard input become messages, messages become lines on standard output.

Decides when it is over, and what an end means. The end of the input is not the end of the answers:
a ping is sent after the last line, and what comes before its pong is still shown.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import click

import wherry
from wherry_errors import masked_url

from ._destination import write_stdout
from ._errors import CommandError, ExitStatus, printable
from ._request_options import HeaderField
from ._show import View
from ._terminal_body import PICTURES

LAST_PING = b"wherry: end of input"

PATIENCE = 5.0
"""Seconds to wait for answers to the last lines; not every server answers pings."""

CALM_CODES = frozenset({wherry.WSCloseCode.OK, wherry.WSCloseCode.GOING_AWAY, 1005})
"""Close codes of a server that has nothing to complain about. 1005: it gave none."""

Lines = AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class ChatPlan:
    """A WebSocket, as asked for on the command line."""

    url: str
    header_fields: tuple[HeaderField, ...] = ()
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    max_time: float | None = None
    """Seconds until it is open; None is no limit."""


async def chat(session: wherry.ClientSession, plan: ChatPlan, lines: Lines, view: View) -> None:
    """Talk until one side ends it. `CommandError` if the server ends it with a complaint.

    Raises `click.UsageError` for what cannot be sent, and any of `EXPECTED_ERRORS`.
    """
    socket = await _open(session, plan)
    view.note(f"connected to {masked_url(plan.url)}{_subprotocol(socket)}")
    async with socket:
        sender = asyncio.create_task(_send_lines(socket, lines))
        try:
            await _show_messages(socket, sender, view)
        finally:
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
    _check_end(socket, view)


async def _open(session: wherry.ClientSession, plan: ChatPlan) -> wherry.ClientWebSocketResponse:
    headers = [(f.name, f.value) for f in plan.header_fields if f.value is not None]
    try:
        async with asyncio.timeout(plan.max_time):
            return await session.ws_connect(
                plan.url,
                headers=headers,
                protocols=plan.subprotocols,
                origin=plan.origin,
                autoping=False,  # pongs have to be seen
                compress=15,
            )
    except wherry.ClientError:
        raise
    except ValueError as error:
        raise click.UsageError(str(error)) from error


async def _send_lines(socket: wherry.ClientWebSocketResponse, lines: Lines) -> None:
    async for line in lines:
        await socket.send_str(line.decode("utf-8", "replace"))
    await socket.ping(LAST_PING)
    await asyncio.sleep(PATIENCE)
    await socket.close()


async def _show_messages(
    socket: wherry.ClientWebSocketResponse, sender: "asyncio.Task[None]", view: View
) -> None:
    while True:
        message = await socket.receive()
        match message.type:
            case wherry.WSMsgType.TEXT:
                _write_text(str(message.data))
            case wherry.WSMsgType.BINARY:
                _write_binary(bytes(message.data), view)
            case wherry.WSMsgType.PING:
                await socket.pong(message.data)
            case wherry.WSMsgType.PONG if bytes(message.data) == LAST_PING:
                await socket.close()
                return
            case wherry.WSMsgType.PONG:
                pass
            case _:
                return
        if sender.done():
            sender.result()  # what went wrong there


def _write_text(text: str) -> None:
    if sys.stdout.isatty():
        text = text.translate(PICTURES)
    write_stdout(text.encode("utf-8", "replace") + b"\n")


def _write_binary(data: bytes, view: View) -> None:
    if sys.stdout.isatty():
        view.note(f"a binary message of {len(data):,} bytes, which a terminal cannot show")
    else:
        write_stdout(data)


def _subprotocol(socket: wherry.ClientWebSocketResponse) -> str:
    return f", subprotocol {printable(socket.protocol)}" if socket.protocol else ""


def _check_end(socket: wherry.ClientWebSocketResponse, view: View) -> None:
    code = socket.close_code
    error = socket.exception()
    if error is not None:
        raise CommandError(ExitStatus.PROTOCOL, f"the WebSocket broke off: {error}") from error
    if code not in CALM_CODES:
        raise CommandError(
            ExitStatus.WEBSOCKET, f"the server closed the WebSocket with code {code}"
        )
    view.note(f"closed with {code}")


async def stdin_lines(stdin: BinaryIO | None = None) -> Lines:
    """The lines of standard input, without their ends, as they come.

    Read in a thread that is left behind: nothing can wake a read from a terminal.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put(line: bytes | None) -> None:
        with suppress(RuntimeError):  # the loop is closed, nobody listens any more
            loop.call_soon_threadsafe(queue.put_nowait, line)

    source = sys.stdin.buffer if stdin is None else stdin
    threading.Thread(target=_read_lines, args=(_reader(source), put), daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line


def _reader(source: BinaryIO) -> Callable[[], bytes]:
    """Reads what there is, past Python's buffer: its lock must be free when Python ends."""
    try:
        descriptor = source.fileno()
    except OSError:  # not a file of the system's
        return lambda: source.read(65536)
    return lambda: os.read(descriptor, 65536)


def _read_lines(read: Callable[[], bytes], put: Callable[[bytes | None], None]) -> None:
    rest = b""
    try:
        while data := read():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                put(line.removesuffix(b"\r"))
        if rest:
            put(rest)
    finally:
        put(None)
