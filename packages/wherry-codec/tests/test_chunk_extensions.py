"""Chunk extensions: what they are taken apart into, and when they are kept."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import ChunkDecoder, ChunkExtensions
from wherry_codec._chunk_extensions import EXTENSIONS
from wherry_codec.fields import quote_string
from wherry_codec.testing import cut, every_split

TOKENS = st.text("aZ09!#$%&'*+-.^_`|~", min_size=1, max_size=5)
VALUES = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.just("\t"), max_size=8)
BLANKS = st.sampled_from(["", " ", "\t", " \t"])

Pairs = list[tuple[str, str | None]]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Pairs]:
    """Extensions as a sender may spell them, and what they mean."""
    text, pairs = "", list[tuple[str, str | None]]()
    for _ in range(draw(st.integers(1, 4))):
        name = draw(TOKENS)
        value = draw(st.none() | TOKENS | VALUES)
        text += f"{draw(BLANKS)};{draw(BLANKS)}{name}"
        if value is not None:
            is_plain = re.fullmatch(r"[aZ09!#$%&'*+\-.^_`|~]+", value) and draw(st.booleans())
            text += f"{draw(BLANKS)}={draw(BLANKS)}{value if is_plain else quote_string(value)}"
        pairs.append((name, value))
    return text, pairs


def kept(pieces: list[bytes], *, strict: bool = False) -> list[ChunkExtensions]:
    decoder = ChunkDecoder(strict=strict, keeps_extensions=True)
    for piece in pieces:
        decoder.feed(piece, 0, [])
    assert decoder.is_done
    return decoder.extensions


@settings(max_examples=50)
@given(written())
def test_what_is_written_is_read(given_: tuple[str, Pairs]) -> None:
    """RFC 9112 §7.1.1: BWS anywhere, values as tokens or quoted, all of it valid in strict mode."""
    text, pairs = given_
    raw = text.encode()

    assert re.fullmatch(EXTENSIONS, raw)
    assert ChunkExtensions(0, raw).parse() == tuple(pairs)
    assert kept([b"0" + raw + b"\r\n\r\n"], strict=True) == [ChunkExtensions(0, raw)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b";a", [("a", None)]),
        (b";a=1;b;a=2", [("a", "1"), ("b", None), ("a", "2")]),
        (b';a="x;y\\"z"', [("a", 'x;y"z')]),
        (b';a=""', [("a", "")]),
        (b";A=\xff", [("A", "\udcff")]),
        (b";", []),
        (b";;a", [("a", None)]),
        (b";a=;b", [("b", None)]),
        (b";a b;c", [("c", None)]),
        (b';a="b', []),
        (b';a="b"c;d', [("d", None)]),
        (b";=b", []),
    ],
)
def test_what_is_malformed_is_left_out(raw: bytes, expected: Pairs) -> None:
    """RFC 9112 §7.1.1; a lenient reader lets it pass, S-060."""
    assert ChunkExtensions(0, raw).parse() == tuple(expected)


@pytest.mark.parametrize("raw", [b";", b";a=", b";a b", b';a="b', b"; a =\t=", b";a=b c", b";\xe9"])
def test_malformed_extensions_do_not_fit_the_production(raw: bytes) -> None:
    """SEC-9: strict mode refuses them."""
    assert re.fullmatch(EXTENSIONS, raw) is None


@settings(max_examples=50)
@given(st.binary(max_size=40))
def test_garbage_raises_nothing(garbage: bytes) -> None:
    """Every name is a token, whatever comes."""
    for name, _ in ChunkExtensions(0, garbage).parse():
        assert re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name)


def test_extensions_are_kept_with_the_offset_of_their_chunk() -> None:
    """RFC 9112 §7.1.1: also those of the last chunk; the same for every split (S-051)."""
    data = b"2;a=1\r\nxy\r\n3\r\nxyz\r\n1 ;b\r\nx\r\n0;c\r\n\r\n"
    expected = [
        ChunkExtensions(0, b";a=1"),
        ChunkExtensions(5, b";b"),
        ChunkExtensions(6, b";c"),
    ]

    for pieces in every_split(data):
        assert kept(pieces) == expected


def test_extensions_are_skipped_unless_wanted() -> None:
    """S-060."""
    decoder = ChunkDecoder()

    decoder.feed(b"1;a\r\nx\r\n" * 3, 0, [])

    assert decoder.extensions == []
    assert decoder.total == 3


def test_a_chunk_with_extensions_is_read_after_many_without() -> None:
    """The hot loop hands over what it does not know."""
    run = b"10\r\n" + bytes(16) + b"\r\n"
    data = run * 5 + b"10;a=b\r\n" + bytes(16) + b"\r\n" + run * 5 + b"0\r\n\r\n"

    assert kept([data]) == kept(cut(data, 7)) == [ChunkExtensions(80, b";a=b")]


def test_a_dozen_times_the_limit_of_anything_is_parsed_in_linear_time() -> None:
    """SEC-51."""
    for pattern in (b";", b'"', b';a="', b"\\", b';a="\\', b"; ", b";a=b", b" ", b"="):
        raw = pattern * (10**5 // len(pattern))
        ChunkExtensions(0, raw).parse()
        re.fullmatch(EXTENSIONS, raw)
