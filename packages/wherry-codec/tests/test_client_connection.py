"""The client role: byte for byte, and what it makes of answers nobody should give."""

import gzip

import pytest

from wherry_codec import (
    ChunkExtensions,
    ClientConnection,
    ConnectionClosed,
    ContentLengthError,
    Data,
    EndOfMessage,
    Event,
    HttpVersion10,
    InformationalResponse,
    InvalidHeader,
    Limits,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
    Request,
    Response,
    State,
    TransferEncodingError,
    Upgraded,
)
from wherry_codec.testing import cut, every_split

pytestmark = pytest.mark.usefixtures("twin")

GET = Request("GET", "/", {"Host": "a"})


def asked(request: Request = GET, limits: Limits | None = None) -> ClientConnection:
    """A connection that has sent a request without body."""
    client = ClientConnection(limits or Limits())
    client.send(request)
    client.send(EndOfMessage())
    return client


def answer(client: ClientConnection, *pieces: bytes) -> list[Event]:
    """The events that follow from the pieces; `b""` for the end of the connection."""
    events: list[Event] = []
    for piece in pieces:
        client.receive_data(piece)
        events.extend(client.events())
    return events


def test_request_goes_out_as_given() -> None:
    """S-025, S-034: nothing is added; the fields frame the body."""
    client = ClientConnection()

    head = client.send(Request("POST", "/a", [("host", "b"), ("Content-Length", "3")]))

    assert head == b"POST /a HTTP/1.1\r\nhost: b\r\nContent-Length: 3\r\n\r\n"
    assert client.send(Data(b"ab")) + client.send(Data(b"c")) == b"abc"
    assert client.send(EndOfMessage()) == b""


def test_chunked_request_with_trailers() -> None:
    """S-033, RFC 9112 §7.1."""
    client = ClientConnection()
    client.send(Request("PUT", "/", {"Host": "a", "Transfer-Encoding": "chunked"}))

    assert client.send(Data(b"hello")) == b"5\r\nhello\r\n"
    assert client.send(Data(b"")) == b""
    assert client.send(EndOfMessage({"A": "b"})) == b"0\r\nA: b\r\n\r\n"


def test_request_without_framing_has_no_body() -> None:
    """S-034, RFC 9112 §6.3."""
    client = ClientConnection()
    client.send(GET)

    with pytest.raises(LocalProtocolError, match="0 bytes declared, 1 given"):
        client.send(Data(b"x"))


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/"),
        Request("GET", "/", [("Host", "a"), ("Host", "a")]),
        Request("GET", "/", {"Host": "u@a"}),
        Request("G T", "/", {"Host": "a"}),
        Request("GET", "/ ", {"Host": "a"}),
        Request("GET", "/", {"Host": "a", "A": "b\n"}),
        Request("GET", "/", {"Host": "a", "Content-Length": "1", "Transfer-Encoding": "chunked"}),
    ],
)
def test_bad_request_changes_nothing(request_: Request) -> None:
    """SEC-1, SEC-3, SEC-4: nothing is sent, and a good request may follow."""
    client = ClientConnection()

    with pytest.raises(LocalProtocolError):
        client.send(request_)

    assert client.client_state is State.IDLE
    assert client.send(GET) == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "event", [Response(200), InformationalResponse(100), Data(b""), EndOfMessage(), Upgraded(b"")]
)
def test_what_a_client_does_not_send_is_refused(event: Event) -> None:
    """RFC 9112 §2.1."""
    with pytest.raises(LocalProtocolError):
        ClientConnection().send(event)


