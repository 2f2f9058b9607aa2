"""Must type-check: what users see of the errors they catch. Read by mypy, never run."""

import ssl
from collections.abc import Mapping
from typing import assert_type

from yarl import URL

from wherry_errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientResponseError,
    InvalidURL,
    RequestInfoShape,
    ServerTimeoutError,
    TotalTimeoutError,
    WebSocketError,
)


def of_a_response(error: ClientResponseError) -> None:
    assert_type(error.request_info, RequestInfoShape)
    assert_type(error.request_info.real_url, URL)
    assert_type(error.status, int)
    assert_type(error.headers, Mapping[str, str] | None)


def of_a_connection(error: ClientConnectorError) -> None:
    assert_type(error.os_error, OSError)
    assert_type(error.host, str)
    assert_type(error.port, int | None)


def of_tls(error: ClientConnectorCertificateError) -> ssl.SSLCertVerificationError:
    assert_type(error.certificate_error, Exception)
    assert_type(error.ssl, bool)
    assert_type(error.verify_code, int)
    return error


def of_other_tls(error: ClientConnectorSSLError) -> ssl.SSLError:
    assert_type(error.reason, str)
    return error


def of_a_timeout(error: ServerTimeoutError, total: TotalTimeoutError) -> None:
    assert_type(error.phase, str | None)
    assert_type(total.limit, float | None)


def of_the_rest(url: InvalidURL, websocket: WebSocketError) -> None:
    assert_type(url.url, str | URL)
    assert_type(url.description, str | None)
    assert_type(websocket.code, int)
