"""Fuzz targets for the C twins: the same results as the plain functions, hundreds at a time.

What the other targets find with care, these find with numbers: an input here is the seed of many,
which are made and compared in microseconds. A disagreement is reported with the bytes it is about.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from unittest import mock

from wherry_codec import DEFAULT_LIMITS, ChunkDecoder, Limits, RemoteProtocolError, encode_chunk
from wherry_codec import _chunked as chunked
from wherry_codec._head import scan_head_plainly
from wherry_codec._native import ScanHead, TakeChunks, find_speedups
from wherry_errors import WebSocketError
from wherry_websocket import _frames as frames
from wherry_websocket import _mask as masks
from wherry_websocket import _messages as messages
from wherry_websocket import _native as websocket_native
from wherry_websocket._deflate import Inflater

from ._inputs import corpus

PER_SEED = 250
"""Inputs that one seed makes."""

_HEAD_ATOMS = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b"\x00", b"\x7f", b"\x80", b"\xff"),
    *(b"Content-Length: 5\r\n", b"content-length:18446744073709551616\r\n", b"CONTENT-LENGTH: 0 "),
    *(b"Transfer-Encoding: chunked\r\n", b"transfer-encoding:\tchunked\t \r\n", b"Upgrade: X\r\n"),
    *(b"keep-Alive:timeout=5\r\n", b"Set-Cookie: A=B\r\n", b"A: b\r\n" * 9, b"Connection: a\r\n"),
    *(b"Content-Encoding: GZIP\r\n", b"Sec-WebSocket-Key1: a\r\n", b"999", b"0", b"HTTP/1.0 "),
)
_REAL_HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nContent-Length: 1234\r\nConnection: keep-alive\r\n"
    b'ETag: "5f-1"\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n\r\n'
)
_CHUNK_ATOMS = (
    *(b"\r\n", b"\n", b"\r", b"0\r\n\r\n", b"0", b"00000", b"5\r\nhello\r\n", b"a\r\n", b"F"),
    *(b";a=b", b" ", b"\t", b"-", b"+", b"f" * 16, b"7fffffffffffffff", b"A" * 14 + b"\r\n"),
    *(b"1\r\nx\r\n" * 5, b"5\r\nhel", b"0\r\nA: b\r\n\r\n", b"\xff", b"000000001\r\nx\r\n", b"g"),
)
_FRAME_ATOMS = (
    *(
        b"\x81\x05Hello",
        b"\x82\x03abc",
        b"\x01\x01a",
        b"\x80\x01b",
        b"\x89\x00",
        b"\x88\x02\x03\xe8",
    ),
    *(b"\x81\x7e\x00\x80" + bytes(128), b"\x82\x7e\x00\x01x", b"\x82\x7f" + bytes(7) + b"\x02xy"),
    *(b"\x81\x02\xc3\xa9", b"\x81\x02\xc3(", b"\x81\x7e", b"\x82\x7f\xff", b"\xc1\x01a", b"\xff"),
    *(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", b"\x82\xfe\x00\x80", b"\x82\x80" + bytes(4)),
    *(b"\x81\x04\xf0\x9f\x98\x80", b"\x81\x03\xed\xa0\x80", b"\x00", b"\x81\x00", b"\x82\x00"),
)
_HEADS = [*corpus("response_heads"), *[_REAL_HEAD] * 20]
_CHUNKED = [
    *corpus("chunked_streams"),
    *[encode_chunk(b"x" * size) * 3 + b"0\r\n\r\n" for size in (1, 5, 16, 300)] * 5,
]
_EDGES = (-1, 0, 1, 3, 5, 8, 17, 40, 200, 8190, 2**70)


def _damaged(source: random.Random, examples: Sequence[bytes], atoms: Sequence[bytes]) -> bytes:
    data = source.choice(examples)
    for _ in range(source.randrange(5)):
        at = source.randrange(len(data) + 1)
        # Half of the time nothing is lost, so that what follows stays whole.
        lost = source.choice((0, 0, 1, 4))
        data = data[:at] + source.choice(atoms) + data[at + lost :]
    if source.random() < 0.2:
        data = data[: source.randrange(len(data) + 1)]
    return data


def _pieces(source: random.Random, data: bytes) -> list[bytes]:
    """Most inputs whole, some in two or three pieces."""
    if source.random() < 0.6 or not data:
        return [data]
    cuts = sorted(source.randrange(len(data)) for _ in range(source.choice((1, 2))))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def _heads_agree(seed: int, native: ScanHead) -> None:
    source = random.Random(seed)
    for _ in range(PER_SEED):
        data = _damaged(source, _HEADS, _HEAD_ATOMS)
        limits = [8190, 8190, 262_144, 128]
        if source.random() < 0.3:
            limits[source.randrange(4)] = source.choice((*_EDGES, len(data), len(data) - 1))
        plain = scan_head_plainly(data, *limits)
        assert native(data, *limits) == plain, (data, limits, plain)


def _chunks_agree(seed: int, native: TakeChunks) -> None:
    source = random.Random(seed)
    given = []
    for _ in range(PER_SEED):
        data = _damaged(source, _CHUNKED, _CHUNK_ATOMS)
        limits = DEFAULT_LIMITS
        if source.random() < 0.2:
            limits = Limits(max_line_size=source.choice((0, 1, 3, 5, 6, 8, 20)))
        given.append((_pieces(source, data), limits, source.random() < 0.3))
    plain = _decoded(given, chunked.take_chunks_plainly)
    for one, mine, other in zip(given, plain, _decoded(given, native), strict=True):
        assert mine == other, (one, mine, other)


def _decoded(
    given: Sequence[tuple[list[bytes], Limits, bool]], twin: TakeChunks
) -> list[tuple[object, ...]]:
    with mock.patch.object(chunked, "take_chunks", twin):
        return [_decode(*one) for one in given]


def _decode(parts: list[bytes], limits: Limits, strict: bool) -> tuple[object, ...]:
    decoder = ChunkDecoder(limits, strict=strict, keeps_extensions=True)
    out, ends, error = list[bytes](), list[int](), ""
    try:
        for part in parts:
            ends.append(decoder.feed(part, 0, out))
    except RemoteProtocolError as exc:
        error = repr(exc)
    trailers = list(decoder.trailers.items())
    told = (decoder.total, decoder.chunk_ends, decoder.extensions, decoder.is_done)
    return out, ends, error, trailers, *told


def _masks_agree(seed: int, native: websocket_native.Speedups) -> None:
    source = random.Random(seed)
    for _ in range(PER_SEED):
        size = source.choice((source.randrange(20), source.randrange(140), source.randrange(1100)))
        payload, key, first = source.randbytes(size), source.randbytes(4), source.randrange(256)
        assert native.apply_mask(payload, key) == masks.apply_mask_plainly(payload, key)
        key = source.choice((key, b""))
        plain = frames.write_frame_plainly(first, payload, key)
        assert native.write_frame(first, bytearray(payload), key) == plain, (first, payload, key)


def _frames_agree(seed: int, native: websocket_native.Speedups) -> None:
    source = random.Random(seed)
    twins = messages.take_small_frames_plainly, frames.read_head_plainly
    others = messages.native_take(native), frames.native_read(native)
    for _ in range(PER_SEED):
        parts = _pieces(source, _damaged(source, _FRAME_ATOMS, _FRAME_ATOMS))
        settings = (
            source.random() < 0.2,
            source.choice((0, 0, 2, 127)),
            source.random() < 0.8,
            source.random() < 0.2,
            source.choice((1, 130, 1 << 62)),
        )
        plain = _read(parts, settings, *twins)
        assert _read(parts, settings, *others) == plain, (parts, settings, plain)


def _read(
    parts: Sequence[bytes],
    settings: tuple[bool, int, bool, bool, int],
    take: messages.TakeSmallFrames,
    read: frames.ReadHead,
) -> object:
    """All that a reader tells of these bytes: messages, control frames, backlog, error."""
    masked, max_size, decode_text, deflate, room = settings
    controls: list[tuple[int, bytes]] = []
    reader = messages.MessageReader(
        lambda opcode, payload, _out: controls.append((opcode, payload)),
        masked=masked,
        inflater=Inflater(no_takeover=False, max_size=max_size) if deflate else None,
        max_size=max_size,
        decode_text=decode_text,
    )
    told: list[object] = []
    with mock.patch.multiple(messages, take_small_frames=take, read_head=read):
        try:
            for part in parts:
                out: list[messages.Message] = []
                reader.feed(part, out, room)
                told += [out, [type(one) for one in out], reader.backlog]
        except WebSocketError as exc:
            told += [out, exc.code, str(exc)]
    return told, controls


def twin_checks() -> Iterator[tuple[str, Callable[[int], object]]]:
    """What to check by name, for seeds; nothing where wherry-speedups has no C part."""
    codec, websocket = find_speedups({}), websocket_native.find_speedups({})
    if codec is not None:
        yield "twins-head", lambda seed: _heads_agree(seed, codec.scan_response_head)
        yield "twins-chunks", lambda seed: _chunks_agree(seed, codec.take_chunks)
    if websocket is not None:
        yield "twins-mask", lambda seed: _masks_agree(seed, websocket)
        yield "twins-frames", lambda seed: _frames_agree(seed, websocket)
