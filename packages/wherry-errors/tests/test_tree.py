"""The tree as users see it: bases, arguments, attributes, texts, pickling."""

from __future__ import annotations

import pickle
import ssl
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

import wherry_errors
from wherry_errors import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    ContentTypeError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
    UnixClientConnectorError,
    WebSocketError,
    WSServerHandshakeError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherry_errors import ConnectionKeyShape, RequestInfoShape

E = TypeVar("E", bound=Exception)

HIERARCHY = """
ClientError: Exception
ClientResponseError: ClientError
ContentTypeError: ClientResponseError
WSServerHandshakeError: ClientResponseError
ClientHttpProxyError: ClientResponseError
TooManyRedirects: ClientResponseError
ClientConnectionError: ClientError
ClientConnectionResetError: ClientConnectionError ConnectionResetError
ClientOSError: ClientConnectionError OSError
ClientConnectorError: ClientOSError
ClientConnectorDNSError: ClientConnectorError
ClientProxyConnectionError: ClientConnectorError
UnixClientConnectorError: ClientConnectorError
ClientSSLError: ClientConnectorError
ClientConnectorSSLError: ClientSSLError SSLError
ClientConnectorCertificateError: ClientSSLError SSLCertVerificationError
ServerConnectionError: ClientConnectionError
ServerDisconnectedError: ServerConnectionError
ServerFingerprintMismatch: ServerConnectionError
ServerTimeoutError: ServerConnectionError TimeoutError
ConnectionTimeoutError: ServerTimeoutError
SocketTimeoutError: ServerTimeoutError
TotalTimeoutError: TimeoutError
ClientPayloadError: ClientError
InvalidURL: ClientError ValueError
InvalidUrlClientError: InvalidURL
RedirectClientError: ClientError
NonHttpUrlClientError: ClientError
InvalidUrlRedirectClientError: InvalidUrlClientError RedirectClientError
NonHttpUrlRedirectClientError: NonHttpUrlClientError RedirectClientError
WSMessageTypeError: TypeError
WebSocketError: Exception
"""
BASES = {
    name: tuple(bases.split())
    for name, bases in (line.split(": ") for line in HIERARCHY.strip().splitlines())
}
CLASSES: dict[str, type[Exception]] = {
    name: value
    for name in wherry_errors.__all__
    if isinstance(value := getattr(wherry_errors, name), type) and issubclass(value, Exception)
}

RESPONSE_ERRORS = [
    ClientResponseError,
    ContentTypeError,
    WSServerHandshakeError,
    ClientHttpProxyError,
    TooManyRedirects,
]
CONNECTOR_ERRORS = [
    ClientConnectorError,
    ClientConnectorDNSError,
    ClientProxyConnectionError,
    ClientSSLError,
    ClientConnectorSSLError,
]
SERVER_TIMEOUTS = [ServerTimeoutError, ConnectionTimeoutError, SocketTimeoutError]
URL_ERRORS = [InvalidURL, InvalidUrlClientError, InvalidUrlRedirectClientError]
PLAIN = sorted(
    {
        "ClientError",
        "ClientConnectionError",
        "ClientConnectionResetError",
        "ClientOSError",
        "ServerConnectionError",
        "ClientPayloadError",
        "RedirectClientError",
        "NonHttpUrlClientError",
        "NonHttpUrlRedirectClientError",
        "WSMessageTypeError",
    }
)


def copy_of(error: E) -> E:
    """What another process would see of `error`."""
    return cast("E", pickle.loads(pickle.dumps(error)))


def attributes(error: Exception) -> dict[str, object]:
    """What our classes and OSError tell beyond `args`, in a form that compares."""
    own = {n: v for n, v in vars(error).items() if n != "history"}
    system = {n: getattr(error, n, None) for n in ("errno", "strerror")}
    return {n: repr(v) if isinstance(v, Exception) else v for n, v in (own | system).items()}


# --- S-494: the tree ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BASES)
def test_classes_derive_from_the_listed_bases_in_their_order(name: str) -> None:
    """S-494: no base more, none less, none in another place."""
    assert tuple(base.__name__ for base in CLASSES[name].__bases__) == BASES[name]


def test_every_exported_class_is_in_the_table() -> None:
    """S-494."""
    assert set(CLASSES) == set(BASES)


def test_total_timeout_is_no_client_error() -> None:
    """S-532: the total deadline is a plain TimeoutError."""
    assert not issubclass(TotalTimeoutError, ClientError)


@pytest.mark.parametrize("error", SERVER_TIMEOUTS)
def test_server_timeouts_are_caught_as_timeouts_and_as_client_errors(
    error: type[ServerTimeoutError],
) -> None:
    """S-434."""
    assert issubclass(error, TimeoutError)
    assert issubclass(error, ClientError)


