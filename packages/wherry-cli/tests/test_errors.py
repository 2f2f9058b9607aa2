"""Exit statuses and error lines."""

import ssl
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

import wherry
from wherry_cli._errors import (
    MAX_LINE,
    CommandError,
    ExitStatus,
    error_line,
    exit_status,
    one_line,
    printable,
)

KEY = SimpleNamespace(host="h", port=1, is_ssl=True, ssl=True)
OS_ERROR = OSError(111, "refused")
INFO = SimpleNamespace(
    real_url=URL("http://me:s3cret@h:8/x?token=s3cret"),
    url=URL("http://h:8/"),
    headers={},
    method="GET",
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CommandError(ExitStatus.HTTP_ERROR, "x"), ExitStatus.HTTP_ERROR),
        (wherry.InvalidURL("x"), ExitStatus.INVALID_URL),
        (wherry.NonHttpUrlClientError("ftp://x"), ExitStatus.INVALID_URL),
        (wherry.InvalidUrlRedirectClientError("x"), ExitStatus.REDIRECT),
        (wherry.NonHttpUrlRedirectClientError("ftp://x"), ExitStatus.REDIRECT),
        (wherry.TooManyRedirects(INFO, ()), ExitStatus.REDIRECT),
        (wherry.ClientConnectorError(KEY, OS_ERROR), ExitStatus.CONNECT),
        (wherry.ClientConnectorDNSError(KEY, OS_ERROR), ExitStatus.CONNECT),
        (wherry.ClientProxyConnectionError(KEY, OS_ERROR), ExitStatus.CONNECT),
        (wherry.ClientHttpProxyError(INFO, ()), ExitStatus.CONNECT),
        (wherry.ClientConnectorSSLError(KEY, ssl.SSLError(1, "x")), ExitStatus.TLS),
        (wherry.ClientConnectorCertificateError(KEY, ValueError("x")), ExitStatus.TLS),
        (wherry.ServerFingerprintMismatch(b"a", b"b", "h", 1), ExitStatus.TLS),
        (wherry.ServerTimeoutError(), ExitStatus.TIMEOUT),
        (wherry.ConnectionTimeoutError(), ExitStatus.TIMEOUT),
        (TimeoutError(), ExitStatus.TIMEOUT),
        (wherry.ServerDisconnectedError(), ExitStatus.PROTOCOL),
        (wherry.ClientResponseError(INFO, ()), ExitStatus.PROTOCOL),
        (wherry.ClientOSError(104, "reset"), ExitStatus.PROTOCOL),
        (wherry.ClientConnectionResetError(), ExitStatus.PROTOCOL),
        (wherry.ClientPayloadError("x"), ExitStatus.BODY),
        (FileNotFoundError(2, "x", "f"), ExitStatus.LOCAL_FILE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_error_has_its_status_and_a_line(error: BaseException, status: ExitStatus) -> None:
    """The classes overlap, so the order of the questions matters."""
    assert exit_status(error) is status
    assert error_line(error)


def test_file_that_became_shorter_is_a_local_matter() -> None:
    """The session says that the body failed, and why."""
    error = wherry.ClientConnectionError("the request body failed")
    error.__cause__ = EOFError("file 'f' ended")

    assert exit_status(error) is ExitStatus.LOCAL_FILE


def test_line_about_a_response_names_the_server_without_credentials() -> None:
    """The host, not the URL."""
    line = error_line(wherry.ClientResponseError(INFO, (), message="bad status line"))

    assert line == "bad status line (from h:8)"


def test_line_about_a_file_names_it() -> None:
    """As Python knows it, without the number."""
    assert error_line(FileNotFoundError(2, "No such file", "a b")) == "No such file: 'a b'"


def test_error_without_text_is_named_by_its_class() -> None:
    """Never an empty line."""
    assert error_line(TimeoutError()) == "TimeoutError"


@given(st.text())
def test_line_is_one_printable_line(text: str) -> None:
    """Whatever a server puts into an error: one line, no escape sequence, bounded."""
    line = one_line(text)

    assert line.isprintable()
    assert len(line) <= MAX_LINE + 3


@given(st.text())
def test_printable_text_stays_as_it_is(text: str) -> None:
    """Only what is not printable is escaped."""
    shown = printable(text)

    assert shown.isprintable()
    assert (shown == text) is text.isprintable()
