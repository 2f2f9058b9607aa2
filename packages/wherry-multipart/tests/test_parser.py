"""Finding the parts in bytes."""

from collections.abc import Callable, Iterator
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry_codec import LineTooLong
from wherry_multipart import (
    End,
    InvalidPartHeader,
    MultipartParser,
    PartData,
    PartEnd,
    PartHead,
)

Parse = Callable[..., list[tuple[dict[str, str], bytes]]]

# What a body is made of, and what it may go wrong with.
FRAGMENTS = [b"--b", b"\r\n", b"\n", b"\r", b"--", b"-", b"A: b", b"A", b":", b" ", b"x", b"\x00"]
GARBAGE = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map(b"".join) | st.binary(max_size=60)
GOOD = [
    b"--b\r\n\r\nx\r\n--b--",
    b"pre\r\n--b\r\nA: b\r\nC:d \r\n\r\nx\r\n-y\r\n--\r\n--b \t\r\n\r\n\r\n--b--\r\nepilogue",
    b"--b\r\n\r\n--b\r\nA: b\r\n\r\n--b--",
    b"--b--",
    b"\r\n--bc\r\n--b\r\n\r\nx\r\n--b--",
]


def events(body: bytes, cuts: list[int]) -> Iterator[object]:
    """The events of `body` cut at `cuts`, with neighbouring data joined, and the error if any."""
    parser = MultipartParser("b", max_field_size=20, max_headers=3)
    data = b""
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    for piece in [*pieces, None]:
        if piece is None:
            parser.feed_eof()
        else:
            parser.feed(piece)
        try:
            while (event := parser.next_event()) is not None:
                if isinstance(event, PartData):
                    data += event.data
                    continue
                if data:
                    yield data
                    data = b""
                yield event if not isinstance(event, PartHead) else list(event.headers.items())
                if isinstance(event, End):
                    return
        except ValueError as exc:
            yield data
            yield type(exc), str(exc)
            return


@given(
    body=GARBAGE | st.sampled_from(GOOD), cuts=st.lists(st.integers(0, 60), max_size=8).map(sorted)
)
@example(body=GOOD[1], cuts=list(range(60)))
def test_any_split_gives_the_same_events(body: bytes, cuts: list[int]) -> None:
    """S-317: and the same error, however the input is cut; boundaries may be cut at any byte."""
    cuts = [cut for cut in cuts if cut <= len(body)]

    assert list(events(body, cuts)) == list(events(body, []))


@given(body=GARBAGE | st.sampled_from(GOOD), cut=st.integers(0, 60))
def test_garbage_ends_or_is_a_value_error_with_a_text(body: bytes, cut: int) -> None:
    """Nothing hangs, and no other error comes out."""
    last = list(events(body[:cut], []))[-1]

    assert isinstance(last, End) or (isinstance(last, tuple) and len(last[1]) > 10)


@given(body=GARBAGE, tail=st.binary(max_size=40))
def test_data_is_taken_byte_for_byte(parse: Parse, body: bytes, tail: bytes) -> None:
    """RFC 2046 §5.1.1: everything up to the delimiter belongs to the part."""
    if b"--b" in body + b"-":
        body = body.replace(b"--b", b"")
    if b"--b" in body:
        return

    assert parse(b"--b\r\n\r\n" + body + b"\r\n--b--" + tail) == [({}, body)]


