"""TLS settings: which context a connection uses, and certificates pinned by fingerprint.

The two default contexts are made when this module is imported, because loading the trust store
blocks for some milliseconds and must not do so inside a running loop (S-157).
"""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

from wherry_errors import ServerFingerprintMismatch

if TYPE_CHECKING:
    import asyncio

    from ._route import ConnectionKey

ALPN_PROTOCOLS = ["http/1.1"]


class Fingerprint:
    """The SHA-256 digest a server's certificate must have; replaces chain and name checks.

    `digest` is 32 bytes, over the certificate in DER form. MD5 and SHA-1 digests are refused.
    """

    __slots__ = ("fingerprint",)

    def __init__(self, fingerprint: bytes) -> None:
        if len(fingerprint) in (16, 20):
            raise ValueError("MD5 and SHA-1 fingerprints are not safe; use the SHA-256 digest")
        if len(fingerprint) != hashlib.sha256().digest_size:
            raise ValueError(f"a SHA-256 fingerprint has 32 bytes, got {len(fingerprint)}")
        self.fingerprint = fingerprint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Fingerprint({self.fingerprint.hex()})"

    def check(self, transport: asyncio.BaseTransport, host: str, port: int) -> None:
        """Raise `ServerFingerprintMismatch` unless the peer's certificate is the expected one.

        Does nothing on a connection without TLS (S-160).
        """
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is None:
            return
        certificate = ssl_object.getpeercert(binary_form=True) or b""
        got = hashlib.sha256(certificate).digest()
        if got != self.fingerprint:
            raise ServerFingerprintMismatch(self.fingerprint, got, host, port)


SSLSetting = bool | ssl.SSLContext | Fingerprint
"""How to treat TLS: default verification, none, a caller's context, or a pinned certificate."""


def check_setting(value: object) -> SSLSetting:
    """`value` if it can be an `ssl=` argument; `None` counts as True; else `TypeError` (S-466)."""
    if value is None:
        return True
    if isinstance(value, (bool, ssl.SSLContext, Fingerprint)):
        return value
    raise TypeError(
        "ssl must be True (verify), False (do not), an ssl.SSLContext or a wherry.Fingerprint, "
        f"got {type(value).__name__}"
    )


def _make_context(*, verified: bool) -> ssl.SSLContext:
    if verified:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    return context


_VERIFIED = _make_context(verified=True)
_UNVERIFIED = _make_context(verified=False)


def context_for(*settings: SSLSetting) -> ssl.SSLContext:
    """The context of the first setting that is not True: the request's, then the connector's."""
    for setting in settings:
        if isinstance(setting, ssl.SSLContext):
            return setting
        if setting is False or isinstance(setting, Fingerprint):
            return _UNVERIFIED
    return _VERIFIED


def fingerprint_for(*settings: SSLSetting) -> Fingerprint | None:
    """The fingerprint to check, by the same precedence."""
    for setting in settings:
        if setting is not True:
            return setting if isinstance(setting, Fingerprint) else None
    return None


def check_fingerprint(
    transport: asyncio.Transport, route: ConnectionKey, *settings: SSLSetting
) -> None:
    """Check the pinned certificate, if one is pinned; abort `transport` if it is another one."""
    fingerprint = fingerprint_for(*settings)
    if fingerprint is None:
        return
    try:
        fingerprint.check(transport, route.host, route.port or 0)
    except BaseException:
        transport.abort()
        raise