def test_response_with_length() -> None:
    """S-059."""
    client = asked()

    events = answer(client, b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhel", b"lo")

    assert events == [
        Response(200, {"Content-Length": "5"}, "Fine"),
        Data(b"hel"),
        Data(b"lo"),
        EndOfMessage(),
    ]
    assert client.can_cycle


def test_events_do_not_depend_on_the_cut() -> None:
    """S-051: but for how the body is divided."""
    data = (
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
    )
    for pieces in every_split(data):
        client = asked()
        events = answer(client, *pieces)
        body = b"".join(event.data for event in events if isinstance(event, Data))
        others = [event for event in events if not isinstance(event, Data)]
        assert body == b"abcde"
        assert others == [
            InformationalResponse(103, {"Link": "a"}, "Early Hints"),
            Response(200, {"Transfer-Encoding": "chunked"}, "OK"),
            EndOfMessage({"X": "y"}),
        ]
        assert client.can_cycle


def test_body_until_close_is_flagged() -> None:
    """S-061, SEC-14: nobody can tell whether it is complete."""
    client = asked()

    events = answer(client, b"HTTP/1.1 200 OK\r\n\r\nabc", b"")

    assert events[1:] == [Data(b"abc"), EndOfMessage(ended_by_close=True), ConnectionClosed()]
    assert not client.can_cycle


def test_connection_that_ends_a_body_is_not_used_again() -> None:
    """S-065: known before the end of the connection has been told."""
    client = asked()
    client.receive_data(b"HTTP/1.1 200 OK\r\n\r\n")
    client.receive_data(b"")

    assert isinstance(client.next_event(), Response)
    assert client.next_event() == EndOfMessage(ended_by_close=True)
    assert not client.can_cycle


def test_end_is_told_although_bytes_were_left_over() -> None:
    """SEC-13: after the last response nobody will read them."""
    client = asked()
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    assert answer(client, last + b"surplus", b"")[-1] == ConnectionClosed()


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ],
)
def test_response_without_body(method: str, head: bytes) -> None:
    """S-058, C-08: and the connection lives on."""
    client = asked(Request(method, "/", {"Host": "a"}))

    assert [type(event) for event in answer(client, head)] == [Response, EndOfMessage]
    assert client.can_cycle


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
)
def test_bytes_after_the_response_prevent_the_next_cycle(head: bytes) -> None:
    """S-058, S-059, SEC-13: the response is delivered, the connection is not reused."""
    client = asked()

    assert [type(event) for event in answer(client, head + b"surplus")] == [Response, EndOfMessage]

    assert not client.can_cycle
    assert client.trailing_data == b"surplus"
    with pytest.raises(LocalProtocolError, match="7 bytes came after the response"):
        client.next_cycle()


def test_bytes_on_an_idle_connection_are_an_error() -> None:
    """SEC-13: nobody asked."""
    client = ClientConnection()

    with pytest.raises(RemoteProtocolError, match="no request was sent"):
        answer(client, b"HTTP/1.1 200 OK\r\n\r\n")


def test_next_cycle_reads_the_next_response() -> None:
    """RFC 9112 §9.3."""
    client = asked()
    for _ in range(3):
        events = answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        assert events[1] == Data(b"x")
        client.next_cycle()
        client.send(GET)
        client.send(EndOfMessage())


