"""SOCKS handshakes, byte by byte."""

import errno
import ipaddress
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec import LocalProtocolError
from wherry_pool._socks import SocksError, SocksHandshake, Steps, socks4_steps, socks5_steps

GRANTED_5 = b"\x05\x00" + b"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38"
GRANTED_4 = b"\x00\x5a" + b"\x04\x38\x7f\x00\x00\x01"

names = st.from_regex(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,3}", fullmatch=True)
ports = st.integers(1, 65535)


def talk(steps: Steps, *answers: bytes) -> tuple[bytes, bool]:
    """What the client sends in all, and whether it is content."""
    handshake = SocksHandshake(steps)
    sent = handshake.start()
    for answer in answers:
        sent += handshake.receive(answer)
    return sent, handshake.is_done


# --- SOCKS5 ------------------------------------------------------------------------------------


def test_name_is_sent_as_it_is() -> None:
    """RFC 1928 §3, §4: greeting and request, with the type of address for names."""
    sent, is_done = talk(socks5_steps("example.com", 443), GRANTED_5)

    assert sent == b"\x05\x01\x00" + b"\x05\x01\x00\x03\x0bexample.com\x01\xbb"
    assert is_done


@pytest.mark.parametrize(
    ("host", "encoded"),
    [
        ("192.0.2.7", b"\x01\xc0\x00\x02\x07"),
        ("2001:db8::1", b"\x04" + ipaddress.ip_address("2001:db8::1").packed),
        ("fe80::1%eth0", b"\x04" + ipaddress.ip_address("fe80::1").packed),
        ("192.0.2.7.", b"\x03\x0a192.0.2.7."),
        ("127.1", b"\x03\x05127.1"),
    ],
)
def test_address_is_sent_as_an_address(host: str, encoded: bytes) -> None:
    """RFC 1928 §5; only canonical forms are addresses (SEC-48), a zone means nothing there."""
    sent, _ = talk(socks5_steps(host, 80), GRANTED_5)

    assert sent == b"\x05\x01\x00" + b"\x05\x01\x00" + encoded + b"\x00\x50"


def test_credentials_are_sent_if_the_proxy_wants_them() -> None:
    """RFC 1929 §2: in UTF-8; an empty password too."""
    answers = (b"\x05\x02", b"\x01\x00", GRANTED_5[2:])

    sent, is_done = talk(socks5_steps("h", 80, ("zoë", "")), *answers)

    assert (
        sent == b"\x05\x02\x00\x02" + b"\x01\x04zo\xc3\xab\x00" + b"\x05\x01\x00\x03\x01h\x00\x50"
    )
    assert is_done


def test_credentials_stay_here_if_the_proxy_does_not_want_them() -> None:
    """RFC 1928 §3: the proxy chooses the method."""
    sent, is_done = talk(socks5_steps("h", 80, ("user", "secret")), GRANTED_5)

    assert b"secret" not in sent
    assert is_done


def test_refused_credentials_are_an_error_that_does_not_show_them() -> None:
    """RFC 1929 §2, SEC-60."""
    with pytest.raises(SocksError, match=r"refused the user name and password \(status 1\)") as got:
        talk(socks5_steps("h", 80, ("user", "secret")), b"\x05\x02", b"\x01\x01")

    assert got.value.errno == errno.EACCES
    assert "secret" not in repr(got.value)


@pytest.mark.parametrize(
    ("credentials", "advice"),
    [(None, "give it a user name and password"), (("u", "p"), "accepts neither")],
)
def test_no_acceptable_method(credentials: tuple[str, str] | None, advice: str) -> None:
    """RFC 1928 §3: X'FF'."""
    with pytest.raises(SocksError, match=advice):
        talk(socks5_steps("h", 80, credentials), b"\x05\xff")


@pytest.mark.parametrize(
    ("method", "name"), [(1, "GSSAPI"), (2, "user name and password"), (128, "unknown")]
)
def test_method_that_was_not_offered_is_refused(method: int, name: str) -> None:
    """SEC-58: GSSAPI never is."""
    with pytest.raises(SocksError, match=rf"chose method {method} \({name}\), which was not"):
        talk(socks5_steps("h", 80), bytes([5, method]))


