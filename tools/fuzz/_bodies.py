"""Fuzz targets for bodies: chunks and content codings, however they are cut."""

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wherry_codec import (
    ChunkDecoder,
    ChunkExtensions,
    ContentEncodingError,
    RemoteProtocolError,
    coding,
)

from ._inputs import Cuts, corpus, cuts, damaged, pieces

_BODY = b"".join(b"%d apples and %d pears; " % (n, n * n) for n in range(40))


def chunked_streams() -> SearchStrategy[tuple[bytes, Cuts, bool]]:
    """Chunked bodies, cuts, and whether to be strict."""
    return st.tuples(damaged(corpus("chunked_streams")), cuts(), st.booleans())


def check_chunks(given: tuple[bytes, Cuts, bool]) -> None:
    """Every cut gives the same body, chunk ends, extensions, trailers, rest and error."""
    data, sizes, strict = given
    whole = _decode_chunks([data], strict=strict)
    assert _decode_chunks(pieces(data, sizes), strict=strict) == whole
    assert _decode_chunks(pieces(data, [1]), strict=strict) == whole
    body, _, extensions, _, _, error = whole
    if strict and error is None:
        # What the grammar lets pass can be taken apart; in wrong hands it just must not raise.
        assert all(one.parse() for one in extensions)
    for one in extensions:
        one.parse()
    if strict and error is None:
        assert _decode_chunks([data], strict=False) == whole
    assert len(body) <= len(data)


def _decode_chunks(
    parts: list[bytes], *, strict: bool
) -> tuple[bytes, list[int], list[ChunkExtensions], list[tuple[str, str]], bytes, str | None]:
    decoder = ChunkDecoder(strict=strict, keeps_extensions=True)
    out, error, rest = list[bytes](), None, b""
    for index, part in enumerate(parts):
        try:
            end = decoder.feed(part, 0, out)
        except RemoteProtocolError as exc:
            error = type(exc).__name__
            break
        if decoder.is_done:
            rest = part[end:] + b"".join(parts[index + 1 :])
            break
    trailers = list(decoder.trailers.items())
    return b"".join(out), decoder.chunk_ends, decoder.extensions, trailers, rest, error


def _brotli(body: bytes) -> bytes:
    compressed: bytes = import_module("brotli").compress(body)
    return compressed


def _zstd(body: bytes) -> bytes:
    name = "compression.zstd" if find_spec("compression") else "backports.zstd"
    compressed: bytes = import_module(name).compress(body)
    return compressed


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": _brotli,
    "zstd": _zstd,
}

CODINGS = [name for name in _ENCODERS if name in coding.ACCEPT_ENCODING.split(", ")]
"""The codings whose libraries are installed."""


def coded_bodies(name: str) -> SearchStrategy[tuple[str, bytes, Cuts, int]]:
    """Coded bodies, some of several streams or with a large expansion; cuts; an output limit."""
    encode = _ENCODERS[name]
    examples = [encode(_BODY), encode(b""), encode(bytes(100_000)), encode(b"a") + encode(b"b")]
    if name == "deflate":
        examples.append(encode(_BODY)[2:-4])
    limits = st.sampled_from([1, 7, 1000, 65_536])
    return st.tuples(st.just(name), damaged(examples, most=2), cuts(), limits)


def check_coding(given: tuple[str, bytes, Cuts, int]) -> None:
    """Every cut gives the same body, or an error for all; no step gives more than it may."""
    name, data, sizes, limit = given
    body, is_whole = _decode(name, [data], 262_144)
    # A byte at a time takes long where there is much to give.
    limit = max(limit, len(body) // 1000)
    other_body, other_is_whole = _decode(name, pieces(data, sizes), limit)
    assert is_whole == other_is_whole
    if is_whole:
        assert body == other_body


def _decode(name: str, parts: list[bytes], limit: int) -> tuple[bytes, bool]:
    decoder = coding.make_decoder(name)
    assert decoder is not None
    body = bytearray()
    try:
        for part in parts:
            body += _step(decoder, part, limit)
            while decoder.has_pending:
                body += _step(decoder, b"", limit)
        decoder.finish()
    except ContentEncodingError:
        return bytes(body), False
    return bytes(body), True


def _step(decoder: coding.ContentDecoder, data: bytes, limit: int) -> bytes:
    piece = decoder.decode(data, limit)
    assert len(piece) <= limit
    return piece
