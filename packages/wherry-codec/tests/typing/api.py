"""What type checkers make of the public API. Checked by mypy, never run."""

from collections.abc import Iterator, Mapping
from typing import Literal, assert_type

from multidict import CIMultiDictProxy

import wherry_codec as codec
from wherry_codec import coding, fields, testing


def heads(data: bytes) -> None:
    assert_type(
        codec.match_response_head(data, codec.DEFAULT_LIMITS),
        tuple[codec.ResponseHead, int] | None,
    )
    reader = codec.ResponseHeadReader(codec.Limits(max_headers=10), strict=True)
    head = reader.feed(data)
    assert_type(head, codec.ResponseHead | None)
    assert_type(reader.surplus, bytes)
    if head is not None:
        assert_type(head.status, int)
        assert_type(head.content_length, int | None)
        assert_type(head.headers, CIMultiDictProxy[str])
        assert_type(head.raw_headers, tuple[tuple[bytes, bytes], ...])
        assert_type(codec.message_body_length("GET", head), int)


def bodies(data: bytes) -> None:
    out: list[bytes] = []
    assert_type(codec.ChunkDecoder().feed(data, 0, out), int)
    assert_type(codec.ChunkDecoder().trailers, CIMultiDictProxy[str])
    assert_type(codec.encode_chunk(data), bytes)
    kept = codec.ChunkDecoder(keeps_extensions=True).extensions
    assert_type(kept, list[codec.ChunkExtensions])
    assert_type(kept[0].parse(), tuple[tuple[str, str | None], ...])
    assert_type(codec.make_transfer_decoder(b"gzip, chunked"), coding.ContentDecoder | None)
    decoder = coding.make_decoder("gzip")
    assert_type(decoder, coding.ContentDecoder | None)
    if decoder is not None:
        assert_type(decoder.decode(data, max_output=10), bytes)
    assert_type(coding.make_encoder("deflate").finish(), bytes)


def facade(data: bytes) -> None:
    client = codec.ClientConnection(strict=True)
    client.receive_data(data)
    assert_type(client.next_event(), codec.Event | None)
    assert_type(client.events(), Iterator[codec.Event])
    assert_type(client.send(codec.Request("GET", "/", [("Host", "a")])), bytes)
    assert_type(client.client_state, codec.State)
    match client.next_event():
        case codec.Response(status=status, headers=headers):
            assert_type(status, int)
            assert_type(headers, CIMultiDictProxy[str])
        case codec.Data(data=piece, extensions=extensions):
            assert_type(piece, bytes)
            assert_type(extensions, tuple[codec.ChunkExtensions, ...])


def values(text: str) -> None:
    assert_type(fields.split_list(text), list[str])
    assert_type(fields.parse_media_type(text).essence, str)
    assert_type(fields.connection_options([text]), frozenset[str])
    assert_type(fields.parse_challenges([text]), list[fields.Challenge])
    assert_type(fields.parse_challenges(text)[0].parameters, Mapping[str, str])
    assert_type(fields.parse_links(text)[0].get("rel"), str | None)
    assert_type(fields.parse_etag(text), fields.ETag | None)
    assert_type(fields.parse_etag_list([text]), list[fields.ETag] | Literal["*"])
    assert_type(fields.parse_content_range(text), fields.ContentRange | None)
    assert_type(fields.parse_keep_alive(text).timeout, int | None)
    assert_type(fields.parse_retry_after(text, now=0.0), float | None)
    assert_type(fields.parse_http_date(text, now=0.0), int | None)


def server(request: codec.Request, body: bytes) -> testing.ResponsePlan:
    return testing.ResponsePlan(body=[body])


def slow_server(request: codec.Request, body: bytes) -> testing.ResponsePlan | testing.Later:
    return testing.ResponsePlan(body=[body, None]) if body else testing.Later()


assert_type(testing.serve_bytes(server), testing.ByteServer)
assert_type(testing.serve_bytes(slow_server).resume(), Iterator[bytes])
