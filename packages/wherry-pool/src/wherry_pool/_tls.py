"""TLS settings: which context a connection uses, and certificates pinned by fingerprint.

The two default contexts are made when this module is imported, because loading the trust store
blocks for some milliseconds and must not do so inside a running loop (S-157).
"""

from __future__ import annotations

import hashlib
import os
import ssl
import sys
from typing import TYPE_CHECKING

from wherry_errors import ServerFingerprintMismatch, warn_caller

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
        self.fingerprint: bytes = fingerprint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Fingerprint({self.fingerprint.hex()})"

    def check(self, transport: asyncio.BaseTransport, host: str = "", port: int = 0) -> None:
        """Raise `ServerFingerprintMismatch` unless the peer's certificate is the expected one.

        `host` and `port` are for the error; without them it has the peer's address. Does nothing on
        a connection without TLS (S-160).
        """
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is None:
            return
        certificate = ssl_object.getpeercert(binary_form=True) or b""
        got = hashlib.sha256(certificate).digest()
        if got != self.fingerprint:
            if not host:
                host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
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


def merge_ssl_arguments(
    ssl_setting: object = True,
    *,
    verify_ssl: bool | None = None,
    ssl_context: ssl.SSLContext | None = None,
    fingerprint: bytes | None = None,
) -> SSLSetting:
    """What `ssl=` and the three deprecated arguments it replaced come to (S-110, S-466).

    `verify_ssl=False` stands for `ssl=False`, `ssl_context` for `ssl=context`, `fingerprint` for
    `ssl=Fingerprint(digest)`. Each warns the line outside of this project that passed it.

    Raises `ValueError` if more than one says something, `TypeError` for what is none of these.
    """
    given: list[tuple[str, object]] = []
    if verify_ssl is not None and not verify_ssl:
        given.append(("verify_ssl=False", False))
    if ssl_context is not None:
        given.append(("ssl_context", ssl_context))
    if fingerprint is not None:
        given.append(("fingerprint", Fingerprint(fingerprint)))
    setting = check_setting(ssl_setting)
    for name, value in given:
        replacement = "ssl=False" if value is False else f"ssl={type(value).__name__}(...)"
        warn_caller(f"{name} is deprecated; write {replacement}")
    if not given:
        return setting
    names = [name for name, _ in given]
    if setting is not True:
        names.append("ssl")
    if len(names) > 1:
        raise ValueError(f"{', '.join(names)} exclude each other; give ssl alone")
    return check_setting(given[0][1])


def system_trust_context() -> ssl.SSLContext:
    """A context that has the operating system verify certificates, for `ssl=`.

    On macOS and Windows that is what browsers ask, with the authorities an administrator added, and
    without a file of certificates. Needs the extra `wherry-pool[truststore]`; raises `RuntimeError`
    without it. Reads files: make one per program, before the loop runs or in a thread.
    """
    try:
        import truststore
    except ImportError as error:
        raise RuntimeError(
            "system_trust_context() needs truststore: pip install 'wherry-pool[truststore]'"
        ) from error
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    _log_keys(context)
    return context


def _log_keys(context: ssl.SSLContext) -> None:
    """Write the keys of sessions to the file named by SSLKEYLOGFILE, if there is one.

    So that a capture can be decrypted. `ssl.create_default_context` does the same, by these rules.
    """
    path = os.environ.get("SSLKEYLOGFILE")
    if path and not sys.flags.ignore_environment and hasattr(context, "keylog_filename"):
        context.keylog_filename = path


def _make_context(*, verified: bool) -> ssl.SSLContext:
    if verified:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.options |= ssl.OP_NO_COMPRESSION
        _log_keys(context)
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
