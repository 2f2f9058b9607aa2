"""Which TLS settings a connection uses."""

import asyncio
import hashlib
import importlib.util
import os
import ssl
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from wherry_errors import ServerFingerprintMismatch
from wherry_pool import (
    Fingerprint,
    SSLSetting,
    check_setting,
    merge_ssl_arguments,
    system_trust_context,
)
from wherry_pool._tls import context_for, fingerprint_for
from wherry_pool.testing import MemoryTransport

PIN, OTHER_PIN = Fingerprint(b"a" * 32), Fingerprint(b"b" * 32)
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
VERIFIED, UNVERIFIED = context_for(True), context_for(False)


@pytest.mark.parametrize("size", [0, 16, 20, 31, 33])
def test_only_sha256_digests_are_taken(size: int) -> None:
    """S-160: MD5 and SHA-1 by name."""
    text = "not safe" if size in (16, 20) else f"got {size}"
    with pytest.raises(ValueError, match=text):
        Fingerprint(b"a" * size)


def test_fingerprint_is_a_value() -> None:
    """S-160, S-161: equal digests are one pool key."""
    assert PIN.fingerprint == b"a" * 32
    assert Fingerprint(b"a" * 32) == PIN
    assert hash(Fingerprint(b"a" * 32)) == hash(PIN)
    assert PIN != OTHER_PIN
    assert PIN != b"a" * 32
    assert repr(PIN) == f"Fingerprint({'61' * 32})"


@pytest.mark.parametrize("value", [True, False, CONTEXT, PIN])
def test_setting_is_taken_as_it_is(value: SSLSetting) -> None:
    """S-110."""
    assert check_setting(value) is value


def test_none_means_the_default() -> None:
    """S-110."""
    assert check_setting(None) is True


@pytest.mark.parametrize("value", [0, 1, "yes", b"a" * 32, object()])
def test_other_types_are_refused(value: object) -> None:
    """S-110, S-466, S-512."""
    with pytest.raises(TypeError, match=f"got {type(value).__name__}"):
        check_setting(value)


@pytest.mark.parametrize(
    ("request_setting", "connector_setting", "context", "pin"),
    [
        (True, True, VERIFIED, None),
        (True, False, UNVERIFIED, None),
        (True, CONTEXT, CONTEXT, None),
        (True, PIN, UNVERIFIED, PIN),
        (False, True, UNVERIFIED, None),
        (False, CONTEXT, UNVERIFIED, None),
        (False, PIN, UNVERIFIED, None),
        (CONTEXT, False, CONTEXT, None),
        (CONTEXT, PIN, CONTEXT, None),
        (PIN, CONTEXT, UNVERIFIED, PIN),
        (PIN, OTHER_PIN, UNVERIFIED, PIN),
    ],
)
def test_request_comes_before_connector(
    request_setting: SSLSetting,
    connector_setting: SSLSetting,
    context: ssl.SSLContext,
    pin: Fingerprint | None,
) -> None:
    """S-157, SEC-32."""
    assert context_for(request_setting, connector_setting) is context
    assert fingerprint_for(request_setting, connector_setting) is pin