@pytest.mark.parametrize("name", CLASSES)
def test_tracebacks_name_the_public_package(name: str) -> None:
    """Private modules may be rearranged without breaking anyone's pickles."""
    assert CLASSES[name].__module__ == "wherry_errors"


# --- S-497: response errors -----------------------------------------------------------------------


@pytest.mark.parametrize("error", RESPONSE_ERRORS)
def test_response_error_keeps_what_it_was_given(
    error: type[ClientResponseError],
    request_info: RequestInfoShape,
    response_headers: Mapping[str, str],
) -> None:
    """S-497."""
    e = error(request_info, (1,), status=404, message="Not Found", headers=response_headers)

    assert e.request_info is request_info
    assert e.history == (1,)
    assert e.status == 404
    assert e.message == "Not Found"
    assert e.headers is response_headers
    assert e.args == (request_info, (1,))


def test_response_error_without_status_has_status_zero(request_info: RequestInfoShape) -> None:
    """S-497."""
    e = ClientResponseError(request_info, ())

    assert (e.status, e.message, e.headers) == (0, "", None)


def test_response_error_text_names_status_reason_and_url(request_info: RequestInfoShape) -> None:
    """S-497, with S-014: the URL's secrets are masked."""
    e = ClientResponseError(request_info, (), status=404, message="Not Found")

    assert str(e) == "404, message='Not Found', url='https://***@example.com/a?token=***&b=1'"


def test_response_error_code_argument_is_a_deprecated_status(
    request_info: RequestInfoShape,
) -> None:
    """S-497, S-571: the warning points at the caller."""
    with pytest.warns(DeprecationWarning, match="use status") as caught:
        e = ClientResponseError(request_info, (), code=500)

    assert e.status == 500
    assert caught[0].filename == __file__


def test_response_error_code_property_is_a_deprecated_status(
    request_info: RequestInfoShape,
) -> None:
    """S-497."""
    e = ClientResponseError(request_info, (), status=500)

    with pytest.warns(DeprecationWarning, match="use status"):
        e.code = 502
    with pytest.warns(DeprecationWarning, match="use status"):
        assert e.code == 502
    assert e.status == 502


def test_response_error_refuses_code_and_status_together(request_info: RequestInfoShape) -> None:
    """S-497."""
    with pytest.raises(ValueError, match="status=500 and code=502 are both given"):
        ClientResponseError(request_info, (), code=502, status=500)


def test_response_error_texts_show_no_secret(
    request_info: RequestInfoShape, response_headers: Mapping[str, str]
) -> None:
    """S-014, SEC-60: not of the URL, not of the request's fields, not of the response's."""
    e = ClientResponseError(request_info, (), status=401, headers=response_headers)

    assert "hunter2" not in str(e) + repr(e)
    assert "('Authorization', '***')" in repr(e)
    assert "('Set-Cookie', '***')" in repr(e)
    assert "('Accept', '*/*')" in repr(e)


def test_response_error_without_a_request_still_prints() -> None:
    """Tests of users build these errors with None; a traceback must not fail on them."""
    e = ClientResponseError(cast("Any", None), cast("Any", None), status=500)

    assert str(e) == "500, message='', url='None'"
    assert repr(e).startswith("ClientResponseError(method=None, ")


@pytest.mark.parametrize("error", RESPONSE_ERRORS)
def test_response_error_pickles_without_its_history(
    error: type[ClientResponseError],
    request_info: RequestInfoShape,
    response_headers: Mapping[str, str],
) -> None:
    """S-496: responses cannot leave their process, all else does."""
    unpicklable = (lambda: None,)
    e = error(request_info, unpicklable, status=404, message="no", headers=response_headers)

    copy = copy_of(e)

    assert type(copy) is error
    assert attributes(copy) == attributes(e)
    assert copy.history == ()
    assert copy.args == (request_info, ())


def test_response_error_without_headers_pickles(request_info: RequestInfoShape) -> None:
    """S-496."""
    assert copy_of(ClientResponseError(request_info, ())).headers is None


# --- S-498, S-499: connector errors ---------------------------------------------------------------


@pytest.mark.parametrize("error", CONNECTOR_ERRORS)
def test_connector_error_names_the_place_and_the_cause(
    error: type[ClientConnectorError], connection_key: ConnectionKeyShape
) -> None:
    """S-498."""
    cause = OSError(111, "Connection refused")

    e = error(connection_key, cause)

    assert e.os_error is cause
    assert (e.errno, e.strerror) == (111, "Connection refused")
    assert (e.host, e.port, e.ssl) == ("example.com", 443, True)
    assert e.args == (connection_key, cause)
    assert str(e) == "Cannot connect to host example.com:443 ssl:default [Connection refused]"


