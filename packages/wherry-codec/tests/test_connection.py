"""Both roles back to back: what one sends, the other is told."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import (
    ClientConnection,
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    RemoteProtocolError,
    Request,
    Response,
    ServerConnection,
)
from wherry_codec._connection import Connection
from wherry_codec.testing import cut

NAMES = st.text("abcdXYZ-", min_size=1, max_size=8).map(lambda name: "X-" + name)
VALUES = st.text("abc é,;=\t", max_size=10).map(lambda value: value.strip(" \t"))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
PIECES = st.lists(st.binary(max_size=30), max_size=5)


def convey(sender: Connection, receiver: Connection, events: list[Event], size: int) -> list[Event]:
    """Send the events; what the other side is told when the bytes come in pieces of `size`."""
    told: list[Event] = []
    for event in events:
        for piece in cut(sender.send(event), size):
            receiver.receive_data(piece)
            told.extend(receiver.events())
    return told


def without_cuts(events: list[Event]) -> tuple[list[Event], bytes]:
    """Everything but the way the body is divided."""
    body = b"".join(event.data for event in events if isinstance(event, Data))
    return [event for event in events if not isinstance(event, Data)], body


@settings(max_examples=30)
@given(st.data(), st.integers(1, 40))
def test_cycles_of_any_messages_arrive_as_sent(data: st.DataObject, size: int) -> None:
    """S-034, S-051, RFC 9112: every framing both ways, several cycles on one connection."""
    client, server = ClientConnection(), ServerConnection()
    for _ in range(data.draw(st.integers(1, 3))):
        request, response = data.draw(PIECES), data.draw(PIECES)
        for sender, receiver, head, pieces in (
            (client, server, Request, request),
            (server, client, Response, response),
        ):
            framing = data.draw(st.sampled_from(["length", "chunked"]))
            trailers = data.draw(FIELDS) if framing == "chunked" else []
            fields = data.draw(FIELDS)
            if framing == "length":
                fields.append(("Content-Length", str(sum(map(len, pieces)))))
            else:
                fields.append(("Transfer-Encoding", "chunked"))
            start: Event
            if head is Request:
                start = Request("POST", "/", [("Host", "a"), *fields])
            else:
                start = Response(200, fields, "Fine")
            sent: list[Event] = [start, *map(Data, pieces), EndOfMessage(trailers)]
            told = convey(sender, receiver, sent, size)
            assert without_cuts(told) == without_cuts(sent)
        assert client.can_cycle
        assert server.can_cycle
        client.next_cycle()
        server.next_cycle()
    assert convey(client, server, [ConnectionClosed()], 1) == []
    server.receive_data(b"")
    assert list(server.events()) == [ConnectionClosed()]


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=40), max_size=4), st.booleans())
def test_garbage_gives_events_or_the_documented_error(pieces: list[bytes], is_client: bool) -> None:
    """A façade never fails with anything but a ProtocolError."""
    connection: Connection
    if is_client:
        connection = ClientConnection()
        connection.send(Request("GET", "/", {"Host": "a"}))
        connection.send(EndOfMessage())
        connection.receive_data(b"HTTP/1.1 200 OK\r\n")
    else:
        connection = ServerConnection()
        connection.receive_data(b"GET / HTTP/1.1\r\n")
    try:
        for piece in pieces:
            connection.receive_data(piece)
            list(connection.events())
            if not piece:
                break
    except RemoteProtocolError:
        assert not connection.can_cycle
