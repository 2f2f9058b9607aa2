"""tools.bench: conversations on a WebSocket, against the servers of the scenarios."""

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tools.bench import _socket_server
from tools.bench._clients import NotOfferedError
from tools.bench._contestants import CONTESTANTS
from tools.bench._places import Places
from tools.bench._socket_floor import header_size, masked_frame
from tools.bench._socket_scenarios import SOCKET_SCENARIOS, SocketScenario
from tools.bench._socket_servers import KINDS, socket_server
from tools.bench._sockets import SOCKET_CLIENTS, open_conversation
from tools.bench._wall import worker

Peer = Callable[[bool, str], None]


def _require(module: str, peer: Peer) -> None:
    there = module == "floor" or importlib.util.find_spec(module) is not None
    peer(there, f"pip install {module}")


@pytest.fixture
async def plain(peer: Peer) -> AsyncIterator[str]:
    """The base URL of the server without compression."""
    _require("picows", peer)
    server = await _socket_server.serve_picows()
    yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture
async def deflating(peer: Peer) -> AsyncIterator[str]:
    """The base URL of the server with permessage-deflate."""
    _require("websockets", peer)
    server = await _socket_server.serve_websockets()
    yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("scenario", [s for s in SOCKET_SCENARIOS.values() if not s.compressed])
@pytest.mark.parametrize("name", SOCKET_CLIENTS)
async def test_every_message_comes_and_goes(
    name: str, scenario: SocketScenario, plain: str, peer: Peer
) -> None:
    """Twice in a row: a slice follows another on the same WebSocket."""
    _require(name, peer)
    conversation = await open_conversation(name, plain + scenario.path, compressed=False)

    for _ in range(2):
        assert await scenario.exchange(conversation, 5) == 5 * len(scenario.message)
    await conversation.close()


@pytest.mark.parametrize("name", ["wherry", "aiohttp", "websockets"])
async def test_compressed_messages_come_back(name: str, deflating: str, peer: Peer) -> None:
    """Whole, as they were before compression."""
    _require(name, peer)
    scenario = SOCKET_SCENARIOS["ws-compressed"]
    conversation = await open_conversation(name, deflating + scenario.path, compressed=True)

    assert await scenario.exchange(conversation, 3) == 3 * len(scenario.message)
    await conversation.close()


@pytest.mark.parametrize("name", ["floor", "picows"])
async def test_who_cannot_compress_says_so(name: str) -> None:
    """Before it connects."""
    with pytest.raises(NotOfferedError, match=r"no permessage-deflate|does not compress"):
        await open_conversation(name, "ws://127.0.0.1:9/echo", compressed=True)


async def test_floor_refuses_another_answer_than_an_upgrade() -> None:
    """It parses nothing, so it must not guess either."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/echo"
    with pytest.raises(ConnectionError, match="expected a 101 in one read"):
        await open_conversation("floor", url, compressed=False)
    server.close()


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_floor_frames_have_the_header_of_their_length(length: int) -> None:
    """RFC 6455 §5.2; a masked frame has four bytes more."""
    frame = masked_frame(bytes(length))

    assert len(frame) == header_size(length) + 4 + length
    stated = {2: frame[1] & 127, 4: int.from_bytes(frame[2:4], "big")}
    assert stated.get(header_size(length), int.from_bytes(frame[2:10], "big")) == length


def test_flood_is_as_many_frames_as_ordered() -> None:
    """In writes of some size."""
    pieces = _socket_server.flood_pieces(b"1000 128")

    assert sum(map(len, pieces)) == 1000 * (4 + 128)
    assert len(pieces) == 3
    assert pieces[-1].startswith(b"\x82\x7e\x00\x80")


@pytest.mark.slow
def test_socket_scenarios_run_in_a_process_of_their_own(peer: Peer) -> None:
    """Server, contestant and this test are three processes."""
    here = Path(sys.executable)
    for kind in KINDS:
        _require(kind, peer)
    with (
        socket_server("picows", here, cpu=None) as plain,
        socket_server("websockets", here, cpu=None) as deflating,
        worker(
            CONTESTANTS["wherry"],
            here,
            Places(socket=plain, deflating_socket=deflating),
            None,
        ) as wherry,
    ):
        for scenario in SOCKET_SCENARIOS.values():
            assert wherry.run(scenario, 3).requests == 3
