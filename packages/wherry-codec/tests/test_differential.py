"""The same bytes given to h11 and httptools, which are black boxes here.

Where they make something else of them than we do, `corpus/differences.toml` says who is right and
by which rule. A disagreement that is not in that list fails, and so does an entry without one.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import (
    ChunkDecoder,
    MessageHead,
    RemoteProtocolError,
    RequestHeadReader,
    ResponseHeadReader,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "corpus"
CORPORA = {
    "response": "response_heads.toml",
    "request": "request_heads.toml",
    "chunked": "chunked_streams.toml",
}
PEERS = ("h11", "httptools")
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Verdict = Literal["accepts", "refuses", "waits"]


@dataclass(frozen=True)
class Outcome:
    """What a parser makes of some bytes, in terms all parsers have in common."""

    verdict: Verdict
    start: tuple[bytes, ...] = ()
    """Status and reason, or method and target."""
    fields: tuple[tuple[bytes, bytes], ...] = ()
    """Names in lower case; for a chunked stream the trailer fields."""
    body: bytes = b""


REFUSES = Outcome("refuses")
WAITS = Outcome("waits")


def imported(name: str) -> Any:  # a black box without types
    return pytest.importorskip(name, reason=f"pip install {name}, or wherry-codec[test]")


def ours_of_response(data: bytes) -> Outcome:
    head = ResponseHeadReader().feed(data)
    return WAITS if head is None else accepted(head, str(head.status).encode(), head.raw_reason)


def ours_of_request(data: bytes) -> Outcome:
    head = RequestHeadReader().feed(data)
    if head is None:
        return WAITS
    return accepted(head, head.method.encode(), head.target.encode())


def accepted(head: MessageHead, *start: bytes) -> Outcome:
    fields = tuple((name.lower(), value) for name, value in head.raw_headers)
    return Outcome("accepts", start, fields)


def ours_of_chunked(data: bytes) -> Outcome:
    decoder, out = ChunkDecoder(), list[bytes]()
    decoder.feed(data, 0, out)
    if not decoder.is_done:
        return WAITS
    trailers = tuple((n.lower().encode(), v.encode()) for n, v in decoder.trailers.items())
    return Outcome("accepts", (), trailers, b"".join(out))


def h11_of_response(data: bytes) -> Outcome:
    h11 = imported("h11")
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    event = connection.next_event()
    if event is h11.NEED_DATA:
        return WAITS
    start = (str(event.status_code).encode(), bytes(event.reason))
    return Outcome("accepts", start, tuple(event.headers))


def h11_of_request(data: bytes) -> Outcome:
    h11 = imported("h11")
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    event = connection.next_event()
    if event is h11.NEED_DATA:
        return WAITS
    return Outcome("accepts", (event.method, event.target), tuple(event.headers))


def h11_of_chunked(data: bytes) -> Outcome:
    h11 = imported("h11")
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(CHUNKED_HEAD + data)
    connection.next_event()
    body = b""
    while (event := connection.next_event()) is not h11.NEED_DATA:
        if isinstance(event, h11.EndOfMessage):
            return Outcome("accepts", (), tuple(event.headers), body)
        body += event.data
    return WAITS


@dataclass
class Record:
    """What httptools calls back, by the names it calls."""

    start: list[bytes] = field(default_factory=lambda: [b"", b""])
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    has_head: bool = False
    is_done: bool = False

    def on_status(self, reason: bytes) -> None:
        if not self.has_head:
            self.start[1] += reason

    def on_url(self, target: bytes) -> None:
        if not self.has_head:
            self.start[1] += target

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_done:
            return
        fields = self.trailers if self.has_head else self.fields
        fields.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, data: bytes) -> None:
        if not self.is_done:
            self.body += data

    def on_message_complete(self) -> None:
        self.is_done = True


def httptools_of_response(data: bytes) -> Outcome:
    record = Record()
    parser = imported("httptools").HttpResponseParser(record)
    feed_httptools(parser, record, data, until="has_head")
    if not record.has_head:
        return WAITS
    start = (str(parser.get_status_code()).encode(), record.start[1])
    return Outcome("accepts", start, tuple(record.fields))


def httptools_of_request(data: bytes) -> Outcome:
    record = Record()
    parser = imported("httptools").HttpRequestParser(record)
    feed_httptools(parser, record, data, until="has_head")
    if not record.has_head:
        return WAITS
    start = (parser.get_method(), record.start[1])
    return Outcome("accepts", start, tuple(record.fields))


def httptools_of_chunked(data: bytes) -> Outcome:
    record = Record()
    parser = imported("httptools").HttpResponseParser(record)
    feed_httptools(parser, record, CHUNKED_HEAD + data, until="is_done")
    if not record.is_done:
        return WAITS
    return Outcome("accepts", (), tuple(record.trailers), record.body)


def feed_httptools(parser: Any, record: Record, data: bytes, *, until: str) -> None:
    """Byte by byte, so that nothing behind what is looked at has a say."""
    for position in range(len(data)):
        try:
            parser.feed_data(data[position : position + 1])
        except imported("httptools").HttpParserUpgrade:
            return
        if getattr(record, until):
            return


def outcome(who: str, kind: str, data: bytes) -> Outcome:
    read: Callable[[bytes], Outcome] = globals()[f"{who}_of_{kind}"]
    peer = None if who == "ours" else imported(who)
    refusals: tuple[type[Exception], ...] = (RemoteProtocolError,)
    if who == "h11" and peer is not None:
        refusals = (peer.RemoteProtocolError,)
    elif peer is not None:
        refusals = (peer.HttpParserError,)
    try:
        return read(data)
    except refusals:
        return REFUSES


@dataclass(frozen=True)
class Difference:
    """One entry of the list; see there."""

    kind: str
    peers: tuple[str, ...]
    pattern: str
    ours: Verdict
    theirs: Verdict
    rule: str
    about: str

    def explains(self, peer: str, kind: str, data: bytes, ours: Outcome, theirs: Outcome) -> bool:
        """Whether this is what the two disagree about."""
        return (
            kind == self.kind
            and peer in self.peers
            and fits(ours, self.ours)
            and fits(theirs, self.theirs)
            and re.search(self.pattern, data.decode("latin-1")) is not None
        )


def fits(outcome: Outcome, listed: Verdict) -> bool:
    """Whether it is what an entry says, or may become that when more bytes arrive."""
    return outcome.verdict == listed or (outcome.verdict == "waits" and listed == "accepts")


def differences() -> list[Difference]:
    entries = tomllib.loads((FOLDER / "differences.toml").read_text("utf-8"))["difference"]
    return [Difference(**{**entry, "peers": tuple(entry["peers"])}) for entry in entries]


def cases(kind: str) -> list[bytes]:
    entries = tomllib.loads((FOLDER / CORPORA[kind]).read_text("utf-8"))["case"]
    return [entry["data"].encode("latin-1") for entry in entries]


DIFFERENCES = differences()


def explanations(peer: str, kind: str, data: bytes) -> list[Difference]:
    """The entries that explain why the peer disagrees; none if it agrees. Fails without any."""
    ours, theirs = outcome("ours", kind, data), outcome(peer, kind, data)
    if ours == theirs:
        return []
    found = [entry for entry in DIFFERENCES if entry.explains(peer, kind, data, ours, theirs)]
    assert found, f"{peer} disagrees about {data!r}: we say {ours}, it says {theirs}"
    return found


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("kind", CORPORA)
def test_every_disagreement_about_the_corpora_is_listed_and_every_entry_is_needed(
    kind: str, peer: str
) -> None:
    """SEC-10: whoever reads the same bytes differently, we know of it and which rule decides."""
    needed = {entry for data in cases(kind) for entry in explanations(peer, kind, data)}

    listed = {entry for entry in DIFFERENCES if entry.kind == kind and peer in entry.peers}
    assert [entry.about for entry in listed - needed] == []


def test_every_entry_names_its_rule() -> None:
    """Otherwise it would be an opinion."""
    for entry in DIFFERENCES:
        assert re.match(r"(RFC \d{4} §[\d.]+|S-\d{3}; RFC \d{4} §)", entry.rule), entry


LINE_ENDS = st.sampled_from(["\r\n"] * 12 + ["\n", "\r\n ", "\r\r\n"])
FIELD_LINES = st.sampled_from(
    [
        *("A: b", "X-Y:\tc d ", "Host: a", "Host: a:80", "Host: u@a", "E:", "C: \x01", "D : e"),
        *("Content-Length: 0", "Content-Length: 5", "Content-Length: 05", "Content-Length: +5"),
        *("Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Connection: close"),
        *("Transfer-Encoding: Chunked", "Content-Length: 5, 5", "F: \xe9", "G: \x00", ": h"),
        *("Set-Cookie: a=b; c", "no colon", "I: j: k", "(: l"),
    ]
)
STARTS = {
    "response": st.sampled_from(
        ["HTTP/1.1 200 OK"] * 6
        + ["HTTP/1.0 404", "HTTP/1.1 204 ", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 103 x"]
    ),
    "request": st.sampled_from(
        ["GET / HTTP/1.1"] * 6
        + ["POST /a?b=c HTTP/1.1", "HEAD * HTTP/1.1", "OPTIONS * HTTP/1.1", "GET / HTTP/1.0"]
        + ["GET /#a HTTP/1.1", "G@T / HTTP/1.1", "GET http://a/ HTTP/1.1", "CONNECT a:1 HTTP/1.1"]
    ),
}


@st.composite
def heads(draw: st.DrawFn, kind: str) -> bytes:
    """A head, right or wrong in at most a few places, and not always whole."""
    lines = [draw(STARTS[kind]), *draw(st.lists(FIELD_LINES, max_size=5)), ""]
    text = "".join(line + draw(LINE_ENDS) for line in lines)
    return text.encode("latin-1")


@st.composite
def chunked_streams(draw: st.DrawFn) -> bytes:
    """A chunked body, right or wrong in at most a few places, and not always whole."""
    line_ends = st.sampled_from(["\r\n"] * 20 + ["\n", "\r\n\r\n", ""])
    extensions = st.sampled_from([""] * 6 + [";a", ";a=b", ' ; a="b"', ";\x00", " "])
    pieces = []
    for size in draw(st.lists(st.integers(1, 20), max_size=4)):
        stated = draw(
            st.sampled_from([f"{size:x}"] * 6 + [f"{size:X}", f"0{size:x}", f"-{size:x}"])
        )
        pieces += [stated, draw(extensions), draw(line_ends), "d" * size, draw(line_ends)]
    trailers = draw(st.sampled_from(["", "", "A: b\r\n", "A: b\n", "A: b\r\n c\r\n", "A\r\n"]))
    return "".join([*pieces, "0", draw(line_ends), trailers, draw(line_ends)]).encode("latin-1")


GENERATED = {
    "response": heads("response"),
    "request": heads("request"),
    "chunked": chunked_streams(),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("kind", CORPORA)
def test_every_disagreement_about_generated_bytes_is_listed(kind: str, peer: str) -> None:
    """SEC-10: the same examples in each run, so that a change of ours is what makes it fail."""
    imported(peer)

    @settings(max_examples=15, derandomize=True, database=None, deadline=None)
    @given(GENERATED[kind])
    def compare(data: bytes) -> None:
        explanations(peer, kind, data)

    compare()
