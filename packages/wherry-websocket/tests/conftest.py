"""Fixtures of this package: two ends back to back, and bytes fed in pieces."""

from collections.abc import Callable, Iterable

import pytest

from wherry_websocket import Role, WebSocketProtocol, WSMessage, WSMessageTextBytes

Message = WSMessage | WSMessageTextBytes
Ends = tuple[WebSocketProtocol, WebSocketProtocol]


@pytest.fixture
def ends() -> Callable[..., Ends]:
    """Make a client and a server that agreed on the same settings."""

    def make(compress: int = 0, *, client_no: bool = False, server_no: bool = False) -> Ends:
        client, server = (
            WebSocketProtocol(
                role, compress=compress, client_notakeover=client_no, server_notakeover=server_no
            )
            for role in (Role.CLIENT, Role.SERVER)
        )
        return client, server

    return make


@pytest.fixture
def feed() -> Callable[[WebSocketProtocol, Iterable[bytes]], list[Message]]:
    """All messages an end makes of some pieces of bytes."""

    def run(end: WebSocketProtocol, pieces: Iterable[bytes]) -> list[Message]:
        return [message for piece in pieces for message in end.receive_data(piece)]

    return run
