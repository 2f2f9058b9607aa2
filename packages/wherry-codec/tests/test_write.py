"""Heads on the way out: what is written, and what must not be."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, istr

from wherry_codec import (
    CHUNKED,
    LocalProtocolError,
    RequestHeadReader,
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
    """SEC-4, RFC 9110 §7.2."""
    check_host(CIMultiDict(Host="a"))
    check_host(CIMultiDict(), 0)
    with pytest.raises(LocalProtocolError, match="got 0"):
        check_host(CIMultiDict())
    with pytest.raises(LocalProtocolError, match="got 2"):
        check_host(CIMultiDict([("Host", "a"), ("host", "a")]), 0)


HOSTS = [
    "example.com", "example.com:80", "a_b", "xn--bcher-kva.example:65535", "127.0.0.1", "a:",
    "[::1]", "[::ffff:127.0.0.1]:443", "[v1.a:b]", "a%20b", "a,b;c",
]  # fmt: skip
NOT_HOSTS = [
    "a b", "a\t", "<a>", '"a"', "'a'|", "a/b", "a?b", "a#b", "a\\b", "a^", "a`", "{a}", "é",
    "a\x80", "a:b", "a:-1", "a:65536", "a:000080", "a:80:80", "a:٣", "[::1", "::1]", "::1", "[]",
    "[g]", "[::1]x", "[fe80::1%25eth0]", "a%2", "a%zz", "a%",
]  # fmt: skip


@pytest.mark.parametrize("host", ["", *HOSTS])
def test_host_may_have_any_form_of_the_grammar(host: str) -> None:
    """RFC 9110 §7.2, RFC 3986 §3.2.2; empty for a target without authority."""
    check_host(CIMultiDict(Host=host))


@pytest.mark.parametrize("host", NOT_HOSTS)
def test_host_that_is_none_is_refused(host: str) -> None:
    """SEC-3, RFC 9110 §7.2: what another reader may take apart differently."""
    with pytest.raises(LocalProtocolError, match="Host"):
        check_host(CIMultiDict(Host=host))


def test_host_has_no_control_characters() -> None:
    """SEC-1."""
    for control in CONTROLS:
        with pytest.raises(LocalProtocolError, match="Host"):
            check_host(CIMultiDict(Host=f"a{control}"))


@pytest.mark.parametrize("host", ["user:secret@a", "secret@", "secret@a:b@c"])
def test_host_has_no_userinfo(host: str) -> None:
    """SEC-3, SEC-60: and the error does not show it."""
    with pytest.raises(LocalProtocolError, match="userinfo") as caught:
        check_host(CIMultiDict(Host=host))
    assert "secret" not in str(caught.value)


@settings(max_examples=50)
@given(st.from_regex(r"[\[\]:.%v@/<0-9a]{0,9}", fullmatch=True) | st.text(max_size=9))
@example("[v1.a:b]:1")
def test_host_that_is_written_is_read(host: str) -> None:
    """RFC 9110 §7.2: our own server role takes every Host that passes."""
    try:
        check_host(CIMultiDict(Host=host))
    except LocalProtocolError:
        return
    head = write_request_head("GET", "/", [("Host", host)])
    assert RequestHeadReader().feed(head) is not None


def test_a_megabyte_of_host_is_judged_in_linear_time() -> None:
    """SEC-51."""
    for host in ("a" * 10**6 + "/", "%20" * 333_333 + "%", "[" + ":" * 10**6, "a:" + "1" * 10**6):
        with pytest.raises(LocalProtocolError):
            check_host(CIMultiDict(Host=host))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *(("GET", f"http://{host}/") for host in ["a<b", "a\\b", "[::1", "a:b", "é"]),
        *(("CONNECT", host) for host in ["a<b:443", "::1:443", "a:b", "a:443:443"]),
    ],
)
def test_host_in_a_target_is_a_host(method: str, target: str) -> None:
    """SEC-2, SEC-3, RFC 9112 §3.2.2, §3.2.3."""
    with pytest.raises(LocalProtocolError, match="no host"):
        write_request_head(method, target, [])


@pytest.mark.parametrize(
    ("method", "target"),
    [("CONNECT", "[::1]:443"), ("GET", "http://a:80?b"), ("GET", "urn:a<b"), ("OPTIONS", "*")],
)
def test_target_of_any_form_is_taken(method: str, target: str) -> None:
    """RFC 9112 §3.2."""
    assert f" {target} ".encode() in write_request_head(method, target, [])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4))
def test_no_fields_can_add_a_line(fields: list[tuple[str, str]]) -> None:
    """SEC-1: as many lines as fields, or an error."""
    try:
        text = write_fields(fields)
    except LocalProtocolError:
        return
    assert text.count("\n") == text.count("\r") == len(fields)
