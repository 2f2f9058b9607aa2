"""The TLS errors that derive from classes of `ssl`, kept apart so that few load `ssl`.

`wherry_errors` imports this module when one of the two names is first asked for.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from ._tree import ClientSSLError

if TYPE_CHECKING:
    from ._shapes import ConnectionKeyShape

__all__ = ["ClientConnectorCertificateError", "ClientConnectorSSLError"]

# What OpenSSL says beyond errno and strerror; set by the ssl module where it raises, not by its
# constructors.
_TLS_FACTS = ("library", "reason", "verify_code", "verify_message")


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed for a reason other than the certificate."""

    def __init__(self, connection_key: ConnectionKeyShape, os_error: OSError) -> None:
        super().__init__(connection_key, os_error)
        _copy_tls_facts(os_error, self)


class ClientConnectorCertificateError(ClientSSLError, ssl.SSLCertVerificationError):
    """The certificate of the server was rejected; `certificate_error` says why."""

    args: tuple[Any, ...]  # Any: as every exception has it
    """The connection key and what the verification raised."""

    def __init__(self, connection_key: ConnectionKeyShape, certificate_error: Exception) -> None:
        super().__init__(connection_key, _as_os_error(certificate_error))
        self._certificate_error = certificate_error
        self.args = (connection_key, certificate_error)
        _copy_tls_facts(certificate_error, self)

    @property
    def certificate_error(self) -> Exception:
        """What the verification of the certificate raised."""
        return self._certificate_error

    @property
    def ssl(self) -> bool:
        """Whether TLS was asked for."""
        return self._conn_key.is_ssl

    def __str__(self) -> str:
        error = self._certificate_error
        return (
            f"Cannot connect to host {self.host}:{self.port} ssl:{self.ssl} "
            f"[{type(error).__name__}: {error}]"
        )


def _as_os_error(error: Exception) -> OSError:
    """`error` itself when it is an OSError, as those of `ssl` are, else one with its text."""
    return error if isinstance(error, OSError) else ssl.SSLCertVerificationError(str(error))


def _copy_tls_facts(source: Exception, target: ClientSSLError) -> None:
    for name in _TLS_FACTS:
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))


for _name in __all__:
    globals()[_name].__module__ = __package__
