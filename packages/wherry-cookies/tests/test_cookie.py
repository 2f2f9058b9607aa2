"""The record of a stored cookie."""

import pytest

from wherry_cookies._cookie import Cookie


@pytest.mark.parametrize(
    ("expires_at", "expected"), [(None, False), (10.1, False), (10.0, True), (0.0, True)]
)
def test_a_cookie_expires_at_its_expiry_time(expires_at: float | None, expected: bool) -> None:
    """RFC 6265 §5.3: expired once the moment has come; a session cookie never is."""
    assert Cookie("a", "1", "x.example", "/", expires_at=expires_at).is_expired(10.0) is expected


def test_only_what_is_seen_in_a_request_makes_cookies_differ() -> None:
    cookie = Cookie("a", "1", "x.example", "/")

    assert cookie.is_sent_like(Cookie("a", "1", "x.example", "/", expires_at=5.0, http_only=True))
    assert not cookie.is_sent_like(Cookie("a", "2", "x.example", "/"))
    assert not cookie.is_sent_like(Cookie("a", "1", "x.example", "/", secure=True))
    assert not cookie.is_sent_like(Cookie("a", "1", "x.example", "/", host_only=True))


def test_a_new_cookie_has_no_attributes() -> None:
    cookie = Cookie("a", "1", "x.example", "/")

    flags = (cookie.host_only, cookie.secure, cookie.http_only, cookie.partitioned)
    assert not any((*flags, cookie.is_stored, cookie.same_site, cookie.version, cookie.comment))
    assert cookie.expires_at is cookie.max_age is None