@pytest.mark.parametrize("size", [1, 2, 3, 65536])
def test_parts_with_headers_preamble_and_epilogue(parse: Parse, size: int) -> None:
    """S-317: text around is skipped, blanks behind a boundary do not count."""
    assert parse(GOOD[1], size=size) == [({"A": "b", "C": "d"}, b"x\r\n-y\r\n--"), ({}, b"")]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"--b\r\n\r\n\r\n--b--", [({}, b"")]),
        (b"--b\r\nA: b\r\n\r\n--b--", [({"A": "b"}, b"")]),
        (b"--b\r\n\r\n--b--", [({}, b"")]),
        (b"--b--", []),
        (b"preamble\n--b--", []),
        (b"--b\nA: b\n\nx\r\n--b--", [({"A": "b"}, b"x")]),
        (b"--b\r\n\r\nx\n--b\r\n--b--", [({}, b"x\n--b")]),
        (b"--b\r\n\r\nx\r\n--b--junk", [({}, b"x")]),
        (b"not --b\r\n--bc\r\n--b\r\n\r\nx\r\n--b--", [({}, b"x")]),
        (b"--b\r\nA: \xc3\xa9\r\n\r\nx\r\n--b--", [({"A": "é"}, b"x")]),
        (b"--b\r\nA:\r\n\r\nx\r\n--b--", [({"A": ""}, b"x")]),
    ],
)
def test_edges_of_the_grammar(
    parse: Parse, body: bytes, parts: list[tuple[dict[str, str], bytes]]
) -> None:
    """RFC 2046 §5.1.1: parts without headers, without data, without either."""
    assert parse(body) == parts


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no line b'--b'"),
        (b"text\r\nmore", "no line"),
        (b"--", "no line"),
        (b"--b", "no line"),
        (b"--bc\r\n", "no line"),
        (b"--b\r\n", "inside the headers"),
        (b"--b\r\nA: b\r\n", "inside the headers"),
        (b"--b\r\n\r\nx", "inside a part"),
        (b"--b\r\n\r\nx\r\n--", "inside a part"),
        (b"--b\r\n\r\nx\r\n--b", "inside a boundary line"),
        (b"--b\r\n\r\nx\r\n--b-", "inside a boundary line"),
        (b"--b\r\n\r\nx\r\n--bc\r\n", "goes on after the boundary: b'--bc'"),
        (b"--b\r\n\r\nx\r\n--b" + b" " * 300, "goes on after"),
    ],
)
def test_malformed_body_is_refused(parse: Parse, body: bytes, message: str) -> None:
    """S-317: the error says where it ended or went wrong."""
    with pytest.raises(ValueError, match=message):
        parse(body)


@pytest.mark.parametrize(
    "line", [b"A", b": b", b"A : b", b" A: b", b"A: b\x00c", b"A: b\rc", b"\xe9: b", b"A\x00: b"]
)
def test_malformed_header_line_is_refused(parse: Parse, line: bytes) -> None:
    """S-318, SEC-10: the same rules as for a message head, without folding."""
    with pytest.raises(InvalidPartHeader, match="name: value"):
        parse(b"--b\r\n" + line + b"\r\n\r\nx\r\n--b--")


def test_long_peer_bytes_are_cut_in_the_message(parse: Parse) -> None:
    """An error text is no flood."""
    with pytest.raises(InvalidPartHeader) as caught:
        parse(b"--b\r\n" + b"x" * 5000 + b"\r\n\r\n")

    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("size", [1, 65536])
def test_header_line_may_have_the_limit_exactly(end: bytes, size: int) -> None:
    """S-318, SEC-11: inclusive, byte by byte, whatever ends the line."""
    line = b"A: " + b"x" * 17
    good = b"--b\r\n" + line + end + end + b"\r\n--b--"
    bad = good.replace(line, line + b"x")

    assert [("A", "x" * 17)] in list(events(good, list(range(0, len(good), size))))
    assert list(events(bad, list(range(0, len(bad), size))))[-1] == (
        LineTooLong,
        "header line of a part is longer than allowed: limit 20, got at least 21",
    )


def test_number_of_headers_is_limited() -> None:
    """S-318: as many as the limit, and no more."""
    good = b"--b\r\n" + b"A: b\r\n" * 3 + b"\r\n\r\n--b--"
    bad = b"--b\r\n" + b"A: b\r\n" * 4

    assert [("A", "b")] * 3 in list(events(good, []))
    assert list(events(bad, []))[-1] == (
        LineTooLong,
        "list of headers of a part is longer than allowed: limit 3, got at least 4",
    )


def test_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    """SEC-11: the limit holds while the line arrives."""
    parser = MultipartParser("b")
    parser.feed(b"--b\r\n")
    for _ in range(81):
        parser.feed(b"x" * 100)
        assert parser.next_event() is None
    parser.feed(b"x" * 100)

    with pytest.raises(LineTooLong):
        parser.next_event()


