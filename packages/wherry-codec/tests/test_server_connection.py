"""The server role: framing for the client at hand, persistence, upgrades, errors."""

from typing import Any

import pytest

from wherry_codec import (
    ChunkExtensions,
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    HttpVersion10,
    InformationalResponse,
    LocalProtocolError,
    RemoteProtocolError,
    Request,
    Response,
    ServerConnection,
    State,
    TransferEncodingError,
    Upgraded,
)


def received(*pieces: bytes) -> tuple[ServerConnection, list[Event]]:
    server = ServerConnection()
    events: list[Event] = []
    for piece in pieces:
        server.receive_data(piece)
        events.extend(server.events())
    return server, events


def after(data: bytes) -> ServerConnection:
    return received(data)[0]


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OLD_GET = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEEP_ALIVE = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"


def test_request_is_told_with_its_body() -> None:
    """RFC 9112 §6."""
    _, events = received(
        b"POST /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"3\r\nabc\r\n0\r\nC: d\r\n\r\n",
    )

    assert events == [
        Request("POST", "/a", {"Host": "b", "Transfer-Encoding": "chunked"}),
        Data(b"abc"),
        EndOfMessage({"C": "d"}),
    ]


def test_version_of_the_request_is_told() -> None:
    """S-022."""
    _, events = received(OLD_GET)

    assert events[0] == Request("GET", "/", {}, HttpVersion10)


