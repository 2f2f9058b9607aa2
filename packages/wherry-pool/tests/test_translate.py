"""From errors of the codec, the system and TLS to client errors."""

import os
import ssl

import pytest

from wherry_codec import CHUNKED, UNTIL_CLOSE, TransferEncodingError
from wherry_errors import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
)
from wherry_pool import ConnectionKey
from wherry_pool._translate import (
    body_broken,
    body_cut_short,
    broken_off,
    connect_failed,
    payload_failed,
    resolve_failed,
    unix_connect_failed,
    with_text,
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), ClientConnectorError),
        (ssl.SSLError(1, "handshake failure"), ClientConnectorSSLError),
        (ssl.SSLCertVerificationError(1, "self-signed"), ClientConnectorCertificateError),
    ],
)
def test_connect_failures_have_their_class(
    error: OSError, expected: type[ClientConnectorError], key: ConnectionKey
) -> None:
    """S-523, S-527, S-528: with the cause."""
    failure = connect_failed(key, error)

    assert type(failure) is expected
    assert failure.__cause__ is error
    assert (failure.host, failure.port) == ("example.com", 80)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(111, "Connection refused"), "Connection refused"),
        (OSError("two things at once"), "two things at once"),
        (OSError(), "OSError"),
        (ConnectionAbortedError("SSL handshake is too slow"), "SSL handshake is too slow"),
    ],
)
def test_message_is_never_none(error: OSError, text: str, key: ConnectionKey) -> None:
    """S-155, S-498: whatever the loop raised."""
    for failure in (
        connect_failed(key, error),
        resolve_failed(key, error),
        unix_connect_failed("/run/x", key, error),
    ):
        assert failure.strerror == text
        assert str(failure).endswith(f"[{text}]")


def test_number_without_text_gets_the_systems() -> None:
    """An `OSError` made of a number alone."""
    error = OSError(2, None)

    assert with_text(error).strerror == os.strerror(2)


def test_broken_off_says_what_the_connection_had_been_through() -> None:
    """S-534, S-535: what a person needs to decide about a retry."""
    new = broken_off(None, "h:80", 1, 99.0, has_begun=False)
    old = broken_off(None, "h:80", 4, 2.34, has_begun=True)
    reset = broken_off(ConnectionResetError(104, "reset"), "h:80", 1, 0.0, has_begun=False)

    assert type(new) is ServerDisconnectedError
    assert str(new) == "the connection to h:80 ended before a response came (it was new)"
    assert str(old) == (
        "the connection to h:80 ended in the middle of the response head "
        "(it had carried 3 requests before and been idle for 2.3 s)"
    )
    assert type(reset) is ClientOSError
    assert (reset.errno, type(reset.__cause__)) == (104, ConnectionResetError)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (9, "after 5 of 9 bytes"),
        (CHUNKED, "after 5 bytes, before its last chunk"),
        (UNTIL_CLOSE, "broke after 5 bytes of a response body of unknown length"),
    ],
)
def test_short_body_names_sizes(length: int, text: str) -> None:
    """S-062, S-537."""
    assert text in str(body_cut_short(length, 5, None))
    reset = ConnectionResetError(104, "reset")
    failure = body_cut_short(length, 5, reset)
    assert str(failure).endswith("reset")
    assert failure.__cause__ is reset


def test_bad_chunk_keeps_its_cause() -> None:
    """S-063."""
    cause = TransferEncodingError("chunk size is not a hexadecimal number: b'zz'")

    failure = body_broken(cause)

    assert type(failure) is ClientPayloadError
    assert failure.__cause__ is cause


@pytest.mark.parametrize(
    ("error", "expected", "text"),
    [
        (OSError(28, "No space"), ClientOSError, "cannot write the request body: No space"),
        (ValueError("x"), ClientConnectionError, "while it was being sent: ValueError: x"),
        (KeyError(), ClientConnectionError, "while it was being sent: KeyError"),
    ],
)
def test_failing_request_body_is_named(
    error: Exception, expected: type[Exception], text: str
) -> None:
    """S-399, S-539."""
    failure = payload_failed(error)

    assert type(failure) is expected
    assert str(failure).endswith(text)
    assert failure.__cause__ is error
    assert payload_failed(failure) is failure
