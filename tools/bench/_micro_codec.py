"""Micro cases of the codec: response heads and chunked bodies, against aiohttp's parser and h11.

aiohttp's is its C extension if that is there. Both are called as their users would, and nothing
else of them is known here.
"""

import asyncio
import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wherry_codec import DEFAULT_LIMITS, ChunkDecoder, ResponseHead, match_response_head
from wherry_codec.testing import cut

from ._answers import answers
from ._micro import Case, MicroContestant, Work

_HEADS = 200
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_READ = 65536
"""Bytes that come from the network at a time."""


def codec_cases(loop: asyncio.AbstractEventLoop, peers: Sequence[str]) -> list[Case]:
    """The cases with those of `aiohttp` and `h11` that are in `peers`.

    `loop` is for aiohttp, which wants one although it does not use it here.
    """
    return [
        _head_case(loop, peers),
        _chunk_case("16-byte chunks", 16, 4096, loop, peers),
        _chunk_case("64 KiB chunks", 65536, 16, loop, peers),
    ]


def _head_case(loop: asyncio.AbstractEventLoop, peers: Sequence[str]) -> Case:
    heads = [found[: found.index(b"\r\n\r\n") + 4] for found in answers(_HEADS)]
    contestants = [
        MicroContestant("wherry", lambda: lambda: _match_all(heads), _fields_of_wherry),
        MicroContestant(
            "wherry, fields read", lambda: lambda: _match_and_read(heads), _fields_of_wherry
        ),
    ]
    if "aiohttp" in peers:
        contestants.insert(
            0, MicroContestant("aiohttp", lambda: _aiohttp_heads(loop, heads), _fields_of_aiohttp)
        )
    if "h11" in peers:
        contestants.append(MicroContestant("h11", lambda: _h11_heads(heads), _fields_of_h11))
    return Case("response head, 8 varying fields", "head", _HEADS, contestants)


def _match_all(heads: Iterable[bytes]) -> list[ResponseHead]:
    found = [match_response_head(head, DEFAULT_LIMITS) for head in heads]
    return [pair[0] for pair in found if pair is not None]


def _match_and_read(heads: Iterable[bytes]) -> list[ResponseHead]:
    found = _match_all(heads)
    for head in found:
        head.headers.get("ETag")
    return found


def _aiohttp_heads(loop: asyncio.AbstractEventLoop, heads: Sequence[bytes]) -> Work:
    parser = _aiohttp_parser(loop, response_with_body=False)
    return lambda: [parser.feed_data(head)[0][0][0] for head in heads]


def _aiohttp_parser(loop: asyncio.AbstractEventLoop, **options: object) -> Any:  # untyped extension
    protocol = importlib.import_module("aiohttp.base_protocol").BaseProtocol(loop)
    parser = importlib.import_module("aiohttp.http_parser").HttpResponseParser
    return parser(protocol, loop, 1 << 30, **options)


def _h11_heads(heads: Sequence[bytes]) -> Work:
    connections = [_h11_after_request("HEAD") for _ in heads]

    def work() -> list[Any]:
        found = []
        for connection, head in zip(connections, heads, strict=True):
            connection.receive_data(head)
            found.append(connection.next_event())
        return found

    return work


def _h11_after_request(method: str) -> Any:  # typed, but not where it is not installed
    h11 = importlib.import_module("h11")
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    return connection


def _fields_of_wherry(heads: Any) -> object:
    return [_lower(head.status, head.raw_headers) for head in heads]


def _fields_of_aiohttp(messages: Any) -> object:
    return [_lower(message.code, message.raw_headers) for message in messages]


def _fields_of_h11(events: Any) -> object:
    return [_lower(event.status_code, event.headers) for event in events]


def _lower(status: int, pairs: Iterable[tuple[bytes, bytes]]) -> object:
    return status, [(bytes(name).lower(), bytes(value)) for name, value in pairs]


def _chunk_case(
    name: str, size: int, count: int, loop: asyncio.AbstractEventLoop, peers: Sequence[str]
) -> Case:
    chunk = b"%x\r\n%b\r\n" % (size, bytes(range(256)) * (size // 256) or bytes(range(size)))
    pieces = cut(chunk * count + b"0\r\n\r\n", _READ)
    makers: dict[str, Callable[[], Work]] = {
        "aiohttp": lambda: _aiohttp_chunks(loop, pieces),
        "wherry": lambda: lambda: _wherry_chunks(pieces),
        "h11": lambda: _h11_chunks(pieces),
    }
    contestants = [
        MicroContestant(title, maker, lambda body: body)
        for title, maker in makers.items()
        if title == "wherry" or title in peers
    ]
    return Case(f"{name}, {size * count // 1024} KiB", "body", 1, contestants)


def _wherry_chunks(pieces: Iterable[bytes]) -> bytes:
    decoder, out = ChunkDecoder(), list[bytes]()
    for piece in pieces:
        decoder.feed(piece, 0, out)
    return b"".join(out)


def _aiohttp_chunks(loop: asyncio.AbstractEventLoop, pieces: Sequence[bytes]) -> Work:
    parser = _aiohttp_parser(loop)
    ((_, stream),), _, _ = parser.feed_data(_CHUNKED_HEAD)

    def work() -> bytes:
        for piece in pieces:
            parser.feed_data(piece)
        body: bytes = stream.read_nowait(-1)
        return body

    return work


def _h11_chunks(pieces: Sequence[bytes]) -> Work:
    h11 = importlib.import_module("h11")
    connection = _h11_after_request("GET")
    connection.receive_data(_CHUNKED_HEAD)
    connection.next_event()

    def work() -> bytes:
        found = []
        for piece in pieces:
            connection.receive_data(piece)
            while isinstance(event := connection.next_event(), h11.Data):
                found.append(bytes(event.data))
        return b"".join(found)

    return work
