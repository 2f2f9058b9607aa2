"""Framing fields. The many ways to get them wrong are in corpus/response_heads.toml."""

import pytest

from wherry_codec import InvalidHeader, ResponseHead, ResponseHeadReader


def read(*fields: str) -> ResponseHead:
    lines = "".join(f"{field}\r\n" for field in fields)
    head = ResponseHeadReader().feed(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode("latin-1"))
    assert head is not None
    return head


def test_absent_fields_leave_the_defaults() -> None:
    """Nothing is known about framing without fields."""
    head = read()

    assert head.content_length is None
    assert head.transfer_encoding is None
    assert not head.is_chunked
    assert not head.has_set_cookie


def test_empty_list_elements_are_ignored() -> None:
    """RFC 9110 §5.6.1.2."""
    assert read("Transfer-Encoding: , chunked,").is_chunked


def test_parameters_of_other_transfer_codings_are_let_pass() -> None:
    """RFC 9112 §7: a transfer coding may have parameters."""
    assert read("Transfer-Encoding: x;a=b, chunked").is_chunked


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (["Content-Length: 12a"], "Content-Length is not a decimal number: b'12a'"),
        (["Content-Length: 5", "Content-Length: 5"], "Content-Length is there 2 times"),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], "contradict each other"),
        (["Content-Length: " + "9" * 5000], r"\(5000 in all\)"),
        (["Transfer-Encoding: chunked, chunked"], "says chunked twice"),
        (["Transfer-Encoding: ch\xfcnked"], "Transfer-Encoding is not valid"),
        (["Transfer-Encoding:"], "Transfer-Encoding is empty"),
    ],
)
def test_error_says_what_came(fields: list[str], text: str) -> None:
    """S-045 to S-048, SEC-7, SEC-8: what was expected and what came, cut to a sensible length."""
    with pytest.raises(InvalidHeader, match=text):
        read(*fields)
