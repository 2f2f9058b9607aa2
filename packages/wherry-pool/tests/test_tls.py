"""Which TLS settings a connection uses."""

import asyncio
import ssl

import pytest

from wherry_pool import Fingerprint, SSLSetting, check_setting
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
