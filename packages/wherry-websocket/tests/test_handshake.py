"""The opening handshake, RFC 6455 §4 and RFC 7692 §7.1."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from wherry_websocket import (
    Accepted,
    HandshakeRefused,
    accept_handshake,
    accept_value,
    check_handshake,
    handshake_fields,
    make_key,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def answer(*more: tuple[str, str], **changed: str | None) -> CIMultiDict[str]:
    fields: dict[str, str | None] = {
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec_websocket_accept": ACCEPT,
    }
    fields.update(changed)
    given_fields = [(n.replace("_", "-"), v) for n, v in fields.items() if v is not None]
    return CIMultiDict([*given_fields, *more])


def check(headers: CIMultiDict[str], compress: int = 0, *protocols: str) -> Accepted:
    return check_handshake(101, headers, KEY, protocols=protocols, compress=compress)


def deflate(parameters: str) -> CIMultiDict[str]:
    return answer(sec_websocket_extensions=f"permessage-deflate{parameters}")


# The request


def test_key_is_base64_of_sixteen_random_bytes() -> None:
    """S-215, RFC 6455 §4.1."""
    assert make_key(lambda size: b"the sample nonce"[:size]) == KEY
    assert len(base64.b64decode(make_key())) == 16
    assert make_key() != make_key()


def test_fields_come_in_the_documented_order() -> None:
    """S-215, S-219."""
    fields = handshake_fields(KEY, protocols=("a", "b"), origin="http://o", compress=15)

    assert fields == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Protocol", "a,b"),
        ("Origin", "http://o"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ]


def test_nothing_is_offered_unless_asked() -> None:
    """S-215, S-219."""
    assert [name for name, _ in handshake_fields(KEY)] == [
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
    ]


@pytest.mark.parametrize("bits", range(9, 15))
def test_smaller_windows_are_asked_of_the_server_too(bits: int) -> None:
    """S-219."""
    offer = dict(handshake_fields(KEY, compress=bits))["Sec-WebSocket-Extensions"]

    assert offer == (f"permessage-deflate; client_max_window_bits; server_max_window_bits={bits}")


@pytest.mark.parametrize("bits", [1, 8, 16, -15])
def test_other_values_of_compress_raise(bits: int) -> None:
    """S-219."""
    with pytest.raises(ValueError, match="9 to 15"):
        handshake_fields(KEY, compress=bits)


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\nb", "a\0b", "a\rb", "a\x1fb", "a\x7fb"])
def test_control_characters_are_refused(bad: str) -> None:
    """SEC-2: nothing can be smuggled into the request."""
    with pytest.raises(ValueError, match="no control characters"):
        handshake_fields(KEY, protocols=["ok", bad])
    with pytest.raises(ValueError, match="no control characters"):
        handshake_fields(KEY, origin=bad)


def test_one_string_is_not_a_sequence_of_protocols() -> None:
    """A frequent slip; "chat" would become c,h,a,t."""
    with pytest.raises(TypeError, match="'chat'"):
        handshake_fields(KEY, protocols="chat")


# The answer


def test_accept_value_of_the_rfc() -> None:
    """RFC 6455 §1.3."""
    assert accept_value(KEY) == ACCEPT


def test_a_plain_answer_is_accepted() -> None:
    """S-216, S-220."""
    assert check(answer()) == Accepted(protocol=None, compress=0)


@pytest.mark.parametrize(
    "fields",
    [
        {"upgrade": "WebSocket"},
        {"connection": "upgrade"},
        {"connection": "keep-alive, Upgrade"},
        {"sec_websocket_accept": f" {ACCEPT} "},
    ],
)
def test_spelling_does_not_matter_where_the_rfc_says_so(fields: dict[str, str]) -> None:
    """S-216, RFC 6455 §4.1: Upgrade and Connection ignore case, Connection is a list."""
    assert check(answer(**fields)) == Accepted()


@pytest.mark.parametrize("status", [100, 200, 204, 301, 403, 500])
def test_another_status_is_refused(status: int) -> None:
    """S-216, S-217."""
    with pytest.raises(HandshakeRefused, match=f"101 .* got {status}"):
        check_handshake(status, answer(), KEY)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"upgrade": None}, "Upgrade: websocket; got no such field"),
        ({"upgrade": "h2c"}, "got 'h2c'"),
        ({"upgrade": "websocket, h2c"}, "got 'websocket, h2c'"),
        ({"connection": None}, "token upgrade in Connection; got no such field"),
        ({"connection": "notupgrade"}, "got 'notupgrade'"),
        ({"connection": "close"}, "got 'close'"),
        ({"sec_websocket_accept": None}, "Sec-WebSocket-Accept .* got no such field"),
        ({"sec_websocket_accept": ACCEPT.lower()}, "Sec-WebSocket-Accept"),
        ({"sec_websocket_accept": ""}, "Sec-WebSocket-Accept"),
    ],
)
def test_an_answer_that_is_not_an_upgrade_is_refused(
    fields: dict[str, str | None], text: str
) -> None:
    """S-216, SEC-56: `notupgrade` is not `upgrade`, the accept key is compared whole."""
    with pytest.raises(HandshakeRefused, match=text):
        check(answer(**fields))


def test_two_accept_fields_are_refused() -> None:
    """RFC 6455 §11.3.3: at most once in an answer."""
    with pytest.raises(HandshakeRefused):
        check(answer(("Sec-WebSocket-Accept", ACCEPT)))


def test_long_values_of_the_peer_are_cut() -> None:
    """Peer bytes in errors are at most 100."""
    with pytest.raises(HandshakeRefused) as caught:
        check(answer(upgrade="x" * 10_000))

    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("named", "expected"),
    [("b", "b"), ("c, b, a", "b"), ("c", None), ("", None), ("B", None)],
)
def test_the_protocol_is_the_first_named_one_that_was_offered(
    named: str, expected: str | None
) -> None:
    """S-218, C-17: another name does not fail the handshake."""
    assert check(answer(sec_websocket_protocol=named), 0, "a", "b").protocol == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", Accepted(compress=15)),
        ("; client_max_window_bits=9", Accepted(compress=9)),
        ('; client_max_window_bits="10"', Accepted(compress=10)),
        ("; client_no_context_takeover", Accepted(compress=15, client_notakeover=True)),
        ("; server_no_context_takeover", Accepted(compress=15, server_notakeover=True)),
        ("; server_max_window_bits=12", Accepted(compress=15)),
    ],
)
def test_the_answer_decides_on_compression(parameters: str, expected: Accepted) -> None:
    """S-220."""
    assert check(deflate(parameters), 15) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        "; client_max_window_bits=8",
        "; client_max_window_bits=16",
        "; client_max_window_bits=010",
        "; client_max_window_bits=1_0",
        "; client_max_window_bits=+9",
        "; client_max_window_bits",
        "; server_max_window_bits",
        "; server_max_window_bits=8",
        "; server_max_window_bits=99999999999999999999",
        "; client_no_context_takeover=1",
        "; server_no_context_takeover; server_no_context_takeover",
        "; unknown",
        "; unknown=1",
        ";",
        ", permessage-deflate",
    ],
)
def test_an_answer_with_bad_parameters_is_refused(parameters: str) -> None:
    """S-216, SEC-54, RFC 7692 §7.1: the client must fail the connection."""
    with pytest.raises(HandshakeRefused):
        check(deflate(parameters), 15)


@pytest.mark.parametrize(("compress", "name"), [(0, "permessage-deflate"), (15, "x-other")])
def test_an_extension_that_was_not_offered_is_ignored(compress: int, name: str) -> None:
    """S-221."""
    assert check(answer(sec_websocket_extensions=name), compress).compress == 0


@given(st.text(max_size=60))
def test_any_extension_field_is_accepted_or_refused(value: str) -> None:
    """SEC-54: nothing but HandshakeRefused."""
    try:
        compress = check(answer(sec_websocket_extensions=value), 15).compress
    except HandshakeRefused:
        return
    assert compress in {0, *range(9, 16)}


# The server's side


def request(**changed: str) -> CIMultiDict[str]:
    return CIMultiDict(
        dict(handshake_fields(KEY)) | {n.replace("_", "-"): v for n, v in changed.items()}
    )


@pytest.mark.parametrize("client", [0, 9, 12, 15])
@pytest.mark.parametrize("server", [0, 9, 15])
def test_both_sides_agree(client: int, server: int) -> None:
    """S-219, S-220: compression if both want it, no window above what either said."""
    ours = CIMultiDict(handshake_fields(KEY, protocols=["x", "y"], compress=client))

    fields, theirs = accept_handshake(ours, protocols=["y"], compress=server)
    agreed = check_handshake(101, CIMultiDict(fields), KEY, protocols=["x", "y"], compress=client)

    assert agreed.protocol == theirs.protocol == "y"
    assert bool(agreed.compress) is bool(theirs.compress) is bool(client and server)
    assert agreed.compress <= (server or 0)
    assert theirs.compress <= (client or 0)


def test_no_takeover_asked_for_is_answered() -> None:
    """RFC 7692 §7.1.1."""
    offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    fields, agreed = accept_handshake(request(Sec_WebSocket_Extensions=offer), compress=15)

    assert agreed == Accepted(compress=15, client_notakeover=True, server_notakeover=True)
    assert dict(fields)["Sec-WebSocket-Extensions"].count("no_context_takeover") == 2


@pytest.mark.parametrize(
    ("offer", "bits"),
    [
        ("permessage-deflate; future", 0),
        ("permessage-deflate; server_max_window_bits=3", 0),
        ("permessage-deflate; future, permessage-deflate; server_max_window_bits=10", 10),
        ("x-other", 0),
    ],
)
def test_an_offer_that_cannot_be_met_is_declined(offer: str, bits: int) -> None:
    """RFC 7692 §5, §7.1: the next offer is looked at, or none is taken."""
    assert (
        accept_handshake(request(Sec_WebSocket_Extensions=offer), compress=15)[1].compress == bits
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"Upgrade": "h2c"}, "Upgrade"),
        ({"Connection": "close"}, "Connection"),
        ({"Sec_WebSocket_Version": "8"}, "Sec-WebSocket-Version 13; got '8'"),
        ({"Sec_WebSocket_Key": "AAAA"}, "16 bytes"),
        ({"Sec_WebSocket_Key": "é"}, "16 bytes"),
        ({"Sec_WebSocket_Key": KEY + "!"}, "16 bytes"),
        ({"Sec_WebSocket_Extensions": "a b"}, "extension"),
    ],
)
def test_a_request_that_is_not_a_handshake_is_refused(change: dict[str, str], text: str) -> None:
    """RFC 6455 §4.2.1."""
    with pytest.raises(HandshakeRefused, match=text):
        accept_handshake(request(**change), compress=15)
