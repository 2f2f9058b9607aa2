"""Where errors of the codec, the operating system and TLS become client errors.

The only place: everywhere else they pass as they are. The session adds what concerns a request.
Each function returns the error, with its cause set, for the caller to raise or to store.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, TypeVar

from wherry_codec import CHUNKED, UNTIL_CLOSE
from wherry_errors import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    UnixClientConnectorError,
)

if TYPE_CHECKING:
    from wherry_codec import RemoteProtocolError

    from ._route import ConnectionKey

E = TypeVar("E", bound=BaseException)


def _described(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def because(error: E, cause: BaseException | None) -> E:
    """`error` with `cause` as its `__cause__`."""
    error.__cause__ = cause
    return error


def with_text(error: OSError) -> OSError:
    """An `OSError` that has a `strerror`, so that messages are never `[None]`."""
    if error.strerror:
        return error
    text = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return because(OSError(error.errno or 0, text), error)


def connect_failed(key: ConnectionKey, error: OSError) -> ClientConnectorError:
    """Connecting to an address of the host failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return because(ClientConnectorCertificateError(key, error), error)
    if isinstance(error, ssl.SSLError):
        return because(ClientConnectorSSLError(key, error), error)
    return because(ClientConnectorError(key, with_text(error)), error)


def resolve_failed(key: ConnectionKey, error: OSError) -> ClientConnectorDNSError:
    """The host name has no address, or the resolver could not tell."""
    return because(ClientConnectorDNSError(key, with_text(error)), error)


def unix_connect_failed(path: str, key: ConnectionKey, error: OSError) -> UnixClientConnectorError:
    """Connecting to a Unix socket failed."""
    return because(UnixClientConnectorError(path, key, with_text(error)), error)


def attempt_timed_out(host: str, limit: float | None) -> ConnectionTimeoutError:
    """One round of connecting to `host` (or a path) took longer than `sock_connect` (S-151)."""
    return ConnectionTimeoutError(phase="sock_connect", limit=limit, elapsed=limit, host=host)


def broken_off(
    error: BaseException | None, name: str, uses: int, idle_s: float, *, has_begun: bool
) -> ClientError:
    """The connection ended before a complete response head.

    `uses` counts the requests sent over it, this one included; `idle_s` is how long it had been
    idle before this request, if it was not new.
    """
    past = "it was new" if uses <= 1 else f"it had carried {uses - 1} requests before"
    if uses > 1:
        past += f" and been idle for {idle_s:.1f} s"
    where = "in the middle of the response head" if has_begun else "before a response came"
    text = f"the connection to {name} ended {where} ({past})"
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        return because(ClientOSError(error.errno, f"{reason}; {text}"), error)
    return because(ServerDisconnectedError(text), error)


def body_cut_short(length: int, received: int, error: BaseException | None) -> ClientPayloadError:
    """The connection ended before the body did (S-062)."""
    if length == CHUNKED:
        text = f"response body ended after {received} bytes, before its last chunk"
    elif length == UNTIL_CLOSE:
        text = f"the connection broke after {received} bytes of a response body of unknown length"
    else:
        text = f"response body ended after {received} of {length} bytes"
    if error is not None:
        text += f": {str(error) or type(error).__name__}"
    return because(ClientPayloadError(text), error)


def body_broken(error: RemoteProtocolError) -> ClientPayloadError:
    """The framing of the body is wrong (S-063)."""
    return because(ClientPayloadError(f"response body is malformed: {error}"), error)


def payload_failed(error: BaseException) -> ClientError:
    """The request body could not be produced or sent (S-399)."""
    if isinstance(error, ClientError):
        return error
    if isinstance(error, OSError):
        text = f"cannot write the request body: {error.strerror or error}"
        return because(ClientOSError(error.errno, text), error)
    text = f"the request body failed while it was being sent: {_described(error)}"
    return because(ClientConnectionError(text), error)
