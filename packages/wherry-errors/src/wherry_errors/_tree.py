"""The exception tree: every error of the client but the two that derive from classes of `ssl`.

It decides the names, the bases and their order, the constructor arguments, the attributes, the
texts, and what survives pickling. It does not decide when an error is raised, and it imports
neither asyncio nor ssl.

`args` of each class are the positional arguments of its constructor, so the pickling of
`BaseException` (call the class with `args`, then restore `__dict__`) does the work; where that is
not so, `__reduce__` says why.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ._timeout_text import timeout_text
from .masking import masked_headers, masked_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._shapes import ConnectionKeyShape, RequestInfoShape, StrOrURL

__all__ = [
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientError",
    "ClientHttpProxyError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientResponseError",
    "ClientSSLError",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "RedirectClientError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TooManyRedirects",
    "TotalTimeoutError",
    "UnixClientConnectorError",
    "WSMessageTypeError",
    "WSServerHandshakeError",
    "WebSocketError",
]


class ClientError(Exception):
    """Base of every error but the total time-out and those about wrong arguments."""


# --- a response came, and it is not what was wanted -----------------------------------------------


class ClientResponseError(ClientError):
    """A response was refused: its status, its head, or its type.

    `request_info` is the request, `history` the responses of earlier redirects, `status` the status
    code (0 if there is none), `message` the reason, `headers` the response's fields or None. `code`
    is the old name of `status`; giving both raises ValueError.

    A pickled copy has an empty `history`, because responses cannot leave their process, and
    `headers` as a mutable copy.
    """

    request_info: RequestInfoShape
    history: tuple[Any, ...]
    status: int
    message: str
    headers: Mapping[str, str] | None

    def __init__(
        self,
        request_info: RequestInfoShape,
        history: tuple[Any, ...],
        *,
        code: int | None = None,
        status: int | None = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if code is not None:
            if status is not None:
                raise ValueError(
                    f"status={status} and code={code} are both given; give status alone"
                )
            warnings.warn(
                "the argument code is deprecated, use status", DeprecationWarning, stacklevel=2
            )
        super().__init__(request_info, history)
        self.request_info = request_info
        self.history = history
        self.status = status or code or 0
        self.message = message
        self.headers = headers

    @property
    def code(self) -> int:
        """The old name of `status` (deprecated)."""
        warnings.warn(
            "the attribute code is deprecated, use status", DeprecationWarning, stacklevel=2
        )
        return self.status

    @code.setter
    def code(self, value: int) -> None:
        warnings.warn(
            "the attribute code is deprecated, use status", DeprecationWarning, stacklevel=2
        )
        self.status = value

    def __str__(self) -> str:
        return f"{self.status}, message={self.message!r}, url={self._masked_url()!r}"

    def __repr__(self) -> str:
        sent = masked_headers(getattr(self.request_info, "headers", None) or {})
        received = masked_headers(self.headers or {})
        return (
            f"{type(self).__name__}(method={getattr(self.request_info, 'method', None)!r}, "
            f"url={self._masked_url()!r}, request_headers={sent!r}, "
            f"history={len(self.history or ())} responses, "
            f"status={self.status}, message={self.message!r}, headers={received!r})"
        )

    def _masked_url(self) -> str:
        # Tests often build these errors without a request; that must not break a traceback.
        return masked_url(getattr(self.request_info, "real_url", None))

    def __reduce__(self) -> tuple[Any, ...]:
        # Responses hold sockets and multidict proxies refuse to be pickled; the rest of the state
        # goes along.
        state = self.__dict__ | {"history": (), "headers": _unfrozen(self.headers)}
        return type(self), (self.request_info, ()), state


def _unfrozen(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """A copy that can be pickled: `copy()` of a read-only view gives the mutable kind."""
    copy: Callable[[], Mapping[str, str]] | None = getattr(headers, "copy", None)
    return headers if copy is None else copy()


class ContentTypeError(ClientResponseError):
    """The media type of the response is not the one that was asked for, for example by `json()`."""


class WSServerHandshakeError(ClientResponseError):
    """The server refused the opening handshake of a WebSocket or botched it (RFC 6455 §4.1)."""


class ClientHttpProxyError(ClientResponseError):
    """A proxy answered CONNECT with a status other than 200."""


class TooManyRedirects(ClientResponseError):  # noqa: N818 - a name users know
    """The limit of redirects is reached; `history` has every response met on the way."""


# --- the connection could not be made, or did not last --------------------------------------------


class ClientConnectionError(ClientError):
    """Base of the errors about a connection; raised itself when the client closed it."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """Something was to be written to a connection that is closing."""


class ClientOSError(ClientConnectionError, OSError):
    """The operating system failed a read or a write; `errno` and `strerror` say how."""


class ClientConnectorError(ClientOSError):
    """No connection could be made to a host.

    `os_error` is the cause; `errno` and `strerror` are its own. `host`, `port` and `ssl` name the
    place. The connection key stands in `args`; it may hold proxy credentials, so neither `str` nor
    `repr` show it.
    """

    args: tuple[Any, ...]  # Any: as every exception has it
    """The connection key and the cause."""

    def __init__(self, connection_key: ConnectionKeyShape, os_error: OSError) -> None:
        self._conn_key = connection_key
        self._os_error = os_error
        super().__init__(os_error.errno, os_error.strerror)
        self.args = (connection_key, os_error)

    @property
    def os_error(self) -> OSError:
        """The error of the operating system, the resolver or the TLS library."""
        return self._os_error

    @property
    def host(self) -> str:
        """Host name or address."""
        return self._conn_key.host

    @property
    def port(self) -> int | None:
        """Port, None where there is none."""
        return self._conn_key.port

    @property
    def ssl(self) -> object:
        """The `ssl` value of the request."""
        return self._conn_key.ssl

    def __str__(self) -> str:
        return f"Cannot connect to host {self.host}:{self.port} {self._failure()}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, os_error={self._os_error!r})"

    def _failure(self) -> str:
        tls = "default" if self._conn_key.ssl is True else self._conn_key.ssl
        return f"ssl:{tls} [{self.strerror or self._os_error}]"


class ClientConnectorDNSError(ClientConnectorError):
    """The name of the host could not be resolved."""


class ClientProxyConnectionError(ClientConnectorError):
    """No connection could be made to the proxy; `host` and `port` are the proxy's."""


