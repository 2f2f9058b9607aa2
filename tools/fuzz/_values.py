"""Fuzz targets for values, one per parser: nothing a peer sends raises."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from multidict import CIMultiDict

from wherry_codec import (
    ChunkExtensions,
    LocalProtocolError,
    RequestHeadReader,
    check_host,
    fields,
    write_request_head,
)

from ._inputs import damaged

_EXAMPLES = [
    b"",
    b"a, b;c=d",
    b'Digest realm="a, b", nonce=c=, qop="auth", Basic realm=d, Negotiate abc==',
    b"</a?b,c>; rel=\"next prev\"; title*=UTF-8''%e2%82%ac, <b>",
    b"bytes 0-499/1234",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
    b'W/"a,b", "c\\", *',
    b"timeout=5, max=100",
    b'text/html; charset="utf-8"',
    b"120",
    b'; a; b = c;d="e;f\\""',
    b"example.com:80",
    b"[::ffff:127.0.0.1]:443",
]


def _round_trip_quotes(value: str) -> None:
    assert fields.unquote_string(fields.quote_string(value)) == value


def _check_lists(value: str) -> None:
    elements = fields.split_list(value)
    assert fields.split_list(", ".join(elements)) == elements or '"' in value


def _check_media_type(value: str) -> None:
    found = fields.parse_media_type(value)
    assert fields.parse_media_type(str(found)) == found


def _check_links(value: str) -> None:
    for link in fields.parse_links(value):
        assert link.relations == tuple((link.get("rel") or "").lower().split())
        assert "<" not in link.target


def _check_content_range(value: str) -> None:
    found = fields.parse_content_range(value)
    if found is not None and found.first is not None:
        assert found.size > 0
        assert found.complete_length is None or found.size <= found.complete_length


def _check_etags(value: str) -> None:
    found = fields.parse_etag_list(value)
    if found != "*":
        written = ", ".join(map(fields.format_etag, found))
        assert fields.parse_etag_list(written) == found


def _check_dates(value: str) -> None:
    moment = fields.parse_http_date(value, now=1e9)
    if moment is not None:
        text = fields.format_http_date(moment)
        assert fields.parse_http_date(text, now=1e9) == moment
    wait = fields.parse_retry_after(value, now=1e9)
    assert wait is None or wait >= 0


def _check_challenges(value: str) -> None:
    for challenge in fields.parse_challenges(value):
        assert fields.is_token(challenge.scheme)
        assert not (challenge.token68 and challenge.parameters)


def _check_chunk_extensions(value: str) -> None:
    raw = value.encode("utf-8", "surrogateescape")
    assert all(fields.is_token(name) for name, _ in ChunkExtensions(0, raw).parse())


def _check_hosts(value: str) -> None:
    """Our own server role takes every Host that may be sent."""
    try:
        check_host(CIMultiDict(Host=value))
    except LocalProtocolError:
        return
    assert RequestHeadReader().feed(write_request_head("GET", "/", [("Host", value)])) is not None


VALUES: dict[str, Callable[[str], object]] = {
    "challenges": _check_challenges,
    "chunk-extensions": _check_chunk_extensions,
    "connection-options": lambda value: fields.connection_options([value]),
    "content-range": _check_content_range,
    "dates": _check_dates,
    "etags": _check_etags,
    "ext-value": fields.decode_ext_value,
    "hosts": _check_hosts,
    "keep-alive": fields.parse_keep_alive,
    "links": _check_links,
    "lists": _check_lists,
    "media-type": _check_media_type,
    "parameters": fields.parse_parameters,
    "quotes": _round_trip_quotes,
}
"""What is checked of each, by the name of its target."""


def texts(name: str) -> SearchStrategy[str]:
    """Values, damaged; without control characters where those are refused by promise."""
    if name == "quotes":
        return st.text(st.characters(exclude_categories=["Cc"]))
    return damaged(_EXAMPLES).map(lambda data: data.decode("utf-8", "surrogateescape")) | st.text()
