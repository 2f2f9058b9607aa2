"""Fuzz targets for heads: whole and in pieces, on the fast path and the slow one."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wherry_codec import (
    DEFAULT_LIMITS,
    Limits,
    MessageHead,
    RemoteProtocolError,
    RequestHeadReader,
    ResponseHeadReader,
    match_response_head,
)

from ._inputs import Cuts, corpus, cuts, damaged, pieces

_FACTS = (
    *("raw", "minor", "major", "content_length", "transfer_encoding", "is_chunked", "connection"),
    *("content_encoding", "keep_alive", "upgrade", "has_set_cookie", "raw_headers", "keeps_alive"),
)
_OWN_FACTS = ("status", "raw_reason", "method", "target", "target_form", "expects_continue")

_LIMITS = st.sampled_from(
    [
        DEFAULT_LIMITS,
        Limits(max_line_size=20),
        Limits(max_field_size=12),
        Limits(max_headers=2),
        Limits(max_head_size=60),
    ]
)


def response_heads() -> SearchStrategy[tuple[bytes, Cuts, Limits, bool]]:
    """Heads, cuts, limits, and whether to be strict."""
    return st.tuples(damaged(corpus("response_heads")), cuts(), _LIMITS, st.booleans())


def check_response_head(given: tuple[bytes, Cuts, Limits, bool]) -> None:
    """Every cut gives the same; the fast path gives what the slow one does, or nothing."""
    data, sizes, limits, strict = given
    whole = _outcome(ResponseHeadReader(limits, strict=strict), [data])
    assert _outcome(ResponseHeadReader(limits, strict=strict), pieces(data, sizes)) == whole
    assert _outcome(ResponseHeadReader(limits, strict=strict), pieces(data, [1])) == whole
    lenient = _outcome(ResponseHeadReader(limits), [data])
    if strict:
        assert whole == lenient or not isinstance(whole, tuple)
    fast = match_response_head(data, limits)
    if fast is not None:
        assert (*_facts(fast[0]), data[fast[1] :]) == lenient


def request_heads() -> SearchStrategy[tuple[bytes, Cuts, Limits]]:
    """Heads, cuts, limits."""
    return st.tuples(damaged(corpus("request_heads")), cuts(), _LIMITS)


def check_request_head(given: tuple[bytes, Cuts, Limits]) -> None:
    """Every cut gives the same."""
    data, sizes, limits = given
    whole = _outcome(RequestHeadReader(limits), [data])
    assert _outcome(RequestHeadReader(limits), pieces(data, sizes)) == whole
    assert _outcome(RequestHeadReader(limits), pieces(data, [1])) == whole


def _outcome(reader: ResponseHeadReader | RequestHeadReader, parts: list[bytes]) -> object:
    """All that can be told from outside, the name of the error, or None for an unfinished head."""
    for index, part in enumerate(parts):
        try:
            head = reader.feed(part)
        except RemoteProtocolError as exc:
            return type(exc).__name__
        if head is not None:
            return (*_facts(head), reader.surplus + b"".join(parts[index + 1 :]))
    return None


def _facts(head: MessageHead) -> tuple[Any, ...]:
    own = [getattr(head, name, None) for name in _OWN_FACTS]
    # The multidict is made from the raw pairs; that it can be made is part of the promise.
    return (*(getattr(head, name) for name in _FACTS), *own, list(head.headers.items()))
