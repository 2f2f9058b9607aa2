"""The exception tree of the wherry HTTP client: names, arguments, pickling, and nothing else."""

from typing import TYPE_CHECKING

from ._shapes import ConnectionKeyShape, RequestInfoShape
from ._timeout_text import timeout_text
from ._tree import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
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
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
    UnixClientConnectorError,
    WebSocketError,
    WSMessageTypeError,
    WSServerHandshakeError,
)
from ._version import __version__
from ._warn import warn_caller
from .masking import masked_headers, masked_url

if TYPE_CHECKING:
    from ._tls import ClientConnectorCertificateError, ClientConnectorSSLError
else:

    def __getattr__(name: str) -> object:
        """The two classes that need `ssl`, loaded when first asked for (PEP 562)."""
        if name not in ("ClientConnectorCertificateError", "ClientConnectorSSLError"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import _tls

        globals()[name] = value = getattr(_tls, name)
        return value

    def __dir__() -> list[str]:
        """Every public name, whether it is loaded yet or not."""
        return sorted({*globals(), *__all__})


__all__ = [
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHttpProxyError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientResponseError",
    "ClientSSLError",
    "ConnectionKeyShape",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "RedirectClientError",
    "RequestInfoShape",
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
    "__version__",
    "masked_headers",
    "masked_url",
    "timeout_text",
    "warn_caller",
]