@pytest.mark.parametrize(
    ("request_", "head"),
    [
        (GET, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (GET, b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            Request("GET", "/", {"Host": "a", "Connection": "x, Close"}),
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            Request("GET", "/", {}, HttpVersion10),
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
    ],
)
def test_connection_that_does_not_live_on(request_: Request, head: bytes) -> None:
    """S-065."""
    client = asked(request_)
    answer(client, head)

    assert client.client_state is client.server_state is State.MUST_CLOSE
    with pytest.raises(LocalProtocolError, match="must close"):
        client.next_cycle()


def test_old_keep_alive_works() -> None:
    """RFC 9112 §9.3."""
    client = asked(Request("GET", "/", {"Connection": "keep-alive"}, HttpVersion10))
    answer(client, b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")

    assert client.can_cycle


def test_waiting_for_continue_ends_with_any_answer() -> None:
    """RFC 9110 §10.1.1."""
    for head in (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"):
        client = ClientConnection()
        client.send(
            Request("PUT", "/", {"Host": "a", "Expect": "100-continue", "Content-Length": "1"})
        )
        assert client.is_waiting_for_continue

        answer(client, head)

        assert not client.is_waiting_for_continue


def test_informational_responses_are_limited() -> None:
    """SEC-11, SEC-16: endless 100 Continue is capped; the count begins anew with each request."""
    client = asked(limits=Limits(max_informational=2))
    ok = b"HTTP/1.1 102 Processing\r\n\r\n" * 2 + b"HTTP/1.1 204 No Content\r\n\r\n"
    answer(client, ok)
    client.next_cycle()
    client.send(GET)
    client.send(EndOfMessage())
    answer(client, ok[:-27])

    with pytest.raises(RemoteProtocolError, match="more than 2 informational"):
        answer(client, b"HTTP/1.1 100 Continue\r\n\r\n")


UPGRADE = Request("GET", "/", {"Host": "a", "Connection": "upgrade", "Upgrade": "x"})


def test_upgrade_hands_over_the_rest() -> None:
    """S-064: the bytes after the head belong to the new protocol."""
    client = asked(UPGRADE)

    events = answer(client, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nnew bytes")

    assert events[1:] == [Upgraded(b"new bytes")]
    assert isinstance(events[0], InformationalResponse)
    assert client.client_state is client.server_state is State.SWITCHED
    with pytest.raises(LocalProtocolError, match="belong to that protocol"):
        client.receive_data(b"more")
    with pytest.raises(LocalProtocolError):
        client.send(GET)


def test_refused_upgrade_is_an_ordinary_response() -> None:
    """SEC-16: what follows is its body, not a protocol."""
    client = asked(UPGRADE)

    events = answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")

    assert events[1:] == [Data(b"abc"), EndOfMessage()]
    assert client.can_cycle


def test_upgrade_nobody_asked_for_is_an_error() -> None:
    """RFC 9110 §7.8."""
    with pytest.raises(RemoteProtocolError, match="without it"):
        answer(asked(), b"HTTP/1.1 101 Go\r\n\r\n")


def test_upgrade_inside_the_request_is_an_error() -> None:
    """RFC 9110 §7.8: the request is completed in the old protocol."""
    client = ClientConnection()
    client.send(Request("PUT", "/", {"Host": "a", "Upgrade": "x", "Content-Length": "1"}))

    with pytest.raises(RemoteProtocolError, match="before the request was complete"):
        answer(client, b"HTTP/1.1 101 Go\r\n\r\n")


def test_tunnel_after_connect() -> None:
    """RFC 9110 §9.3.6: fields that would frame a body mean nothing."""
    client = asked(Request("CONNECT", "a:443", {"Host": "a:443"}))

    events = answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x16\x03")

    assert events[1:] == [Upgraded(b"\x16\x03")]


def test_refused_tunnel_has_a_body() -> None:
    """RFC 9112 §6.3."""
    client = asked(Request("CONNECT", "a:443", {"Host": "a:443"}))

    events = answer(client, b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno")

    assert events[1:] == [Data(b"no"), EndOfMessage()]


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_end_before_a_whole_head_is_an_error(data: bytes) -> None:
    """S-062."""
    with pytest.raises(RemoteProtocolError, match="before a whole response head"):
        answer(asked(), *filter(None, [data]), b"")


def test_end_inside_the_body_is_an_error_after_its_data() -> None:
    """S-062, SEC-14: what came is delivered first."""
    client = asked()
    events = answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
    assert events[1:] == [Data(b"abc")]

    with pytest.raises(ContentLengthError):
        answer(client, b"")


def test_end_of_an_idle_connection_is_an_event() -> None:
    """RFC 9112 §9.5."""
    client = ClientConnection()

    assert answer(client, b"") == [ConnectionClosed()]
    assert client.client_state is State.MUST_CLOSE
    with pytest.raises(LocalProtocolError):
        client.send(GET)


def test_error_is_raised_again() -> None:
    """A connection that is broken stays broken."""
    client = asked()
    with pytest.raises(InvalidHeader):
        answer(client, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n")

    with pytest.raises(InvalidHeader):
        client.next_event()
    assert not client.can_cycle


def test_strict_mode_reaches_the_head_parser() -> None:
    """S-039."""
    lenient, strict = ClientConnection(), ClientConnection(strict=True)
    for client in (lenient, strict):
        client.send(GET)

    assert answer(lenient, b"HTTP/1.1 204 No\n\n")
    with pytest.raises(InvalidHeader):
        answer(strict, b"HTTP/1.1 204 No\n\n")


def test_early_response_is_delivered_while_the_request_goes_on() -> None:
    """RFC 9112 §9.5: the client may stop and close, or finish and go on."""
    client = ClientConnection()
    client.send(Request("PUT", "/", {"Host": "a", "Content-Length": "3"}))

    events = answer(client, b"HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n")

    assert isinstance(events[-1], EndOfMessage)
    assert not client.can_cycle
    client.send(Data(b"abc"))
    client.send(EndOfMessage())
    assert client.can_cycle


def test_head_and_body_can_be_sent_in_one_write() -> None:
    """S-030: bytes come out, the caller joins them; with 100-continue it holds the body back."""
    client = ClientConnection()
    request = Request("PUT", "/", {"Host": "a", "Content-Length": "2"})

    sent = b"".join([client.send(request), client.send(Data(b"hi")), client.send(EndOfMessage())])

    assert sent == b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
    assert not client.is_waiting_for_continue


def test_informational_responses_of_any_kind_come_before_the_final_one() -> None:
    """S-050, RFC 9110 §15.2: 100, 102, 103 and those nobody knows; none ends the wait."""
    client = asked()
    heads = b"".join(b"HTTP/1.1 %d X\r\nA: b\r\n\r\n" % status for status in (100, 102, 103, 199))

    events = answer(client, heads + b"HTTP/1.1 204 No Content\r\n\r\n")

    *before, final, end = events
    assert [type(event) for event in before] == [InformationalResponse] * 4
    assert isinstance(final, Response)
    assert end == EndOfMessage()
    assert client.can_cycle


def test_limits_are_those_of_the_connection() -> None:
    """S-057: whoever opens it chooses; another connection has its own."""
    head = b"HTTP/1.1 204 No\r\nA: b\r\nC: d\r\n\r\n"

    assert answer(asked(), head)
    with pytest.raises(LineTooLong, match="limit 1, got at least 2"):
        answer(asked(limits=Limits(max_headers=1)), head)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_body_before_a_broken_chunk_is_told_first(size: int) -> None:
    """S-063: head and data, then the error of the body, however the bytes were cut."""
    client = asked()
    told: list[Event] = []
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def take_all() -> None:
        for piece in cut(head + b"5\r\nhello\r\nxyz\r\n", size):
            client.receive_data(piece)
            while (event := client.next_event()) is not None:
                told.append(event)

    with pytest.raises(TransferEncodingError, match="not a hexadecimal number"):
        take_all()

    assert isinstance(told[0], Response)
    assert b"".join(event.data for event in told if isinstance(event, Data)) == b"hello"
    with pytest.raises(TransferEncodingError):
        client.next_event()
    assert client.client_state is State.MUST_CLOSE


def test_keep_alive_field_changes_nothing() -> None:
    """S-067: neither a time-out nor a count of 0 ends the connection by itself."""
    client = asked()

    answer(client, b"HTTP/1.1 204 No\r\nKeep-Alive: timeout=0, max=0\r\n\r\n")

    assert client.can_cycle


def test_coded_body_and_its_fields_come_as_sent() -> None:
    """S-071, S-072: whether to undo a coding is for the caller to decide."""
    coded = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(coded)}\r\n\r\n"

    response, data, _ = answer(asked(), head.encode() + coded)

    assert isinstance(response, Response)
    assert dict(response.headers) == {
        "Content-Encoding": "gzip",
        "Content-Length": str(len(coded)),
    }
    assert data == Data(coded)


def test_chunk_extensions_come_with_the_chunks_they_are_for() -> None:
    """RFC 9112 §7.1.1: for every split, with what was received when; never sent on."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'1;a\r\nx\r\n2\r\nyz\r\n1; b="c;d"\r\n!\r\n0;e=f\r\n\r\n'

    for pieces in every_split(body):
        _, *data, end = answer(asked(), head, *pieces)
        bodies = [event for event in data if isinstance(event, Data)]
        found = [one for event in bodies for one in event.extensions]
        assert [(one.start, one.parse()) for one in found] == [
            (0, (("a", None),)),
            (3, (("b", "c;d"),)),
        ]
        assert isinstance(end, EndOfMessage)
        assert end.extensions == (ChunkExtensions(4, b";e=f"),)
    assert bodies[0].extensions == (ChunkExtensions(0, b";a"),)


def test_received_extensions_are_not_sent_on() -> None:
    """RFC 9112 §7.1.1: they are for one connection."""
    client = ClientConnection()
    client.send(Request("PUT", "/", {"Host": "a", "Transfer-Encoding": "chunked"}))
    extensions = (ChunkExtensions(0, b";a"),)

    assert client.send(Data(b"x", extensions)) == b"1\r\nx\r\n"
    assert client.send(EndOfMessage(extensions=extensions)) == b"0\r\n\r\n"


@pytest.mark.parametrize("strict", [False, True])
def test_chunks_are_read_as_strictly_as_heads(strict: bool) -> None:
    """S-039: white space around a chunk size."""
    client = ClientConnection(strict=strict)
    client.send(GET)
    client.send(EndOfMessage())
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n"

    if strict:
        with pytest.raises(TransferEncodingError):
            answer(client, data)
    else:
        assert answer(client, data)[1:] == [Data(b"x"), EndOfMessage()]


@pytest.mark.parametrize("size", [1, 100, 10**6])
def test_transfer_codings_are_undone(size: int) -> None:
    """RFC 9112 §7.2: they are no property of the content, so the content comes without them."""
    coded = gzip.compress(b"hello" * 1000)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut(coded, 9))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    client = asked()

    events = answer(client, *cut(head + chunks + b"0\r\nA: b\r\n\r\n", size))

    body = b"".join(event.data for event in events if isinstance(event, Data))
    assert body == b"hello" * 1000
    assert events[-1] == EndOfMessage({"A": "b"})
    assert client.can_cycle


def test_transfer_coding_may_run_until_close() -> None:
    """S-048, RFC 9112 §6.3."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"
    client = asked()

    events = answer(client, head + gzip.compress(b"hello"), b"")

    assert events[1:3] == [Data(b"hello"), EndOfMessage(ended_by_close=True)]
    assert not client.can_cycle


def test_bomb_in_a_transfer_coding_comes_in_bounded_steps() -> None:
    """SEC-18: ten megabytes in ten kilobytes."""
    coded = gzip.compress(bytes(10**7))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"

    _, *data, end = answer(asked(), b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(coded), coded))

    sizes = [len(event.data) for event in data if isinstance(event, Data)]
    assert sum(sizes) == 10**7
    assert max(sizes) <= 262_144
    assert end == EndOfMessage()


def test_unknown_transfer_coding_is_refused() -> None:
    """SEC-7, RFC 9112 §6.1: what is inside cannot be told."""
    client = asked()

    with pytest.raises(TransferEncodingError, match="'xchunked'"):
        answer(client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n")
    assert not client.can_cycle
    assert answer(asked(Request("HEAD", "/", {"Host": "a"})), b"HTTP/1.1 200 OK\r\n"
        b"Transfer-Encoding: xchunked\r\n\r\n")[-1] == EndOfMessage()  # fmt: skip
