"""`_settings`: the session's defaults with a request's arguments on top."""

import math
import ssl
from typing import Any

import pytest

from wherry import ClientTimeout, Fingerprint
from wherry._settings import DEFAULT_TIMEOUT, CallSettings, as_timeout


def test_the_defaults_are_the_documented_ones() -> None:
    """S-353, appendix G."""
    settings = CallSettings()
    assert settings.timeout == DEFAULT_TIMEOUT == ClientTimeout(total=300, sock_connect=30)
    assert (settings.max_redirects, settings.read_bufsize) == (10, 65536)
    assert settings.total == 300


def test_nothing_given_changes_nothing() -> None:
    settings = CallSettings()
    assert settings.overridden({}) is settings
    assert settings.overridden({"read_bufsize": None, "max_headers": None}) is settings


def test_given_values_win() -> None:
    """S-57, S-367."""
    given: dict[str, Any] = {
        "read_bufsize": 1, "auto_decompress": False, "max_body_size": 2, "server_hostname": "x",
        "allow_redirects": False, "max_redirects": 3, "read_until_eof": False, "max_headers": 4,
    }  # fmt: skip
    settings = CallSettings().overridden(given)
    for name, value in given.items():
        if name != "max_headers":
            assert getattr(settings, name) == value
    assert settings.limits.max_headers == 4
    assert settings.limits.max_line_size == 8190


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, ClientTimeout(total=5)), (0.5, ClientTimeout(total=0.5)), (None, ClientTimeout()),
     (ClientTimeout(connect=1), ClientTimeout(connect=1))],
)  # fmt: skip
def test_a_timeout_may_have_three_forms(given: Any, expected: ClientTimeout) -> None:
    """S-426."""
    assert as_timeout(given) == expected
    assert CallSettings().overridden({"timeout": given}).timeout == expected


@pytest.mark.parametrize("given", ["5", True, object(), (1, 2)])
def test_a_timeout_of_another_type_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="timeout"):
        as_timeout(given)


@pytest.mark.parametrize("total", [None, 0, -1])
def test_a_total_that_is_off_is_infinite(total: float | None) -> None:
    """S-425."""
    assert CallSettings(timeout=ClientTimeout(total=total)).total == math.inf


def test_ssl_of_the_request_beats_the_sessions_unless_it_is_true() -> None:
    """S-466, SEC-32."""
    pin = Fingerprint(b"x" * 32)
    session = CallSettings(ssl=pin)
    assert session.overridden({"ssl": False}).ssl is False
    assert session.overridden({"ssl": True}).ssl is pin
    assert session.overridden({"ssl": None}).ssl is pin
    assert session.ssl is pin
    context = ssl.create_default_context()
    assert CallSettings().overridden({"ssl": context}).ssl is context
    with pytest.raises(TypeError):
        CallSettings().overridden({"ssl": "no"})