@pytest.mark.parametrize(
    ("request_", "headers", "expected", "lives"),
    [
        (GET, {"Content-Length": "2"}, b"Content-Length: 2\r\n\r\nhi", True),
        (GET, {}, b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", True),
        (GET, {"Content-Length": "2", "Connection": "close"}, None, False),
        (
            LAST_GET,
            {"Content-Length": "2"},
            b"Content-Length: 2\r\nConnection: close\r\n\r\nhi",
            False,
        ),
        (OLD_GET, {}, b"Connection: close\r\n\r\nhi", False),
        (OLD_KEEP_ALIVE, {}, b"Connection: close\r\n\r\nhi", False),
        (
            OLD_KEEP_ALIVE,
            {"Content-Length": "2"},
            b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
            True,
        ),
        (HEAD, {"Content-Length": "2"}, b"Content-Length: 2\r\n\r\n", True),
        (HEAD, {}, b"\r\n", True),
    ],
)
def test_response_is_framed_for_its_client(
    request_: bytes, headers: dict[str, str], expected: bytes | None, lives: bool
) -> None:
    """RFC 9112 §6.3, §9.3: length as declared, else chunked, else until close."""
    server = after(request_)

    sent = (
        server.send(Response(200, headers)) + server.send(Data(b"hi")) + server.send(EndOfMessage())
    )

    if expected is not None:
        assert sent == b"HTTP/1.1 200 OK\r\n" + expected
    assert server.can_cycle is lives
    assert server.server_state is (State.DONE if lives else State.MUST_CLOSE)


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_body(status: int) -> None:
    """RFC 9110 §15.3.5, §15.4.5."""
    server = after(GET)
    server.send(Response(status))

    with pytest.raises(LocalProtocolError):
        server.send(Data(b"x"))
    assert server.send(EndOfMessage()) == b""
    assert server.can_cycle


@pytest.mark.parametrize(
    ("request_", "event"),
    [
        (GET, Response(204, {"Content-Length": "0"})),
        (GET, Response(100)),
        (GET, Response(200, {"Content-Length": "1", "Transfer-Encoding": "chunked"})),
        (GET, Response(200, {"A": "b\r\nC: d"})),
        (GET, Response(2000)),
        (GET, InformationalResponse(200)),
        (GET, InformationalResponse(103, {"Content-Length": "1"})),
        (GET, InformationalResponse(101)),
        (GET, Data(b"x")),
        (GET, EndOfMessage()),
        (GET, Request("GET", "/")),
        (OLD_GET, Response(200, {"Transfer-Encoding": "chunked"})),
        (OLD_GET, InformationalResponse(100)),
        (CONNECT, Response(200, {"Content-Length": "0"})),
        (UPGRADE[:-2] + b"Content-Length: 1\r\n\r\n", InformationalResponse(101)),
    ],
)
def test_what_must_not_be_sent_is_refused_and_changes_nothing(
    request_: bytes, event: Event
) -> None:
    """RFC 9110 §8.6, §15.2; RFC 9112 §6.1: a good response may still follow."""
    server = after(request_)

    with pytest.raises(LocalProtocolError):
        server.send(event)

    assert server.server_state is State.ANSWERING
    assert server.send(Response(500, {"Content-Length": "0"})).startswith(b"HTTP/1.1 500")


def test_pipelined_requests_wait_for_their_cycle() -> None:
    """RFC 9112 §9.3.2: queued, and answered in order."""
    server, events = received(GET + GET.replace(b"/ ", b"/2 "))
    assert [type(event) for event in events] == [Request, EndOfMessage]
    assert server.is_paused
    assert server.trailing_data

    server.send(Response(204))
    server.send(EndOfMessage())
    server.next_cycle()

    second = server.next_event()
    assert isinstance(second, Request)
    assert second.target == "/2"
    assert not server.trailing_data


def test_next_cycle_needs_both_messages() -> None:
    """RFC 9112 §9.3."""
    server = after(GET)

    with pytest.raises(LocalProtocolError, match="server is answering"):
        server.next_cycle()


EXPECT = b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


def test_expectation_is_met() -> None:
    """RFC 9110 §10.1.1."""
    server = after(EXPECT)
    states = [server.is_waiting_for_continue]

    assert server.send(InformationalResponse(100)) == b"HTTP/1.1 100 Continue\r\n\r\n"

    states.append(server.is_waiting_for_continue)
    assert states == [True, False]
    server.receive_data(b"hi")
    assert list(server.events()) == [Data(b"hi"), EndOfMessage()]


def test_refused_expectation_closes_the_connection() -> None:
    """RFC 9110 §10.1.1: the client may or may not send its body now, so nobody can tell."""
    server = after(EXPECT)

    sent = server.send(Response(417, {"Content-Length": "0"})) + server.send(EndOfMessage())

    assert b"Connection: close" in sent
    assert server.server_state is State.MUST_CLOSE


def test_client_that_does_not_wait_needs_no_continue() -> None:
    """RFC 9110 §10.1.1."""
    assert not after(EXPECT + b"h").is_waiting_for_continue
    assert not after(EXPECT.replace(b"2", b"0")).is_waiting_for_continue


def test_upgrade_hands_over_the_rest() -> None:
    """RFC 9110 §7.8."""
    server = after(UPGRADE + b"early")

    sent = server.send(InformationalResponse(101, {"Upgrade": "x"}))

    assert sent == b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
    assert list(server.events()) == [Upgraded(b"early")]
    assert server.next_event() is None


def test_upgrade_that_is_not_granted_leaves_bytes_to_the_next_request() -> None:
    """SEC-16."""
    server = after(UPGRADE + GET)
    server.send(Response(204))
    server.send(EndOfMessage())
    server.next_cycle()

    assert isinstance(server.next_event(), Request)


def test_tunnel_begins_after_the_response() -> None:
    """RFC 9110 §9.3.6."""
    server = after(CONNECT + b"\x16")

    assert server.send(Response(200)) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert list(server.events()) == [Upgraded(b"\x16")]


@pytest.mark.parametrize(
    "data", [b"rubbish\r\n", GET[:-2] + b"Host: b\r\n\r\n", b"GET / HTTP/9.0\r\n"]
)
def test_bad_request_can_be_answered_and_ends_the_connection(data: bytes) -> None:
    """RFC 9112 §9.6, SEC-7: the error says with which status."""
    server = ServerConnection()
    server.receive_data(data)
    with pytest.raises(RemoteProtocolError) as caught:
        server.next_event()

    sent = server.send(Response(caught.value.code, {"Content-Length": "0"}))
    server.send(EndOfMessage())

    assert b"Connection: close\r\n" in sent
    assert not server.can_cycle
    with pytest.raises(RemoteProtocolError):
        server.next_event()


def test_idle_client_can_be_told_why_the_connection_ends() -> None:
    """RFC 9110 §15.5.9: 408 answers no request, so it is the last response."""
    server = ServerConnection()

    sent = server.send(Response(408, {"Content-Length": "0"})) + server.send(EndOfMessage())

    assert b"Connection: close" in sent
    assert server.server_state is State.MUST_CLOSE


def test_broken_body_can_be_answered() -> None:
    """RFC 9112 §9.6."""
    server = ServerConnection()
    server.receive_data(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    assert isinstance(server.next_event(), Request)
    with pytest.raises(RemoteProtocolError):
        server.next_event()

    assert b"Connection: close" in server.send(Response(400, {"Content-Length": "0"}))


def test_end_between_requests_is_an_event() -> None:
    """RFC 9112 §9.5."""
    for data in (b"", b"\r\n"):
        server, events = received(*filter(None, [data]), b"")
        assert events == [ConnectionClosed()]
        assert server.send(ConnectionClosed()) == b""
        assert server.server_state is State.CLOSED


@pytest.mark.parametrize("data", [b"GET", b"GET / HTTP/1.1\r\n", EXPECT, EXPECT + b"h"])
def test_end_inside_a_request_is_an_error(data: bytes) -> None:
    """RFC 9112 §8, SEC-14."""
    with pytest.raises(RemoteProtocolError, match="connection ended"):
        received(data, b"")


def test_half_closed_client_still_gets_its_response() -> None:
    """RFC 9112 §9.6."""
    server, events = received(GET, b"")
    assert events[-1] == ConnectionClosed()

    assert server.send(Response(204)).startswith(b"HTTP/1.1 204")
    server.send(EndOfMessage())

    assert server.server_state is State.MUST_CLOSE


def test_bytes_after_the_end_are_our_mistake() -> None:
    """The caller mixed up two sockets."""
    server = ServerConnection()
    server.receive_data(b"")

    with pytest.raises(LocalProtocolError, match="after the end"):
        server.receive_data(b"x")


def test_repr_shows_both_states() -> None:
    """For logs and for tests that read it."""
    server: Any = after(GET + b"next")

    assert repr(server) == "<ServerConnection client done, server answering, 4 bytes unread>"


def test_chunks_of_a_request_are_read_strictly() -> None:
    """SEC-9: a size that another server may read differently."""
    post = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for line in (b"1 \r\n", b" 1\r\n", b"1;a b\r\n", b"1;=\r\n"):
        with pytest.raises(TransferEncodingError):
            received(post + line + b"x\r\n0\r\n\r\n")


def test_chunk_extensions_of_a_request_are_told() -> None:
    """RFC 9112 §7.1.1."""
    post = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    _, events = received(post + b"1;a=b\r\nx\r\n0\r\n\r\n")

    assert events[1] == Data(b"x", (ChunkExtensions(0, b";a=b"),))
