"""Heads on the way out: what is written, and what must not be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, istr

from wherry_codec import (
    CHUNKED,
    LocalProtocolError,
    check_host,
    check_method,
    declared_body_length,
    write_fields,
    write_request_head,
    write_response_head,
)

CONTROLS = [chr(code) for code in (*range(9), *range(10, 32), 127)]


def test_request_head_is_written_as_given() -> None:
    """S-025: spelling and order are the caller's, repeated names are repeated lines."""
    fields = [("hoST", "a"), ("X", "1"), ("a", "2"), ("X", "3\t4")]

    assert write_request_head("GET", "/p?q", fields) == (
        b"GET /p?q HTTP/1.1\r\nhoST: a\r\nX: 1\r\na: 2\r\nX: 3\t4\r\n\r\n"
    )
    assert write_request_head("GET", "/", [], 0) == b"GET / HTTP/1.0\r\n\r\n"


def test_head_is_utf8() -> None:
    """S-026; bytes that came in by surrogateescape go out as they were."""
    assert write_fields([("A", "é")]) == "A: é\r\n"
    assert write_request_head("GET", "/é", [("A", "\udce9")]) == (
        b"GET /\xc3\xa9 HTTP/1.1\r\nA: \xe9\r\n\r\n"
    )


def test_subclass_of_str_is_written_as_the_text_that_was_checked() -> None:
    """SEC-1: what its methods say does not count."""

    class Sly(str):
        def __str__(self) -> str:
            return "a\r\nX-Injected: 1"

        def __format__(self, spec: str) -> str:
            return str(self)

    assert write_fields([(Sly("Name"), Sly("value"))]) == "Name: value\r\n"


@pytest.mark.parametrize("code", [0xD800, 0xDC0A, 0xDC0D])
def test_lone_surrogate_is_refused(code: int) -> None:
    """SEC-1: U+DC0A must not become a line feed."""
    with pytest.raises(LocalProtocolError, match="lone surrogate"):
        write_request_head("GET", "/", [("A", chr(code))])


@pytest.mark.parametrize("control", CONTROLS, ids=[f"{ord(c):#04x}" for c in CONTROLS])
def test_control_characters_are_refused_everywhere(control: str) -> None:
    """S-027, SEC-1: nothing can be injected through any part of a head."""
    text = f"a{control}b"
    for method, target, fields in (
        (text, "/", []),
        ("GET", text, []),
        ("GET", "/", [(text, "b")]),
        ("GET", "/", [("a", text)]),
    ):
        with pytest.raises(LocalProtocolError):
            write_request_head(method, target, fields)
    with pytest.raises(ValueError, match="control character"):
        write_response_head(200, [("A", text)])
    with pytest.raises(ValueError, match="reason phrase has"):
        write_response_head(200, [], text)


@pytest.mark.parametrize("text", ["a\r\nb", istr("a\nb"), type("S", (str,), {})("a\rb")])
def test_subclasses_of_str_are_checked_too(text: str) -> None:
    """SEC-1."""
    with pytest.raises(LocalProtocolError):
        write_fields([("A", text)])
    with pytest.raises(LocalProtocolError):
        write_fields([(text, "b")])


@pytest.mark.parametrize("field", [(b"A", "b"), ("A", b"b"), ("A", 1), (None, "b")])
def test_names_and_values_are_text(field: tuple[str, str]) -> None:
    """S-028."""
    with pytest.raises(TypeError, match="must be str"):
        write_fields([field])


@pytest.mark.parametrize("method", ["", "G T", "GET/", "GÉT", "GET\n"])
def test_method_is_a_token(method: str) -> None:
    """SEC-3, RFC 9110 §9.1."""
    with pytest.raises(LocalProtocolError, match="not a token"):
        check_method(method)


@pytest.mark.parametrize("name", ["", "A B", "A:", "(", "é"])
def test_field_name_is_a_token(name: str) -> None:
    """SEC-1, RFC 9110 §5.1."""
    with pytest.raises(LocalProtocolError, match="not a token"):
        write_fields([(name, "b")])


@pytest.mark.parametrize("target", ["", "/a b", " /", "/\t"])
def test_target_has_no_blank(target: str) -> None:
    """SEC-3."""
    with pytest.raises(LocalProtocolError, match="request target"):
        write_request_head("GET", target, [])


@pytest.mark.parametrize("target", ["http://user:secret@a/", "user:secret@a:443", "ftp://secret@a"])
def test_target_has_no_userinfo(target: str) -> None:
    """SEC-3, SEC-60: and the error does not show it."""
    with pytest.raises(LocalProtocolError, match="userinfo") as caught:
        write_request_head("GET", target, [])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("target", ["/user@a", "http://a/@b", "http://a?b@c", "*", "a:443"])
def test_other_at_signs_are_fine(target: str) -> None:
    """Userinfo is before the host only."""
    assert target.encode() in write_request_head("GET", target, [])


def test_value_of_a_refused_field_is_not_shown() -> None:
    """SEC-60: it may be a secret."""
    with pytest.raises(LocalProtocolError) as caught:
        write_fields([("Authorization", "secret\n")])

    assert "Authorization" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_response_head_has_the_usual_reason() -> None:
    """RFC 9110 §15; a status nobody knows has none."""
    assert write_response_head(404, [("A", "b")]) == b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n"
    assert write_response_head(299, []) == b"HTTP/1.1 299 \r\n\r\n"
    assert write_response_head(200, [], "Sure") == b"HTTP/1.1 200 Sure\r\n\r\n"


@pytest.mark.parametrize("status", [-1, 0, 99, 1000])
def test_status_has_three_digits(status: int) -> None:
    """RFC 9112 §4."""
    with pytest.raises(LocalProtocolError, match="100 and 999"):
        write_response_head(status, [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], None),
        ([("content-length", "0")], 0),
        ([("Content-Length", "17")], 17),
        ([("Transfer-Encoding", "Chunked")], CHUNKED),
        ([("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")], CHUNKED),
    ],
)
def test_declared_length_is_read_from_the_fields(
    fields: list[tuple[str, str]], expected: int | None
) -> None:
    """S-034."""
    assert declared_body_length(CIMultiDict(fields)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        [("Content-Length", "1"), ("Content-Length", "1")],
        [("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
        [("Content-Length", "+1")],
        [("Content-Length", "٣")],
        [("Content-Length", "")],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "chunked, chunked")],
        [("Transfer-Encoding", "chunked, gzip")],
    ],
)
def test_contradictory_framing_is_refused(fields: list[tuple[str, str]]) -> None:
    """S-034, SEC-4."""
    with pytest.raises(LocalProtocolError):
        declared_body_length(CIMultiDict(fields))


def test_host_is_there_once() -> None:
    """SEC-3, SEC-4, RFC 9110 §7.2."""
    check_host(CIMultiDict(Host="a"))
    check_host(CIMultiDict(), 0)
    with pytest.raises(LocalProtocolError, match="got 0"):
        check_host(CIMultiDict())
    with pytest.raises(LocalProtocolError, match="got 2"):
        check_host(CIMultiDict([("Host", "a"), ("host", "a")]), 0)
    with pytest.raises(LocalProtocolError, match="userinfo"):
        check_host(CIMultiDict(Host="u@a"))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4))
def test_no_fields_can_add_a_line(fields: list[tuple[str, str]]) -> None:
    """SEC-1: as many lines as fields, or an error."""
    try:
        text = write_fields(fields)
    except LocalProtocolError:
        return
    assert text.count("\n") == text.count("\r") == len(fields)