@pytest.mark.parametrize(
    ("reply", "number", "text"),
    [
        (1, errno.ECONNABORTED, "general failure"),
        (2, errno.EACCES, "rules do not allow"),
        (3, errno.ENETUNREACH, "network unreachable"),
        (4, errno.EHOSTUNREACH, "host unreachable"),
        (5, errno.ECONNREFUSED, "connection refused"),
        (6, errno.ETIMEDOUT, "TTL expired"),
        (7, errno.EOPNOTSUPP, "does not know the command"),
        (8, errno.EAFNOSUPPORT, "does not support this type of address"),
        (9, errno.ECONNABORTED, "unknown reason"),
        (255, errno.ECONNABORTED, "unknown reason"),
    ],
)
def test_every_reply_code_has_its_name(reply: int, number: int, text: str) -> None:
    """RFC 1928 §6: also if the proxy sends nothing after the code."""
    with pytest.raises(SocksError, match=rf"to a.test port 80: .*{text}.*reply {reply}") as got:
        talk(socks5_steps("a.test", 80), b"\x05\x00", bytes([5, reply]))

    assert (got.value.reply, got.value.errno) == (reply, number)
    assert got.value.concerns_address is (reply in (1, 3, 4, 5, 6, 8))


@pytest.mark.parametrize(
    "answers",
    [
        [b"HT"],
        [b"\x04\x00"],
        [b"\x05\x00", b"\x04\x00"],
        [b"\x05\x02", b"\x05\x00"],
        [b"\x05\x00", b"\x05\x00\x00\x02"],
    ],
)
def test_what_is_no_socks_is_refused(answers: list[bytes]) -> None:
    """SEC-58: another version, another type of address."""
    with pytest.raises(SocksError, match="does not speak SOCKS5") as got:
        talk(socks5_steps("h", 80, ("u", "p")), *answers)

    assert got.value.errno == errno.EPROTO


@given(
    bound=st.one_of(
        st.binary(min_size=4, max_size=4).map(lambda address: b"\x01" + address),
        st.binary(min_size=16, max_size=16).map(lambda address: b"\x04" + address),
        st.binary(max_size=255).map(lambda name: b"\x03" + bytes([len(name)]) + name),
    ),
    surplus=st.binary(max_size=3),
)
def test_the_bound_address_is_taken_to_the_byte(bound: bytes, surplus: bytes) -> None:
    """RFC 1928 §6, SEC-59: nothing missing, nothing left over."""
    handshake = SocksHandshake(socks5_steps("h", 80))
    whole = b"\x05\x00" + b"\x05\x00\x00" + bound + b"\x04\x38"

    handshake.receive(whole[:-1])
    assert not handshake.is_done
    if surplus:
        with pytest.raises(SocksError, match="nothing after the end"):
            handshake.receive(whole[-1:] + surplus)
    else:
        handshake.receive(whole[-1:])
        assert handshake.is_done


# --- SOCKS4, SOCKS4a ---------------------------------------------------------------------------


def test_socks4_sends_an_address() -> None:
    """SOCKS4: command, port, address, user name, NUL."""
    sent, is_done = talk(socks4_steps("192.0.2.7", 80, "me"), GRANTED_4)

    assert sent == b"\x04\x01\x00\x50\xc0\x00\x02\x07me\x00"
    assert is_done


def test_socks4a_sends_a_name() -> None:
    """SOCKS4a: an address that cannot be one, and the name at the end."""
    sent, is_done = talk(socks4_steps("example.com", 443), GRANTED_4)

    assert sent == b"\x04\x01\x01\xbb\x00\x00\x00\x01\x00example.com\x00"
    assert is_done


@pytest.mark.parametrize(
    ("reply", "text"),
    [(91, "rejected or failed"), (92, "identd"), (93, "another name"), (94, "unknown reason")],
)
def test_every_socks4_reply_has_its_name(reply: int, text: str) -> None:
    """SOCKS4: 90 is the only good one."""
    with pytest.raises(SocksError, match=rf"{text}.*reply {reply}") as got:
        talk(socks4_steps("h", 80), bytes([0, reply]))

    assert got.value.reply == reply


