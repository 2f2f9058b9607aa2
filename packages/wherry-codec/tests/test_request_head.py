"""Request heads, strictly read, against the corpus and for every split."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import (
    BadRequestLine,
    Limits,
    LineTooLong,
    RemoteProtocolError,
    RequestHead,
    RequestHeadReader,
    write_request_head,
)
from wherry_codec.testing import every_split

CORPUS = Path(__file__).parent / "corpus" / "request_heads.toml"
CASES = tomllib.loads(CORPUS.read_text("utf-8"))["case"]


def read(pieces: list[bytes]) -> tuple[RequestHead | None, bytes]:
    reader = RequestHeadReader()
    for index, piece in enumerate(pieces):
        head = reader.feed(piece)
        if head is not None:
            return head, reader.surplus + b"".join(pieces[index + 1 :])
    return None, b""


def outcome(pieces: list[bytes]) -> Any:
    try:
        head, surplus = read(pieces)
    except RemoteProtocolError as exc:
        return type(exc).__name__
    if head is None:
        return None
    return {
        "method": head.method,
        "target": head.target,
        "form": head.target_form,
        "length": head.body_length,
        "surplus": surplus,
        "headers": head.raw_headers,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_corpus_head_has_the_documented_outcome(case: dict[str, Any]) -> None:
    """RFC 9112 §3, SEC-3, SEC-4, SEC-7, SEC-8: accepted or refused, for every split."""
    data = case["data"].encode("latin-1")
    result = outcome([data])

    if case["result"] == "ok":
        assert result["method"] == case.get("method", result["method"])
        assert result["target"] == case.get("target", result["target"])
        assert result["form"] == case.get("form", "origin")
        assert result["length"] == case.get("length")
        assert result["surplus"] == case.get("surplus", "").encode()
    else:
        assert result == case["result"]
    for pieces in every_split(data):
        assert outcome(pieces) == result


@settings(max_examples=50)
@given(
    st.sampled_from(["GET", "POST", "PURGE", "x-1"]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")),
    st.lists(st.tuples(st.text("abcXYZ-", min_size=4), st.text("abc é\t")), max_size=5),
)
def test_what_is_written_is_read(method: str, path: str, fields: list[tuple[str, str]]) -> None:
    """Round trip with the writer of the client role."""
    fields = [("Host", "example.com:80"), *fields]
    head, surplus = read([write_request_head(method, "/" + path, fields) + b"rest"])

    assert head is not None
    assert (head.method, head.target, surplus) == (method, "/" + path, b"rest")
    assert list(head.headers.items()) == [(name, value.strip(" \t")) for name, value in fields]


@settings(max_examples=50)
@given(st.binary(max_size=60))
def test_garbage_is_refused_with_a_documented_error(garbage: bytes) -> None:
    """A head, more bytes needed, or a RemoteProtocolError."""
    result = outcome([b"GET / HTTP/1.1\r\n" + garbage])

    assert result is None or isinstance(result, dict | str)
    assert outcome([garbage]) in (None, "BadRequestLine", "InvalidHeader", "VersionNotSupported")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET\r\n", 400),
        (b"GET / HTTP/3.0\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501),
    ],
)
def test_error_carries_the_status_to_answer_with(data: bytes, code: int) -> None:
    """RFC 9110 §15.5, §15.6."""
    with pytest.raises(RemoteProtocolError) as caught:
        read([data])
    assert caught.value.code == code


def test_limits_hold() -> None:
    """SEC-11: the same limits as for responses."""
    with pytest.raises(LineTooLong, match="the start line"):
        RequestHeadReader(Limits(max_line_size=5)).feed(b"GET /a")


def test_request_line_is_judged_at_once() -> None:
    """A peer that speaks TLS to us is noticed at its first line."""
    with pytest.raises(BadRequestLine):
        RequestHeadReader().feed(b"\x16\x03\x01\x02\n"[:-1] + b"\r\n")


@pytest.mark.parametrize(
    ("minor", "value", "expected"),
    [
        (1, "100-continue", True),
        (1, "100-Continue", True),
        (1, "x", False),
        (0, "100-continue", False),
    ],
)
def test_expectation_is_recognised(minor: int, value: str, expected: bool) -> None:
    """RFC 9110 §10.1.1: in any case, but not in HTTP/1.0."""
    head, _ = read([write_request_head("PUT", "/", [("Host", "a"), ("Expect", value)], minor)])

    assert head is not None
    assert head.expects_continue is expected


def test_repr_shows_the_request_line() -> None:
    """For logs."""
    head, _ = read([b"GET /a HTTP/1.0\r\n\r\n"])

    assert repr(head) == "<RequestHead GET '/a' HTTP/1.0>"
