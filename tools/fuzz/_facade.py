"""Fuzz targets for the façade: both roles, fed damaged conversations however they are cut."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wherry_codec import (
    ClientConnection,
    Connection,
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    RemoteProtocolError,
    Request,
    Response,
    ServerConnection,
    State,
)

from ._inputs import Cuts, corpus, cuts, damaged, pieces

_BODIES = (b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nA: b\r\n\r\n")
_METHODS = ("GET", "HEAD", "CONNECT", "POST")


def _conversations(name: str, closing: bytes) -> list[bytes]:
    """Heads with bodies behind them, and another head behind that."""
    return [head + body + closing for head in corpus(name) for body in _BODIES]


def client_inputs() -> SearchStrategy[tuple[bytes, Cuts, str, bool]]:
    """What a server may answer, the method of the request, and whether the connection ends."""
    answers = _conversations("response_heads", b"HTTP/1.1 204 N\r\n\r\n")
    return st.tuples(damaged(answers), cuts(), st.sampled_from(_METHODS), st.booleans())


def check_client(given: tuple[bytes, Cuts, str, bool]) -> None:
    """Every cut tells the same story."""
    data, sizes, method, ends = given
    whole = _as_client(method, [data], ends=ends)
    assert _as_client(method, pieces(data, sizes), ends=ends) == whole
    assert _as_client(method, pieces(data, [1]), ends=ends) == whole


def server_inputs() -> SearchStrategy[tuple[bytes, Cuts, bool]]:
    """What a client may ask, several times, and whether the connection ends."""
    requests = _conversations("request_heads", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    return st.tuples(damaged(requests), cuts(), st.booleans())


def check_server(given: tuple[bytes, Cuts, bool]) -> None:
    """Every cut tells the same story, over as many cycles as there are."""
    data, sizes, ends = given
    whole = _as_server([data], ends=ends)
    assert _as_server(pieces(data, sizes), ends=ends) == whole
    assert _as_server(pieces(data, [1]), ends=ends) == whole


def _as_client(method: str, parts: list[bytes], *, ends: bool) -> list[object]:
    connection = ClientConnection()
    target = "a:80" if method == "CONNECT" else "/"
    headers = {"Host": "a", "Connection": "upgrade", "Upgrade": "x"}
    connection.send(Request(method, target, headers))
    connection.send(EndOfMessage())
    return _story(connection, parts, ends=ends)


def _as_server(parts: list[bytes], *, ends: bool) -> list[object]:
    return _story(ServerConnection(), parts, ends=ends)


def _story(connection: Connection, parts: list[bytes], *, ends: bool) -> list[object]:
    """The events with the body in one piece, the error if there is one, and how it ended.

    A server answers each request as soon as it is complete.
    """
    told: list[object] = []
    try:
        for part in [*parts, b""] if ends else parts:
            if _is_over(connection):
                # Bytes of another protocol go to its owner, who is not asked here.
                told.append(part)
                continue
            connection.receive_data(part)
            _take_events(connection, told)
    except RemoteProtocolError as exc:
        told.append(type(exc).__name__)
        assert not connection.can_cycle
    told.append((connection.client_state, connection.server_state))
    return _joined(told)


def _is_over(connection: Connection) -> bool:
    return connection.client_state is State.SWITCHED


def _take_events(connection: Connection, told: list[object]) -> None:
    while True:
        while (event := connection.next_event()) is not None:
            told.append(_bytes_of(event))
        if connection.server_state is not State.ANSWERING or not connection.is_paused:
            return
        if isinstance(connection, ClientConnection):
            return
        _answer(connection)


def _answer(connection: Connection) -> None:
    """Answers the request and begins the next cycle, if there can be one."""
    connection.send(Response(200))
    if not _is_over(connection):
        connection.send(EndOfMessage())
    if connection.can_cycle:
        connection.next_cycle()


def _bytes_of(event: Event) -> object:
    match event:
        case Data(data=data):
            return data
        case ConnectionClosed():
            return "closed"
        case _:
            leftover = getattr(event, "leftover", None)
            return repr(event) if leftover is None else leftover


def _joined(told: list[object]) -> list[object]:
    """Neighbouring pieces of bytes put together, and none that are empty."""
    found: list[object] = []
    for item in told:
        if isinstance(item, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += item
        elif item != b"":
            found.append(item)
    return found