class UnixClientConnectorError(ClientConnectorError):
    """No connection could be made to the Unix socket at `path`."""

    def __init__(self, path: str, connection_key: ConnectionKeyShape, os_error: OSError) -> None:
        self._path = path
        super().__init__(connection_key, os_error)

    @property
    def path(self) -> str:
        """The path of the socket."""
        return self._path

    def __str__(self) -> str:
        return f"Cannot connect to unix socket {self._path} {self._failure()}"

    def __reduce__(self) -> tuple[Any, ...]:
        # `args` are those of every connector error; the constructor takes the path before them.
        return type(self), (self._path, *self.args), self.__dict__


class ClientSSLError(ClientConnectorError):
    """Base of the TLS errors; its leaves derive from the matching classes of `ssl` too."""


# --- the server broke off, lied, or was too slow --------------------------------------------------


class ServerConnectionError(ClientConnectionError):
    """Base of the errors the server is to blame for."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed the connection before a complete response head.

    `message` is a text, or the partly parsed head when one had begun; the texts of the error never
    show a head.
    """

    message: object

    def __init__(self, message: object = None) -> None:
        if message is None:
            message = (
                "Server disconnected before it sent a complete response head; "
                "whether it acted on the request is unknown"
            )
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        if isinstance(self.message, str):
            return self.message
        return "Server disconnected in the middle of the response head"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ServerFingerprintMismatch(ServerConnectionError):  # noqa: N818 - a name users know
    """The server's certificate is not the pinned one: `expected` and `got` are SHA-256 digests."""

    expected: bytes
    got: bytes
    host: str
    port: int

    def __init__(self, expected: bytes, got: bytes, host: str, port: int) -> None:
        super().__init__(expected, got, host, port)
        self.expected = expected
        self.got = got
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return (
            f"Certificate fingerprint of {self.host}:{self.port} differs: "
            f"expected {self.expected.hex()}, got {self.got.hex()}"
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} expected={self.expected!r} got={self.got!r} "
            f"host={self.host!r} port={self.port!r}>"
        )


