"""How much memory a hostile server can make a client use."""

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from wherry_websocket import Role, WebSocketProtocol, WSMsgType

LIMIT = 1 << 17
READ = 1 << 14
SLACK = 49152
"""Objects around the payload, and what the measuring itself takes."""


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """The most bytes allocated at one time since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def endless(kind: str) -> Iterator[bytes]:
    """What a server may send without end: one read after the other."""
    if kind == "declared":
        yield b"\x82\x7f" + (1 << 40).to_bytes(8, "big")
    elif kind == "one frame":
        yield b"\x82\x7f" + LIMIT.to_bytes(8, "big")
    else:
        yield b"\x02\x01x"
    tiny = b"\x00\x01x" * (READ // 3)
    while True:
        yield {"tiny fragments": tiny, "empty fragments": b"\x00\x00" * (READ // 2)}.get(
            kind, bytes(READ)
        )


@pytest.mark.parametrize("kind", ["declared", "one frame", "tiny fragments", "empty fragments"])
def test_an_incomplete_message_stays_within_its_limit(peak: Callable[[], int], kind: str) -> None:
    """SEC-12, SEC-53, SEC-55, S-243, S-244: `max_msg_size` and one read, whatever the pieces."""
    client = WebSocketProtocol(max_msg_size=LIMIT)
    before = peak()
    pieces = endless(kind)
    for _ in range(LIMIT // READ):
        client.receive_data(next(pieces))

    assert peak() - before <= LIMIT + 2 * READ + SLACK


def test_a_message_takes_its_size_twice_while_it_is_joined(peak: Callable[[], int]) -> None:
    """The pieces, and the message that is made of them; then the message alone."""
    client = WebSocketProtocol(max_msg_size=LIMIT)
    before = peak()
    client.receive_data(b"\x82\x7f" + LIMIT.to_bytes(8, "big"))
    for _ in range(LIMIT // READ - 1):
        client.receive_data(bytes(READ))
    (message,) = client.receive_data(bytes(READ))

    assert (message.type, len(message.data)) == (WSMsgType.BINARY, LIMIT)
    assert peak() - before <= 2 * LIMIT + 2 * READ + SLACK
    assert tracemalloc.get_traced_memory()[0] - before <= LIMIT + READ + SLACK


@pytest.mark.parametrize("limit", [LIMIT, 10 * READ])
def test_a_bomb_inflates_to_the_limit_at_most(peak: Callable[[], int], limit: int) -> None:
    """SEC-54, S-243: a hundred times the limit in one compressed frame."""
    bomb = WebSocketProtocol(Role.SERVER, compress=15).send_binary(bytes(100 * LIMIT))
    client = WebSocketProtocol(compress=15, max_msg_size=limit)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    (message,) = client.receive_data(bomb)

    assert message.type is WSMsgType.ERROR
    assert client.close_code == 1009
    assert peak() - before <= 2 * limit + len(bomb) + 2 * READ + SLACK