def test_connector_error_text_shows_an_ssl_value_that_is_not_the_default(
    connection_key: ConnectionKeyShape,
) -> None:
    """S-498."""
    key = cast("Any", connection_key)._replace(ssl=False)

    assert "ssl:False" in str(ClientConnectorError(key, OSError(111, "refused")))


def test_connector_error_falls_back_on_the_text_of_its_cause(
    connection_key: ConnectionKeyShape,
) -> None:
    """An OSError made of one text has no strerror; `[None]` would help nobody."""
    e = ClientConnectorError(connection_key, OSError("no address of that family"))

    assert str(e).endswith("[no address of that family]")


@pytest.mark.parametrize("error", CONNECTOR_ERRORS)
def test_connector_error_repr_hides_the_proxy_password(
    error: type[ClientConnectorError], connection_key: ConnectionKeyShape
) -> None:
    """S-014, B-41: the connection key may hold it."""
    e = error(connection_key, OSError(111, "refused"))

    assert "hunter2" not in repr(e)
    assert repr(e).startswith(f"{error.__name__}(")


@pytest.mark.parametrize("error", CONNECTOR_ERRORS)
def test_connector_error_pickles(
    error: type[ClientConnectorError], connection_key: ConnectionKeyShape
) -> None:
    """S-496."""
    e = error(connection_key, OSError(111, "refused"))

    copy = copy_of(e)

    assert type(copy) is error
    assert attributes(copy) == attributes(e)
    assert copy.args[0] == connection_key


def test_unix_connector_error_names_the_path(connection_key: ConnectionKeyShape) -> None:
    """S-499, S-498: `args` are those of every connector error."""
    cause = OSError(2, "No such file or directory")

    e = UnixClientConnectorError("/run/x.sock", connection_key, cause)

    assert e.path == "/run/x.sock"
    assert e.args == (connection_key, cause)
    assert str(e) == (
        "Cannot connect to unix socket /run/x.sock ssl:default [No such file or directory]"
    )


def test_unix_connector_error_pickles_with_its_path(connection_key: ConnectionKeyShape) -> None:
    """S-496."""
    e = UnixClientConnectorError("/run/x.sock", connection_key, OSError(2, "No such file"))

    copy = copy_of(e)

    assert (copy.path, copy.errno, copy.host) == ("/run/x.sock", 2, "example.com")
    assert str(copy) == str(e)


# --- S-501, S-502, time-outs ----------------------------------------------------------------------


def test_fingerprint_mismatch_keeps_and_shows_both_digests() -> None:
    """S-501."""
    e = ServerFingerprintMismatch(b"\x01" * 32, b"\x02" * 32, "example.com", 443)

    assert (e.expected, e.got, e.host, e.port) == (b"\x01" * 32, b"\x02" * 32, "example.com", 443)
    assert "example.com:443" in str(e)
    assert "01" * 32 in str(e)
    assert "02" * 32 in str(e)
    assert "host='example.com' port=443" in repr(e)
    assert attributes(copy_of(e)) == attributes(e)


def test_server_disconnected_says_so_by_default() -> None:
    """S-502."""
    e = ServerDisconnectedError()

    assert e.message == str(e)
    assert str(e).startswith("Server disconnected before")
    assert e.args == (e.message,)


def test_server_disconnected_keeps_a_given_message() -> None:
    """S-502."""
    e = ServerDisconnectedError("closed while idle")

    assert e.message == str(e) == "closed while idle"
    assert attributes(copy_of(e)) == attributes(e)


def test_server_disconnected_does_not_print_a_partial_head() -> None:
    """S-502, S-014: the head may hold Set-Cookie."""
    head = {"Set-Cookie": "sid=hunter2"}

    e = ServerDisconnectedError(head)

    assert e.message is head
    assert "hunter2" not in str(e) + repr(e)


@pytest.mark.parametrize("error", [*SERVER_TIMEOUTS, TotalTimeoutError])
def test_timeout_says_phase_limit_elapsed_and_host(
    error: type[ServerTimeoutError | TotalTimeoutError],
) -> None:
    """Every time-out carries its facts, in its text and as attributes."""
    e = error(phase="connect", limit=10, elapsed=10.0, host="example.com:443")

    assert str(e) == (
        "connect timed out after 10.0 s (limit: timeout.connect = 10.0) for example.com:443"
    )
    assert (e.phase, e.limit, e.elapsed, e.host) == ("connect", 10, 10.0, "example.com:443")