def test_socks4_reply_of_another_version_is_refused() -> None:
    """SEC-58: the reply's version is 0."""
    with pytest.raises(SocksError, match="does not speak SOCKS4"):
        talk(socks4_steps("h", 80), b"\x05\x5a")


def test_socks4_cannot_name_an_ipv6_address() -> None:
    """It says what can."""
    with pytest.raises(LocalProtocolError, match="use a SOCKS5 proxy"):
        SocksHandshake(socks4_steps("::1", 80))


# --- what is never sent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["a" * 256, "", "a\x00b", "a b", "a\r\nb", "bücher.example", "a\x7f"]
)
def test_host_that_does_not_fit_is_refused_before_anything_is_sent(host: str) -> None:
    """SEC-58, SEC-2."""
    with pytest.raises(LocalProtocolError, match="host name"):
        SocksHandshake(socks5_steps(host, 80))
    with pytest.raises(LocalProtocolError, match="host name"):
        SocksHandshake(socks4_steps(host, 80))


def test_host_of_255_bytes_fits() -> None:
    """SEC-58: the limit is inclusive."""
    sent, _ = talk(socks5_steps("a" * 255, 80), GRANTED_5)

    assert b"\x03\xff" + b"a" * 255 in sent


@pytest.mark.parametrize("credentials", [("a" * 256, "p"), ("u", "é" * 128)])
def test_credentials_that_do_not_fit_are_refused(credentials: tuple[str, str]) -> None:
    """RFC 1929 §2: 255 bytes each, counted after encoding; the error does not show them."""
    with pytest.raises(LocalProtocolError, match="got 256") as got:
        SocksHandshake(socks5_steps("h", 80, credentials))

    assert "é" not in str(got.value)
    assert "aa" not in str(got.value)


@pytest.mark.parametrize("login", ["a\x00b", "a" * 256])
def test_socks4_user_name_that_does_not_fit_is_refused(login: str) -> None:
    """It ends at NUL."""
    with pytest.raises(LocalProtocolError, match="user name"):
        SocksHandshake(socks4_steps("h", 80, login))


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_port_that_is_none_is_refused(port: int) -> None:
    """Two bytes on the wire."""
    with pytest.raises(LocalProtocolError, match="port"):
        SocksHandshake(socks5_steps("h", port))


# --- properties --------------------------------------------------------------------------------


@given(host=names, port=ports, cuts=st.lists(st.integers(0, 30)), has_login=st.booleans())
def test_the_handshake_is_the_same_however_it_is_cut(
    host: str, port: int, cuts: list[int], has_login: bool
) -> None:
    """SEC-58."""
    credentials = ("user", "secret") if has_login else None
    answer = b"\x05\x02\x01\x00" + GRANTED_5[2:] if has_login else GRANTED_5
    edges = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})
    pieces = [answer[a:b] for a, b in pairwise(edges)]

    whole = talk(socks5_steps(host, port, credentials), answer)
    cut_up = talk(socks5_steps(host, port, credentials), *pieces)

    assert whole == cut_up
    assert whole[1]


@given(pieces=st.lists(st.binary(min_size=1, max_size=12), max_size=12), is_new=st.booleans())
def test_garbage_ends_in_the_documented_error_or_waits(pieces: list[bytes], is_new: bool) -> None:
    """SEC-58: and is never taken for success unless it is one."""
    steps = socks5_steps("h", 80, ("u", "p")) if is_new else socks4_steps("h", 80)
    handshake = SocksHandshake(steps)
    try:
        for piece in pieces:
            handshake.receive(piece)
    except SocksError:
        return
    expected = b"\x05" if is_new else b"\x00\x5a"
    assert not handshake.is_done or b"".join(pieces).startswith(expected)


def test_the_error_can_be_pickled() -> None:
    """Its number, text and reply survive."""
    error = pickle.loads(pickle.dumps(SocksError(errno.ECONNREFUSED, "no", 5)))

    assert (type(error), error.errno, error.strerror, error.reply) == (
        SocksError,
        errno.ECONNREFUSED,
        "no",
        5,
    )
