"""What may be printed of a URL or a header block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_errors.masking import masked_headers, masked_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.com/", "http://example.com/"),
        ("https://joe:hunter2@example.com/a", "https://***@example.com/a"),
        ("https://hunter2@example.com", "https://***@example.com"),
        ("https://joe:hun@ter2@example.com", "https://***@example.com"),
        ("//joe:hunter2@example.com", "//***@example.com"),
        ("joe:hunter2@example.com", "joe:***@example.com"),
        (" http://joe:hunter2@h", " http://***@h"),
        (r"http:\\joe:hunter2@h", r"http:\\***@h"),
        ("http://joe:hun/ter2@h:80/", "http://***@h:80/"),
        ("http://joe:hunter#2@h", "http://***@h"),
        ("http://joe:hunter?2@h", "http://***@h"),
        ("http://[::1]:80/@joe", "http://[::1]:80/@joe"),
        ("http://example.com:80/@joe", "http://example.com:80/@joe"),
        ("http://example.com/?mail=a@b", "http://example.com/?mail=a@b"),
        ("http://h/?a=1&Access_Token=hunter2&b=2#f", "http://h/?a=1&Access_Token=***&b=2#f"),
        ("http://h/?key=hunter2", "http://h/?key=***"),
        ("http://h/?monkey=1", "http://h/?monkey=1"),
        ("http://h/a\r\nb", "http://h/a\\r\\nb"),
        ("", ""),
    ],
)
def test_secrets_of_a_url_are_masked_and_the_rest_is_shown(url: str, shown: str) -> None:
    """S-014, S-503, SEC-60; RFC 3986 §3.2.1."""
    assert masked_url(url) == shown


@given(
    st.from_regex(r"[a-z][a-z0-9+.-]{0,5}://", fullmatch=True),
    st.text(alphabet=st.characters(exclude_characters="/\\?#")).map("hunter2{}".format),
    st.text(),
)
def test_no_userinfo_survives_whatever_follows(scheme: str, userinfo: str, rest: str) -> None:
    """S-503: also in a URL nobody can parse."""
    shown = masked_url(f"{scheme}{userinfo}@{rest.replace('hunter2', '')}")

    assert "hunter2" not in shown


@given(st.text())
def test_masking_gives_one_printable_line_for_any_text(text: str) -> None:
    """Peers choose redirect targets, so nothing may forge a second log line."""
    assert masked_url(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_masking_twice_changes_nothing(text: str) -> None:
    """Of what is printable; escapes of the rest bring backslashes, which end an authority."""
    once = masked_url(text)

    assert masked_url(once) == once


def test_masking_a_long_hostile_text_takes_linear_time() -> None:
    """A pattern that backtracks would not come back from these within the suite's time limit."""
    for text in ("/" * 200_000, " " * 200_000, "http://" + "a:" * 100_000, "http://a:b/" * 50_000):
        assert len(masked_url(text)) == len(text)


def test_credentials_and_cookies_are_masked_in_headers() -> None:
    """S-014, SEC-60: names in any case, order kept."""
    headers = {
        "authorization": "Bearer x",
        "Accept": "*/*",
        "PROXY-AUTHORIZATION": "Basic x",
        "Cookie": "a=b",
        "Set-Cookie": "a=b",
        "Location": "http://joe:pw@h/?sig=x",
    }

    assert masked_headers(headers) == [
        ("authorization", "***"),
        ("Accept", "*/*"),
        ("PROXY-AUTHORIZATION", "***"),
        ("Cookie", "***"),
        ("Set-Cookie", "***"),
        ("Location", "http://***@h/?sig=***"),
    ]