@pytest.mark.parametrize("error", [*SERVER_TIMEOUTS, TotalTimeoutError])
def test_timeout_without_facts_has_only_its_message(
    error: type[ServerTimeoutError | TotalTimeoutError],
) -> None:
    assert error("No PONG received").args == ("No PONG received",)
    assert error().args == ()


@pytest.mark.parametrize("error", [*SERVER_TIMEOUTS, TotalTimeoutError])
def test_timeout_pickles_with_its_facts(
    error: type[ServerTimeoutError | TotalTimeoutError],
) -> None:
    """S-496: and the text does not gain the facts a second time."""
    e = error("3 were waiting", phase="pool", limit=1.5, elapsed=1.501, host="h:80")

    copy = copy_of(e)

    assert type(copy) is error
    assert attributes(copy) == attributes(e)
    assert str(copy) == str(e)


# --- S-503: URLs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", URL_ERRORS)
def test_invalid_url_shows_url_and_description(error: type[InvalidURL]) -> None:
    """S-503."""
    e = error("http://host:99999/", "port out of range")

    assert (e.url, e.description) == ("http://host:99999/", "port out of range")
    assert str(e) == "http://host:99999/ - port out of range"
    assert e.args == ("http://host:99999/", "port out of range")


def test_invalid_url_without_description_is_the_url() -> None:
    """S-503."""
    e = InvalidURL("http://")

    assert (str(e), e.description, e.args) == ("http://", None, ("http://",))


@pytest.mark.parametrize("error", URL_ERRORS)
def test_invalid_url_masks_credentials_in_its_texts_only(error: type[InvalidURL]) -> None:
    """S-503, S-014: attributes keep the real values."""
    e = error("http://joe:hunter2@host:99999/", "port out of range")

    assert "hunter2" not in str(e) + repr(e)
    assert str(e).startswith("http://***@host:99999/")
    assert e.url == "http://joe:hunter2@host:99999/"


@pytest.mark.parametrize("error", URL_ERRORS)
@pytest.mark.parametrize("description", [None, "why"])
def test_invalid_url_pickles(error: type[InvalidURL], description: str | None) -> None:
    """S-496."""
    e = error("http://joe:pw@host", description)

    copy = copy_of(e)

    assert type(copy) is error
    assert attributes(copy) == attributes(e)


@pytest.mark.parametrize("error", [NonHttpUrlClientError, NonHttpUrlRedirectClientError])
def test_non_http_url_masks_credentials_in_its_texts_only(
    error: type[NonHttpUrlClientError],
) -> None:
    """S-014."""
    e = error("ftp://joe:hunter2@host/")

    assert str(e) == "ftp://***@host/"
    assert repr(e) == f"{error.__name__}('ftp://***@host/')"
    assert e.args == ("ftp://joe:hunter2@host/",)


# --- the plain rest -------------------------------------------------------------------------------


def test_websocket_error_has_a_close_code_and_shows_its_message() -> None:
    """S-504."""
    e = WebSocketError(1002, "reserved bits are set")

    assert e.code == 1002
    assert str(e) == "reserved bits are set"
    assert e.args == (1002, "reserved bits are set")
    assert copy_of(e).code == 1002


def test_os_error_takes_errno_and_text() -> None:
    """S-535."""
    e = ClientOSError(104, "Connection reset by peer")

    assert (e.errno, e.strerror) == (104, "Connection reset by peer")
    assert (copy_of(e).errno, copy_of(e).strerror) == (104, "Connection reset by peer")


@pytest.mark.parametrize("name", PLAIN)
def test_plain_errors_pickle_with_their_text(name: str) -> None:
    """S-496."""
    copy = copy_of(CLASSES[name]("what happened"))

    assert type(copy) is CLASSES[name]
    assert str(copy) == "what happened"


def test_no_class_is_left_out_of_the_pickling_tests() -> None:
    """S-496 holds for every class, so each must stand in one of the lists above."""
    special = [*RESPONSE_ERRORS, *CONNECTOR_ERRORS, *SERVER_TIMEOUTS, *URL_ERRORS]
    special += [TotalTimeoutError, UnixClientConnectorError, ServerFingerprintMismatch]
    special += [ServerDisconnectedError, WebSocketError, ClientConnectorCertificateError]

    assert {e.__name__ for e in special} | set(PLAIN) == set(CLASSES)


def test_tls_leaves_are_also_errors_of_ssl() -> None:
    """S-494: code that catches ssl's own classes keeps working."""
    assert issubclass(ClientConnectorSSLError, ssl.SSLError)
    assert issubclass(ClientConnectorCertificateError, ssl.SSLCertVerificationError)