def test_error_is_raised_again() -> None:
    """After an error there is nothing but that error."""
    parser = MultipartParser("b")
    parser.feed(b"--b\r\nbad\r\n")
    for _ in range(2):
        with pytest.raises(InvalidPartHeader):
            parser.next_event()
    parser.feed(b"--b--")
    with pytest.raises(InvalidPartHeader):
        parser.next_event()


def test_end_comes_for_ever() -> None:
    """And the epilogue is not kept."""
    parser = MultipartParser("b")
    parser.feed(b"--b--")
    for _ in range(3):
        assert parser.next_event() == End()
        parser.feed(b"x" * 1000)


def test_data_is_given_out_before_the_part_is_complete() -> None:
    """A part is not kept in memory; only what may be a delimiter is held back."""
    parser = MultipartParser("b")
    parser.feed(b"--b\r\n\r\nabc\r\n-")
    parser.next_event()

    assert parser.next_event() == PartData(b"abc")
    assert parser.next_event() is None
    parser.feed(b"x")
    assert parser.next_event() == PartData(b"\r\n-x")


def test_parser_may_start_inside_a_part() -> None:
    """For a head that others have read."""
    parser = MultipartParser("b", inside_part=True)
    parser.feed(b"abc\r\n--b--")

    assert [parser.next_event() for _ in range(3)] == [PartData(b"abc"), PartEnd(), End()]


@pytest.mark.parametrize(
    "unit",
    [b"\r", b"\n", b"\r\n", b"\r\n-", b"\r\n--", b"--b", b"\r\n--\r", b"x", b"--b--x"[:5] + b"\r"],
)
def test_hostile_body_takes_linear_time(unit: bytes) -> None:
    """SEC-12, SEC-51: many pieces of 7 bytes, in the preamble and in a part."""
    for start in (b"", b"--b\r\n\r\n"):
        parser = MultipartParser("b")
        parser.feed(start)
        for _ in range(20_000):
            parser.feed((unit * 7)[:7])
            try:
                while parser.next_event() not in (None, End()):
                    pass
            except ValueError:
                break


@given(
    parts=st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["X-A", "X-B", "Content-Id"]),
                st.text("abc ;=", max_size=10).map(str.strip),
                max_size=3,
            ),
            st.binary(max_size=30),
        ),
        max_size=4,
    )
)
def test_the_email_parser_sees_the_same_parts(
    parse: Parse, parts: list[tuple[dict[str, str], bytes]]
) -> None:
    """Another implementation agrees on bodies it has no reason to read differently."""
    plain = [
        (headers, data.replace(b"\r", b"").replace(b"\n", b"").hex().encode())
        for headers, data in parts
    ]
    body = b"".join(
        b"--bound\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        + b"\r\n"
        + data
        + b"\r\n"
        for headers, data in plain
    )
    body += b"--bound--\r\n"

    assert parse(body, "bound") == plain
    if plain:
        message = BytesParser().parsebytes(
            b"Content-Type: multipart/mixed; boundary=bound\r\n\r\n" + body
        )
        payload = message.get_payload()
        assert isinstance(payload, list)
        for (headers, data), seen in zip(plain, payload, strict=True):
            assert seen.get_payload().encode() == data
            assert {name: value.strip() for name, value in seen.items()} == headers


def test_data_that_is_all_of_an_input_is_not_copied() -> None:
    """A large part passes through as it came."""
    parser = MultipartParser("b", inside_part=True)
    data = bytes(100_000)
    parser.feed(data)

    event = parser.next_event()

    assert isinstance(event, PartData)
    assert event.data is data


def test_input_may_be_changed_after_it_was_fed() -> None:
    """Buffers that are used again are copied."""
    parser = MultipartParser("b", inside_part=True)
    buffer = bytearray(b"abc")
    parser.feed(buffer)
    buffer[:] = b"xyz"

    assert parser.next_event() == PartData(b"abc")


@pytest.mark.parametrize("boundary", ["a\rb", "\n"])
def test_boundary_has_no_line_breaks(boundary: str) -> None:
    """RFC 2046 §5.1.1."""
    with pytest.raises(ValueError, match="line breaks"):
        MultipartParser(boundary)