def test_default_contexts_are_made_once() -> None:
    """S-157: and one of them verifies."""
    assert context_for(True) is VERIFIED
    assert (VERIFIED.verify_mode, VERIFIED.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (UNVERIFIED.verify_mode, UNVERIFIED.check_hostname) == (ssl.CERT_NONE, False)
    assert UNVERIFIED.options & ssl.OP_NO_COMPRESSION


async def test_connection_without_tls_is_not_checked() -> None:
    """S-160."""
    transport = MemoryTransport(asyncio.get_running_loop(), asyncio.Protocol())

    PIN.check(transport, "example.com", 80)

    transport.abort()


class FakeTls:
    """The part of an `ssl_object` a fingerprint asks."""

    def getpeercert(self, *, binary_form: bool) -> bytes:
        assert binary_form
        return b"certificate"


async def test_error_of_a_fingerprint_names_the_peer() -> None:
    """S-160: by the host that was asked for, else by its address."""
    extra = {"ssl_object": FakeTls(), "peername": ("192.0.2.1", 443)}
    transport = MemoryTransport(asyncio.get_running_loop(), asyncio.Protocol(), extra=extra)

    with pytest.raises(ServerFingerprintMismatch) as caught:
        PIN.check(transport, "example.com", 8443)
    assert (caught.value.host, caught.value.port) == ("example.com", 8443)
    with pytest.raises(ServerFingerprintMismatch) as caught:
        PIN.check(transport)
    assert (caught.value.host, caught.value.port) == ("192.0.2.1", 443)

    Fingerprint(hashlib.sha256(b"certificate").digest()).check(transport)
    transport.abort()


# --- deprecated arguments ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected", "replacement"),
    [
        ({"verify_ssl": False}, False, "ssl=False"),
        ({"ssl_context": CONTEXT}, CONTEXT, r"ssl=SSLContext"),
        ({"fingerprint": b"a" * 32}, PIN, r"ssl=Fingerprint"),
        ({"verify_ssl": False, "ssl_setting": None}, False, "ssl=False"),
    ],
)
def test_old_arguments_stand_for_ssl(
    arguments: dict[str, Any], expected: SSLSetting, replacement: str
) -> None:
    """S-110: each warns its caller and says what to write."""
    with pytest.warns(DeprecationWarning, match=replacement) as caught:
        assert merge_ssl_arguments(**arguments) == expected

    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("verify", [None, True])
@pytest.mark.parametrize("value", [True, False, CONTEXT, PIN])
def test_ssl_alone_does_not_warn(value: SSLSetting, verify: bool | None) -> None:
    """S-110, S-466: `verify_ssl=True` says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert merge_ssl_arguments(value, verify_ssl=verify) is value
        assert merge_ssl_arguments(None) is True


@pytest.mark.parametrize(
    "arguments",
    [
        {"verify_ssl": False, "ssl_context": CONTEXT},
        {"verify_ssl": False, "fingerprint": b"a" * 32},
        {"ssl_context": CONTEXT, "fingerprint": b"a" * 32},
        {"verify_ssl": False, "ssl_setting": False},
        {"ssl_context": CONTEXT, "ssl_setting": CONTEXT},
        {"fingerprint": b"a" * 32, "ssl_setting": PIN},
    ],
)
def test_old_arguments_exclude_each_other(arguments: dict[str, Any]) -> None:
    """S-110: and an `ssl` other than true."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="exclude each other"):
            merge_ssl_arguments(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"ssl_setting": "yes"}, TypeError),
        ({"ssl_setting": 0}, TypeError),
        ({"ssl_context": "yes"}, TypeError),
        ({"fingerprint": b"a" * 16}, ValueError),
    ],
)
def test_other_values_are_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    """S-110, S-160, S-466."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error):
            merge_ssl_arguments(**arguments)


# --- key log, trust ----------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [[], ["-E"]])
def test_default_contexts_log_keys_where_they_are_told_to(tmp_path: Path, flags: list[str]) -> None:
    """SSLKEYLOGFILE: the verified and the unverified one; unless the environment is ignored."""
    path = str(tmp_path / "keys")
    program = (
        "from wherry_pool._tls import context_for\n"
        "print([context_for(setting).keylog_filename for setting in (True, False)])"
    )

    done = subprocess.run(
        [sys.executable, *flags, "-c", program],
        env={**os.environ, "SSLKEYLOGFILE": path},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == repr([None, None] if flags else [path, path])


@pytest.mark.skipif(importlib.util.find_spec("truststore") is None, reason="needs truststore")
def test_operating_system_may_be_asked_whom_to_trust() -> None:
    """The extra `truststore`: a context like any other, that verifies."""
    context = system_trust_context()

    assert isinstance(context, ssl.SSLContext)
    assert check_setting(context) is context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_without_truststore_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra may be absent."""
    monkeypatch.setitem(sys.modules, "truststore", None)

    with pytest.raises(RuntimeError, match=r"pip install 'wherry-pool\[truststore\]'"):
        system_trust_context()
