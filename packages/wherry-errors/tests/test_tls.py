"""The two classes that derive from those of `ssl`."""

from __future__ import annotations

import pickle
import ssl
from typing import TYPE_CHECKING, Any, cast

import pytest

from wherry_errors import ClientConnectorCertificateError, ClientConnectorSSLError

if TYPE_CHECKING:
    from wherry_errors import ConnectionKeyShape


@pytest.fixture
def rejected() -> ssl.SSLCertVerificationError:
    """As the ssl module raises it: with attributes its constructor does not set."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    error.library = "SSL"
    error.verify_code = 18
    error.verify_message = "self-signed certificate"
    return error


def test_certificate_error_names_the_place_and_the_cause(
    connection_key: ConnectionKeyShape, rejected: ssl.SSLCertVerificationError
) -> None:
    """S-500."""
    e = ClientConnectorCertificateError(connection_key, rejected)

    assert e.certificate_error is rejected
    assert e.os_error is rejected
    assert (e.host, e.port, e.ssl, e.errno) == ("example.com", 443, True, 1)
    assert e.args == (connection_key, rejected)
    assert str(e) == (
        "Cannot connect to host example.com:443 ssl:True [SSLCertVerificationError: "
        "certificate verify failed: self-signed certificate]"
    )


def test_certificate_error_says_whether_tls_was_asked_for(
    connection_key: ConnectionKeyShape, rejected: ssl.SSLCertVerificationError
) -> None:
    """S-500: `ssl` is a bool even if the request passed a context."""
    key = cast("Any", connection_key)._replace(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    assert ClientConnectorCertificateError(key, rejected).ssl is True


def test_certificate_error_has_the_facts_of_the_verification(
    connection_key: ConnectionKeyShape, rejected: ssl.SSLCertVerificationError
) -> None:
    """It is an SSLCertVerificationError, so `verify_code` and the rest must be there."""
    e = ClientConnectorCertificateError(connection_key, rejected)

    assert (e.verify_code, e.verify_message) == (18, "self-signed certificate")
    assert (e.reason, e.library) == ("CERTIFICATE_VERIFY_FAILED", "SSL")


def test_certificate_error_takes_any_exception(connection_key: ConnectionKeyShape) -> None:
    """S-500: a verifier of the user may raise what it likes."""
    cause = ValueError("not in the allow list")

    e = ClientConnectorCertificateError(connection_key, cause)

    assert e.certificate_error is cause
    assert isinstance(e.os_error, ssl.SSLCertVerificationError)
    assert "[ValueError: not in the allow list]" in str(e)


def test_certificate_error_pickles(
    connection_key: ConnectionKeyShape, rejected: ssl.SSLCertVerificationError
) -> None:
    """S-496."""
    e = ClientConnectorCertificateError(connection_key, rejected)

    copy = pickle.loads(pickle.dumps(e))

    assert type(copy) is ClientConnectorCertificateError
    assert (copy.host, copy.port, copy.ssl) == (e.host, e.port, e.ssl)
    assert copy.certificate_error.args == rejected.args
    assert copy.verify_code == 18
    assert str(copy) == str(e)


def test_certificate_error_repr_hides_the_proxy_password(
    connection_key: ConnectionKeyShape, rejected: ssl.SSLCertVerificationError
) -> None:
    """S-014, B-41."""
    assert "hunter2" not in repr(ClientConnectorCertificateError(connection_key, rejected))


def test_tls_error_has_the_reason_of_openssl(connection_key: ConnectionKeyShape) -> None:
    """S-528: `errno` and `strerror`, and what ssl.SSLError has besides."""
    cause = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    cause.reason = "WRONG_VERSION_NUMBER"

    e = ClientConnectorSSLError(connection_key, cause)

    assert (e.errno, e.reason) == (1, "WRONG_VERSION_NUMBER")
    assert pickle.loads(pickle.dumps(e)).reason == "WRONG_VERSION_NUMBER"
