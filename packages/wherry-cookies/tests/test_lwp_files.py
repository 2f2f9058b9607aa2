"""LWP cookie files, read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import CookieFileError
from wherry_cookies._lwp_files import cookies_of_lwp
from wherry_cookies._saved import SavedCookie

FIRST = "#LWP-Cookies-2.0\n"


def read(text: str) -> list[SavedCookie]:
    return list(cookies_of_lwp(text.encode("utf-8", "surrogateescape")))


def damage(text: str) -> str:
    """Where the text is damaged, "" if it is not. Any other error is a bug."""
    try:
        assert all(each.host or each.cookie.domain for each in read(text))
    except CookieFileError as error:
        return error.where
    return ""


def test_a_line_gives_a_cookie_with_all_it_says() -> None:
    (found,) = read(
        FIRST + 'Set-Cookie3: sid="x \\"y\\" \\\\z; w"; path="/p"; domain=".example.com"; '
        'path_spec; domain_dot; port="80,8080"; secure; expires="2032-12-31 10:00:00Z"; '
        "HttpOnly=None; SameSite=Lax; comment=c; version=0\n"
    )

    assert found.host == ""
    cookie = found.cookie
    assert (cookie.name, cookie.coded_value) == ("sid", 'x "y" \\z; w')
    assert (cookie.domain, cookie.path) == (".example.com", "/p")
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")
    assert (cookie.expires_at, cookie.comment) == (1988100000.0, "c")


def test_without_leading_dot_a_cookie_is_host_only() -> None:
    """And without expiry one of the session."""
    (found,) = read(FIRST + "Set-Cookie3: a=1; domain=www.example.com; discard; version=0\r\n")

    assert (found.host, found.cookie.domain) == ("www.example.com", "")
    assert (found.cookie.path, found.cookie.expires_at) == ("/", None)


def test_values_may_be_empty_or_missing() -> None:
    """A cookie without value has none in LWP; the jar will drop it, for it lacks a name."""
    empty, missing = read(
        FIRST + 'Set-Cookie3: a=""; domain=e.com\n# comment\n\nSet-Cookie3: b; domain=e.com\n'
    )

    assert (empty.cookie.name, empty.cookie.coded_value) == ("a", "")
    assert missing.cookie.name == ""


@pytest.mark.parametrize(
    "first", ["#LWP-Cookies-2.0", "#LWP-Cookies-1.0\r", "\ufeff#LWP-Cookies-2.0"]
)
def test_the_first_line_names_the_format(first: str) -> None:
    assert read(f"{first}\n") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=s3cret", "expected 'Set-Cookie3:'"),
        ("Set-Cookie3:", "expected name=value at column 1"),
        ("Set-Cookie3: =s3cret", "expected name=value at column 1"),
        ('Set-Cookie3: a="s3cret', "expected name=value at column 1"),
        ("Set-Cookie3: a=1; b c", "expected name=value at column 6"),
        ("Set-Cookie3: a=1, b=2; domain=e.com", "expected name=value at column 1"),
        ("Set-Cookie3: a=1", "expected a domain"),
        ("Set-Cookie3: a=1; domain", "expected a domain"),
        ("Set-Cookie3: a=1; domain=.", "expected a domain"),
        ("Set-Cookie3: a=1; domain=e.com; expires=soon", 'expected expires="YYYY-MM-DD hh:mm:ssZ"'),
        ('Set-Cookie3: a=1; domain=e.com; expires="2030-02-30 00:00:00Z"', "expected expires="),
    ],
)
def test_the_error_names_the_line(line: str, expected: str) -> None:
    """S-210; the value is not in the message (S-014)."""
    with pytest.raises(CookieFileError) as caught:
        read(f"{FIRST}Set-Cookie3: b=2; domain=e.com\n{line}\n")

    assert caught.value.where == "line 3"
    assert caught.value.expected.startswith(expected)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "# Netscape HTTP Cookie File\n", '{"format": "x"}'])
def test_another_format_is_refused_at_once(text: str) -> None:
    with pytest.raises(CookieFileError) as caught:
        read(text)

    assert caught.value.where == "line 1"


@given(st.text('Set-Cookie3: ab=";,\\\n', max_size=60))
def test_other_data_gives_cookies_or_the_documented_error(text: str) -> None:
    """S-210."""
    for whole in (text, FIRST + text, FIRST + "Set-Cookie3:" + text):
        assert damage(whole)[:5] in {"", "line "}


@pytest.mark.parametrize("start", ['a="', "a", "a=b", ""])
@pytest.mark.parametrize("piece", ['"', "\\", ' "', '\\"', "=", "a ", "; ", " ", "\t"])
def test_a_megabyte_of_delimiters_is_read_in_linear_time(start: str, piece: str) -> None:
    """SEC-47: processor time, with ten times what a slow machine takes; else it takes hours."""
    line = f"Set-Cookie3: {start}" + piece * (1_000_000 // len(piece)) + '"'
    before = time.process_time()

    with pytest.raises(CookieFileError):
        read(FIRST + line)

    assert time.process_time() - before < 5