class ServerTimeoutError(ServerConnectionError, TimeoutError):
    """The server was too slow. `except TimeoutError` catches it too.

    `phase` names what took too long ("connect", "sock_connect", "sock_read", "pool"), `limit` and
    `elapsed` are seconds, `host` is `name:port`; each is None if unknown. The text is made of them,
    `message` follows.
    """

    phase: str | None
    limit: float | None
    elapsed: float | None
    host: str | None

    def __init__(
        self,
        message: str = "",
        *,
        phase: str | None = None,
        limit: float | None = None,
        elapsed: float | None = None,
        host: str | None = None,
    ) -> None:
        text = timeout_text(message, phase=phase, limit=limit, elapsed=elapsed, host=host)
        super().__init__(*([text] if text else []))
        self.phase = phase
        self.limit = limit
        self.elapsed = elapsed
        self.host = host


class ConnectionTimeoutError(ServerTimeoutError):
    """No connection in time: neither a free one from the pool nor a new one."""


class SocketTimeoutError(ServerTimeoutError):
    """The server sent nothing for longer than `sock_read`."""


class TotalTimeoutError(TimeoutError):
    """The whole request took longer than `total`. A plain time-out, not a ClientError.

    Attributes and text are those of ServerTimeoutError; `phase` is "total".
    """

    phase: str | None
    limit: float | None
    elapsed: float | None
    host: str | None

    def __init__(
        self,
        message: str = "",
        *,
        phase: str | None = None,
        limit: float | None = None,
        elapsed: float | None = None,
        host: str | None = None,
    ) -> None:
        text = timeout_text(message, phase=phase, limit=limit, elapsed=elapsed, host=host)
        super().__init__(*([text] if text else []))
        self.phase = phase
        self.limit = limit
        self.elapsed = elapsed
        self.host = host


# --- the body, the URL ----------------------------------------------------------------------------


class ClientPayloadError(ClientError):
    """The body is cut short, cannot be decoded, or cannot be sent again after a redirect."""


class InvalidURL(ClientError, ValueError):  # noqa: N818 - a name users know
    """A URL cannot be used: `url` as it was given, `description` says why or is None."""

    def __init__(self, url: StrOrURL, description: str | None = None) -> None:
        self._url = url
        self._description = description
        super().__init__(*((url,) if description is None else (url, description)))

    @property
    def url(self) -> StrOrURL:
        """The URL as it was given, credentials included."""
        return self._url

    @property
    def description(self) -> str | None:
        """What is wrong with it."""
        return self._description

    def __str__(self) -> str:
        url = masked_url(self._url)
        return f"{url} - {self._description}" if self._description else url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class InvalidUrlClientError(InvalidURL):
    """The URL of a request cannot be used: unparsable, without host, port out of range."""


class RedirectClientError(ClientError):
    """Base of the errors about the target of a redirect."""


class NonHttpUrlClientError(ClientError):
    """The scheme of a URL is not one the connector can speak; `args[0]` is the URL."""

    def __str__(self) -> str:
        return masked_url(super().__str__())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """A response redirects to a URL that cannot be used."""


class NonHttpUrlRedirectClientError(NonHttpUrlClientError, RedirectClientError):
    """A response redirects to a scheme the connector cannot speak."""


# --- WebSocket ------------------------------------------------------------------------------------


class WSMessageTypeError(TypeError):
    """A WebSocket message is not of the type that was asked for: text, binary or JSON."""


class WebSocketError(Exception):
    """The server broke the WebSocket protocol; `code` is our close code (RFC 6455 §7.4.1)."""

    code: int

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


# Tracebacks and pickles name the public package, so that the modules below it may be rearranged.
for _name in __all__:
    globals()[_name].__module__ = __package__
