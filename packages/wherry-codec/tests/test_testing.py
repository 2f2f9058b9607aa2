"""The helpers that ship: cutting bytes, and the server without sockets."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus

import pytest

from wherry_codec import (
    ClientConnection,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Limits,
    LocalProtocolError,
    Request,
    Response,
    Upgraded,
)
from wherry_codec.testing import (
    ByteServer,
    Handler,
    Later,
    RawPlan,
    ResponsePlan,
    cut,
    every_split,
    feed_in_pieces,
    serve_bytes,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def echo(request: Request, body: bytes) -> ResponsePlan:
    """Answers with what was asked."""
    return ResponsePlan(body=f"{request.method} {request.target} ".encode() + body)


def answers(server: ByteServer, *pieces: bytes) -> bytes:
    return b"".join(part for piece in pieces for part in server.receive(piece))


def talk(handler: Handler, request: Request, *body: bytes) -> list[Event]:
    """The events a client is told by a server with this handler."""
    client, server = ClientConnection(), serve_bytes(handler)
    sent = [client.send(request), *(client.send(Data(piece)) for piece in body)]
    client.receive_data(answers(server, *sent, client.send(EndOfMessage())))
    return list(client.events())


def test_cut_loses_nothing() -> None:
    """The last piece may be shorter."""
    assert cut(b"abcde", 2) == [b"ab", b"cd", b"e"]
    assert cut(b"", 2) == []


def test_every_split_has_every_place_once() -> None:
    """Whole, in two at each place, and byte by byte."""
    assert list(every_split(b"abc")) == [
        [b"abc"],
        [b"a", b"bc"],
        [b"ab", b"c"],
        [b"a", b"b", b"c"],
    ]


def test_feed_in_pieces_returns_what_was_returned() -> None:
    """So that one can see when something happened."""
    assert feed_in_pieces(len, b"abcde", 2) == [2, 2, 1]


def test_requests_on_one_connection_are_answered_in_order() -> None:
    """RFC 9112 §9.3: kept alive, pipelined or not, however the bytes are cut."""
    stream = (
        GET
        + b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        + b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    )
    expected = b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        for body in (b"GET / ", b"PUT /a hi", b"POST /b x")
    )

    for pieces in every_split(stream):
        server = serve_bytes(echo)
        assert answers(server, *pieces) == expected
        assert not server.is_closed


def test_head_gets_the_head_alone() -> None:
    """RFC 9110 §9.3.2: with the length GET would have."""
    assert answers(serve_bytes(echo), GET.replace(b"GET", b"HEAD")) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    )


def test_body_is_streamed_piece_by_piece() -> None:
    """Each piece is asked for after the one before has been sent; HEAD asks for none."""
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"x" * number

    server = serve_bytes(lambda request, body: ResponsePlan(body=pieces(), trailers={"A": "b"}))
    sending = server.receive(GET)

    assert next(sending) == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert made == []
    assert next(sending) == b"1\r\nx\r\n"
    assert made == [0, 1]
    assert list(sending) == [b"2\r\nxx\r\n", b"0\r\nA: b\r\n\r\n"]
    made.clear()
    assert answers(server, GET.replace(b"GET", b"HEAD")).endswith(b"\r\n\r\n")
    assert made == []


def test_streamed_body_may_declare_its_length() -> None:
    """Then it is not chunked."""
    plan = ResponsePlan(headers={"Content-Length": "2"}, body=iter([b"a", b"b"]))

    assert answers(serve_bytes(lambda request, body: plan), GET).endswith(b"2\r\n\r\nab")


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_body_has_no_length(status: int) -> None:
    """RFC 9110 §8.6."""
    server = serve_bytes(lambda request, body: ResponsePlan(status))

    assert b"Content-Length" not in answers(server, GET)
    assert not server.is_closed


def test_connection_closes_when_either_side_says_so() -> None:
    """RFC 9112 §9.6."""
    plan = ResponsePlan(headers={"Connection": "close"})
    for server, request in (
        (serve_bytes(echo), GET[:-2] + b"Connection: close\r\n\r\n"),
        (serve_bytes(lambda request, body: plan), GET),
        (serve_bytes(echo), b"GET / HTTP/1.0\r\n\r\n"),
        (serve_bytes(echo), b""),
    ):
        answers(server, request)
        assert server.is_closed
        assert answers(server, GET) == b""


def test_expectation_is_met_before_the_body() -> None:
    """RFC 9110 §10.1.1."""
    server = serve_bytes(echo)
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"

    assert answers(server, head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answers(server, b"x").endswith(b"PUT / x")


def test_expectation_may_be_refused() -> None:
    """RFC 9110 §10.1.1: and then the connection is closed."""
    server = serve_bytes(echo, on_expect=lambda request: ResponsePlan(417))
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"

    assert answers(server, head).startswith(b"HTTP/1.1 417")
    assert server.is_closed


def test_informational_responses_come_first() -> None:
    """RFC 9110 §15.2."""
    hints = InformationalResponse(103, {"Link": "a"})

    events = talk(
        lambda request, body: ResponsePlan(informational=[hints]),
        Request("GET", "/", {"Host": "a"}),
    )

    assert [getattr(event, "status", None) for event in events[:2]] == [103, 200]


def test_raw_bytes_go_out_as_they_are() -> None:
    """For tests of clients that have to stand broken servers."""
    broken = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", b""]
    server = serve_bytes(lambda request, body: RawPlan(broken))

    assert answers(server, GET) == broken[0]
    assert server.is_closed
    server = serve_bytes(lambda request, body: RawPlan(broken, closes=False))
    answers(server, GET)
    assert not server.is_closed


def shout(data: bytes) -> Iterable[bytes] | None:
    return None if data == b"bye" else [data.upper()]


def test_connection_can_be_taken_over() -> None:
    """RFC 9110 §7.8: bytes that came early and later ones; None closes."""
    plan = ResponsePlan(101, {"Upgrade": "x"}, takeover=shout)
    server = serve_bytes(lambda request, body: plan)
    upgrade = GET[:-2] + b"Connection: upgrade\r\nUpgrade: x\r\n\r\n"

    assert answers(server, upgrade + b"early").endswith(b"\r\n\r\nEARLY")
    assert answers(server, b"later") == b"LATER"
    assert not server.is_closed
    assert answers(server, b"bye") == b""
    assert server.is_closed


def test_tunnel_can_be_taken_over() -> None:
    """RFC 9110 §9.3.6; the end of the connection is told and closes."""
    server = serve_bytes(lambda request, body: ResponsePlan(takeover=shout))

    assert answers(server, b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n") == (
        b"HTTP/1.1 200 OK\r\n\r\n"
    )
    assert answers(server, b"hello", b"") == b"HELLO"
    assert server.is_closed


def test_client_side_of_an_upgrade() -> None:
    """Both façades agree where the old protocol ends."""
    plan = ResponsePlan(101, {"Upgrade": "x"}, takeover=shout)
    request = Request("GET", "/", {"Host": "a", "Connection": "upgrade", "Upgrade": "x"})

    assert talk(lambda request, body: plan, request)[-1] == Upgraded(b"")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"rubbish\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n", b"505"),
        (b"GET /" + b"x" * 100, b"431"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", b"400"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", b"501"),
    ],
)
def test_what_is_no_request_is_answered_and_closed(data: bytes, status: bytes) -> None:
    """RFC 9112 §9.6."""
    server = serve_bytes(echo, limits=Limits(max_line_size=50))

    assert answers(server, data).startswith(b"HTTP/1.1 " + status)
    assert server.is_closed


def test_errors_of_the_handler_come_out() -> None:
    """A test must not hide them behind a 500."""

    def fail(request: Request, body: bytes) -> ResponsePlan:
        raise KeyError(request.target)

    with pytest.raises(KeyError):
        answers(serve_bytes(fail), GET)


def test_client_façade_understands_the_server() -> None:
    """Back to back over every framing."""
    request = Request("POST", "/a", {"Host": "a", "Transfer-Encoding": "chunked"})

    events = talk(echo, request, b"one ", b"two")

    assert events == [
        Response(200, {"Content-Length": "15"}, "OK"),
        Data(b"POST /a one two"),
        EndOfMessage(),
    ]


def waits(server: ByteServer) -> bool:
    """A function, since mypy takes a property for something that stays."""
    return server.is_waiting


def is_closed(server: ByteServer) -> bool:
    return server.is_closed


def test_answer_may_come_later() -> None:
    """The owner waits for whatever it likes; requests behind it wait, too."""
    asked: list[str] = []

    def later(request: Request, body: bytes) -> Later:
        asked.append(request.target)
        return Later()

    server = serve_bytes(later)

    assert not waits(server)
    assert answers(server, GET + GET.replace(b"/", b"/b", 1)) == b""
    assert waits(server)
    assert asked == ["/"]
    assert b"".join(server.answer(ResponsePlan(204))) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert asked == ["/", "/b"]
    assert waits(server)
    assert b"".join(server.answer(RawPlan([b"x"]))) == b"x"
    assert server.is_closed


def test_streamed_body_may_stop_and_go_on() -> None:
    """At each None; what was made before it has been sent by then."""
    pieces: list[bytes | None] = [b"a", None, b"b", None]
    server = serve_bytes(lambda request, body: ResponsePlan(body=pieces))

    assert answers(server, GET).endswith(b"\r\n\r\n1\r\na\r\n")
    assert waits(server)
    assert b"".join(server.resume()) == b"1\r\nb\r\n"
    assert b"".join(server.resume()) == b"0\r\n\r\n"
    assert not waits(server)
    assert answers(server, GET).startswith(b"HTTP/1.1 200")


def test_nothing_goes_on_that_has_not_stopped() -> None:
    """A mistake in a test is told."""
    server = serve_bytes(echo)
    answers(server, GET)

    with pytest.raises(LocalProtocolError, match="no request waits"):
        server.answer(ResponsePlan())
    with pytest.raises(LocalProtocolError, match="no answer has stopped"):
        server.resume()


def test_client_that_has_closed_its_side_still_gets_what_was_promised() -> None:
    """RFC 9112 §9.6: half of a connection may be closed."""
    server = serve_bytes(lambda request, body: Later())

    assert answers(server, GET, b"") == b""
    assert not is_closed(server)
    assert b"".join(server.answer(ResponsePlan(204))) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert is_closed(server)


def test_answer_may_come_before_the_body() -> None:
    """RFC 9112 §9.3: the body is dropped then, and the next request is answered."""
    head = b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
    refusal = ResponsePlan(413, {"Content-Length": "0"})
    server = serve_bytes(echo, on_head=lambda request: refusal if request.method == "PUT" else None)

    assert answers(server, head) == (
        b"HTTP/1.1 413 " + HTTPStatus(413).phrase.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    )
    assert answers(server, b"abc" + GET).endswith(b"\r\n\r\nGET / ")
