"""cookies.txt, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import CookieFileError, InvalidCookieError, SetCookie
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._netscape_files import cookies_of_netscape, dump_netscape
from wherry_cookies._saved import SavedCookie

# What a jar may hold, but for undecoded octets: C1 controls and line separators too.
text = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.characters(codec="utf-8", min_codepoint=128)
)
cookies = st.builds(
    Cookie,
    name=text,
    coded_value=text,
    domain=st.sampled_from(["example.com", "www.example.com", "10.0.0.1", "::1"]),
    path=text,
    host_only=st.booleans(),
    secure=st.booleans(),
    http_only=st.booleans(),
    expires_at=st.none() | st.integers(1, 10**14).map(float),
)


def saved(cookie: Cookie) -> SavedCookie:
    return SavedCookie(
        SetCookie(
            cookie.name,
            cookie.coded_value,
            domain="" if cookie.host_only else cookie.domain,
            path=cookie.path,
            expires_at=cookie.expires_at,
            secure=cookie.secure,
            http_only=cookie.http_only,
        ),
        cookie.domain if cookie.host_only else "",
    )


def read(data: bytes) -> list[SavedCookie]:
    return list(cookies_of_netscape(data))


def damage(data: bytes) -> str:
    """Where the data is damaged, "" if it is not. Any other error is a bug."""
    try:
        assert all(each.host or each.cookie.domain for each in read(data))
    except CookieFileError as error:
        return error.where
    return ""


@given(st.lists(cookies, max_size=5))
def test_what_is_written_reads_back(stored: list[Cookie]) -> None:
    """Host-only flag, HttpOnly, expiry, and values with any break but those of a line."""
    assert read(dump_netscape(stored)) == [saved(cookie) for cookie in stored]


@given(st.binary(max_size=60) | st.text("aT1.\t\n\r#", max_size=60).map(str.encode))
def test_other_data_gives_cookies_or_the_documented_error(data: bytes) -> None:
    """S-210."""
    assert damage(data)[:5] in {"", "line "}


def test_octets_that_are_no_utf_8_pass_unharmed() -> None:
    """A value goes back byte for byte, also by way of a file."""
    value = b"caf\xe9".decode("utf-8", "surrogateescape")
    data = dump_netscape([Cookie("a", value, "example.com", "/")])

    assert b"\ta\tcaf\xe9\n" in data
    assert [each.cookie.coded_value for each in read(data)] == [value]


def test_fields_are_where_others_look_for_them() -> None:
    """SEC-46: `#HttpOnly_`, a leading dot where subdomains get the cookie, 0 for a session."""
    data = dump_netscape(
        [
            Cookie("a", "1", "www.example.com", "/", host_only=True),
            Cookie("b", "2", "example.com", "/p", secure=True, http_only=True, expires_at=99.9),
        ]
    )

    lines = [line for line in data.decode().splitlines() if line and not line.startswith("# ")]
    assert lines == [
        "www.example.com\tFALSE\t/\tFALSE\t0\ta\t1",
        "#HttpOnly_.example.com\tTRUE\t/p\tTRUE\t99\tb\t2",
    ]
    assert data.startswith(b"# Netscape HTTP Cookie File\n")


def test_an_expiry_in_the_first_second_is_not_written_as_a_session_cookie() -> None:
    data = dump_netscape([Cookie("a", "1", "example.com", "/", expires_at=0.5)])

    assert [each.cookie.expires_at for each in read(data)] == [1.0]


@pytest.mark.parametrize(
    "cookie",
    [
        Cookie("a", "s3cret\t", "example.com", "/"),
        Cookie("a", "s3cret\n.evil.example\tTRUE\t/\tFALSE\t0\tx\ty", "example.com", "/"),
        Cookie("a", "s3cret\r", "example.com", "/"),
        Cookie("a\t", "s3cret", "example.com", "/"),
        Cookie("a", "s3cret", "example.com", "/\t"),
        Cookie("a", "s3cret", "example.com\n", "/", host_only=True),
        Cookie("a", "s3cret", "#HttpOnly_x", "/", host_only=True),
        Cookie("a", "s3cret\ud800", "example.com", "/"),
        Cookie("a", "s3cret", SHARED, "/"),
    ],
)
def test_what_would_damage_the_file_is_refused(cookie: Cookie) -> None:
    """SEC-46: tabs and line breaks; S-014: the value is not in the message."""
    with pytest.raises(InvalidCookieError) as caught:
        dump_netscape([cookie])

    assert "s3cret" not in str(caught.value)
    assert caught.value.cookie_name == cookie.name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (".e.com\tTRUE\t/\tFALSE\t\ta\t1", SavedCookie(SetCookie("a", "1", "e.com", "/"), "")),
        ("e.com\tTRUE\t/\tFALSE\t0\ta\t1\r", SavedCookie(SetCookie("a", "1", "e.com", "/"), "")),
        (".e.com\tFALSE\t/\tfalse\t0\ta", SavedCookie(SetCookie("a", "", path="/"), "e.com")),
        (
            "#HttpOnly_e.com\tfalse\t/\tTrue\t1700000000.25\ta\t 1 ",
            SavedCookie(
                SetCookie("a", " 1 ", path="/", expires_at=1.7e9, secure=True, http_only=True),
                "e.com",
            ),
        ),
    ],
)
def test_the_habits_of_other_writers_are_read(line: str, expected: SavedCookie) -> None:
    """Empty expiry, no leading dot, CR LF, an empty value cut off, fractions of a second."""
    assert read(f"# anything\n\n{line}\n#comment\twith\ttabs\n".encode()) == [expected]
    assert read(b"\xef\xbb\xbf" + line.encode()) == [expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("oops", "expected 7 fields between tabs, got 1"),
        ("e.com\tTRUE\t/\tFALSE\t0\ta\ts3cret\tx", "expected 7 fields between tabs, got 8"),
        ("#HttpOnly_\tTRUE\t/\tFALSE\t0\ta\ts3cret", "expected a domain in the first field"),
        (".\tTRUE\t/\tFALSE\t0\ta\ts3cret", "expected a domain in the first field"),
        ("e.com\tYES\t/\tFALSE\t0\ta\ts3cret", "expected TRUE or FALSE in the second field"),
        ("e.com\tTRUE\t/\t1\t0\ta\ts3cret", "expected TRUE or FALSE in the fourth field"),
        ("e.com\tTRUE\t/\tFALSE\tsoon\ta\ts3cret", "expected seconds since 1970 in the fifth"),
        ("e.com\tTRUE\t/\tFALSE\t٣\ta\ts3cret", "expected seconds since 1970 in the fifth"),
        ("e.com\tTRUE\t/\tFALSE\t" + "9" * 16 + "\ta\t", "expected seconds since 1970"),
    ],
)
def test_the_error_names_the_line(line: str, expected: str) -> None:
    """S-210; the value is not in the message (S-014)."""
    before = "# Netscape HTTP Cookie File\ne.com\tTRUE\t/\tFALSE\t0\tb\t2\n"

    with pytest.raises(CookieFileError) as caught:
        read(f"{before}{line}\n".encode())

    assert caught.value.where == "line 3"
    assert caught.value.expected.startswith(expected)
    assert "s3cret" not in str(caught.value)
