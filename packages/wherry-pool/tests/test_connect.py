"""CONNECT: the request, and which answers open a tunnel."""

import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec import Limits, LocalProtocolError, RemoteProtocolError
from wherry_errors import ClientHttpProxyError
from wherry_pool._connect import ConnectHandshake

OK = b"HTTP/1.1 200 Connection established\r\nX-Proxy: p\r\n\r\n"


def test_request_is_in_authority_form() -> None:
    """S-165, RFC 9110 §9.3.6, CLIENT_SURFACE appendix E: fields in order, credentials last."""
    handshake = ConnectHandshake(
        "example.com", 443, [("X-P", "1"), ("Accept", "*/*")], "Basic dTpw"
    )

    assert handshake.start() == (
        b"CONNECT example.com:443 HTTP/1.1\r\n"
        b"Host: example.com\r\n"
        b"X-P: 1\r\n"
        b"Accept: */*\r\n"
        b"Proxy-Authorization: Basic dTpw\r\n"
        b"\r\n"
    )


@pytest.mark.parametrize(
    ("host", "port", "target", "field"),
    [
        ("example.com", 8443, b"example.com:8443", b"example.com:8443"),
        ("::1", 443, b"[::1]:443", b"[::1]"),
        ("::1", 80, b"[::1]:80", b"[::1]:80"),
        ("fe80::1%eth0", 443, b"[fe80::1]:443", b"[fe80::1]"),
        ("example.com.", 443, b"example.com.:443", b"example.com."),
    ],
)
def test_target_always_has_its_port(host: str, port: int, target: bytes, field: bytes) -> None:
    """S-165, S-380: Host leaves the default out; IPv6 in brackets, without a zone."""
    sent = ConnectHandshake(host, port).start()

    assert sent == b"CONNECT " + target + b" HTTP/1.1\r\nHost: " + field + b"\r\n\r\n"


def test_host_of_the_caller_replaces_ours() -> None:
    """S-380: it stays one, and first."""
    sent = ConnectHandshake("a.test", 443, [("X", "1"), ("host", "b.test")]).start()

    assert sent.split(b"\r\n")[1:3] == [b"Host: b.test", b"X: 1"]


def test_credentials_replace_a_field_of_the_same_name() -> None:
    """S-462: and without any the field stays."""
    fields = [("proxy-authorization", "Basic field"), ("X", "1")]

    assert b"field" not in ConnectHandshake("a.test", 443, fields, "Basic ours").start()
    assert b"Basic field" in ConnectHandshake("a.test", 443, fields).start()


@pytest.mark.parametrize(
    ("host", "fields", "authorization"),
    [
        ("a.test\r\nX: y", [], None),
        ("a b", [], None),
        ("user@a.test", [], None),
        ("a.test", [("X", "1\r\nY: 2")], None),
        ("a.test", [("X\n", "1")], None),
        ("a.test", [], "Basic \r\nX: y"),
        ("a.test", [("Content-Length", "5")], None),
        ("a.test", [("Transfer-Encoding", "chunked")], None),
    ],
)
def test_what_must_not_be_written_is_refused(
    host: str, fields: list[tuple[str, str]], authorization: str | None
) -> None:
    """SEC-2, SEC-4: host, fields and credentials; CONNECT has no body."""
    with pytest.raises(LocalProtocolError):
        ConnectHandshake(host, 443, fields, authorization)


# --- the answer --------------------------------------------------------------------------------


@given(cuts=st.lists(st.integers(1, len(OK) + 60)))
def test_answer_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    """SEC-11: 1xx heads before it do not count."""
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK
    handshake = ConnectHandshake("a.test", 443)
    edges = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})

    for start, end in pairwise(edges):
        assert not handshake.is_done
        assert handshake.receive(answer[start:end]) == b""

    assert handshake.is_done


def test_fields_that_frame_a_body_are_ignored_in_a_200() -> None:
    """RFC 9110 §9.3.6."""
    handshake = ConnectHandshake("a.test", 443)

    handshake.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")

    assert handshake.is_done


@pytest.mark.parametrize("status", [101, 201, 204, 302, 403, 407, 502])
def test_any_other_status_is_an_error(status: int) -> None:
    """S-167, S-530: with all the proxy said; its body is not waited for."""
    handshake = ConnectHandshake("a.test", 8443, [("X", "1")])

    with pytest.raises(ClientHttpProxyError) as got:
        handshake.receive(
            b"HTTP/1.1 %d Why not\r\nProxy-Authenticate: Basic\r\nContent-Length: 9\r\n\r\nb"
            % status
        )

    error = got.value
    assert (error.status, error.message, error.history) == (status, "Why not", ())
    assert error.headers is not None
    assert error.headers["Proxy-Authenticate"] == "Basic"
    assert str(error.request_info.real_url) == "https://a.test:8443"
    assert error.request_info.method == "CONNECT"
    assert error.request_info.headers["x"] == "1"
    assert not handshake.is_done


def test_bytes_after_a_200_are_refused() -> None:
    """SEC-59: they would be the first bytes of the target's TLS."""
    with pytest.raises(RemoteProtocolError, match=r"nothing after the answer.*b'\\x16\\x03'"):
        ConnectHandshake("a.test", 443).receive(OK + b"\x16\x03")


@pytest.mark.parametrize(
    "answer",
    [
        b"\x15\x03\x01\x00\x02\x02\x46\n\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ],
)
def test_broken_answer_is_an_error(answer: bytes) -> None:
    """S-167."""
    with pytest.raises(RemoteProtocolError):
        ConnectHandshake("a.test", 443).receive(answer)


def test_endless_head_is_an_error() -> None:
    """SEC-11: nothing beyond the limits is kept."""
    handshake = ConnectHandshake("a.test", 443, limits=Limits(max_head_size=1000))
    handshake.receive(b"HTTP/1.1 200 OK\r\n")
    for _ in range(17):
        handshake.receive(b"X: " + b"y" * 50 + b"\r\n")

    with pytest.raises(RemoteProtocolError, match="longer than allowed"):
        handshake.receive(b"X: " + b"y" * 50 + b"\r\n")


def test_endless_1xx_answers_are_an_error() -> None:
    """SEC-16: whether they come at once or one by one."""
    early = b"HTTP/1.1 100 Continue\r\n\r\n"
    handshake = ConnectHandshake("a.test", 443, limits=Limits(max_informational=3))
    handshake.receive(early * 3)
    assert handshake.has_begun

    with pytest.raises(RemoteProtocolError, match="1xx"):
        handshake.receive(early)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_garbage_ends_in_a_documented_error_or_waits(pieces: list[bytes]) -> None:
    """SEC-10."""
    handshake = ConnectHandshake("a.test", 443)
    try:
        for piece in pieces:
            handshake.receive(piece)
    except (RemoteProtocolError, ClientHttpProxyError):
        pass
    assert not handshake.is_done or b" 200" in b"".join(pieces)


# --- the error ---------------------------------------------------------------------------------


def test_error_does_not_show_credentials_and_can_be_pickled() -> None:
    """SEC-60: they stay in the attributes."""
    handshake = ConnectHandshake("a.test", 443, [], "Basic c2VjcmV0")

    with pytest.raises(ClientHttpProxyError) as got:
        handshake.receive(b"HTTP/1.1 407 No\r\n\r\n")
    copy = pickle.loads(pickle.dumps(got.value))

    for error in (got.value, copy):
        assert "c2Vj" not in f"{error} {error!r} {error.request_info!r}"
        assert error.request_info.headers["Proxy-Authorization"] == "Basic c2VjcmV0"
    assert copy.request_info == got.value.request_info
