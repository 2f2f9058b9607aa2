"""Cookie files: our own format, and writing them."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import CookieFileError, InvalidCookieError, SetCookie
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._netscape_files import cookies_of_netscape
from wherry_cookies._persist import (
    cookies_of_json,
    dump_json,
    read_file,
    write_file,
    write_netscape_file,
)
from wherry_cookies._saved import SavedCookie

text = st.text(max_size=10)
cookies = st.builds(
    Cookie,
    name=text,
    coded_value=text,
    domain=st.sampled_from(["example.com", "www.example.com"]),
    path=text,
    host_only=st.booleans(),
    secure=st.booleans(),
    http_only=st.booleans(),
    partitioned=st.booleans(),
    same_site=text,
    expires_at=st.none() | st.floats(-1e14, 1e14),
    version=text,
    comment=text,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
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
            partitioned=cookie.partitioned,
            same_site=cookie.same_site,
            version=cookie.version,
            comment=cookie.comment,
        ),
        cookie.domain if cookie.host_only else "",
    )


def damage(data: bytes) -> str | None:
    """Where the data is damaged, None if it is not. Any other error is a bug."""
    try:
        list(cookies_of_json(data))
    except CookieFileError as error:
        return error.where
    return None


@given(st.lists(cookies, max_size=5))
def test_what_is_written_reads_back(stored: list[Cookie]) -> None:
    """S-208: attributes, host-only flags and absolute expiry, whatever characters there are."""
    data = dump_json(stored).encode("ascii")

    assert list(cookies_of_json(data)) == [saved(cookie) for cookie in stored]


@given(st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
def test_other_data_gives_cookies_or_the_documented_error(data: bytes) -> None:
    """S-210."""
    assert damage(data) != ""


@given(json_values, st.sampled_from(["name", "value", "domain", "host_only", "expires_at", "path"]))
def test_wrong_members_give_cookies_or_the_documented_error(value: object, member: str) -> None:
    document = json.loads(dump_json([Cookie("a", "1", "example.com", "/")]))
    document["cookies"][0][member] = value
    assert damage(json.dumps(document).encode()) in {
        None,
        f"line 1, cookies[0].{member}",
        "line 1, cookies[0]",
    }


@pytest.mark.parametrize(
    ("content", "where", "expected"),
    [
        (b"", "line 1 column 1", "expected JSON"),
        (b'{"a": 1,\n oops}', "line 2 column 2", "expected JSON"),
        (b'{"a":\n "\xff"}', "line 2 byte 3", "expected UTF-8"),
        (b"\n[]", "line 2", "expected an object, got list"),
        (b"[\n" * 100_000, "line 100000", "expected fewer brackets"),
        (
            b'{"format": "wherry-cookies", "version": 2}',
            "line 1, version",
            "expected format version 1",
        ),
        (
            b'{"format": "wherry-cookies", "version": 1}',
            "line 1, cookies",
            "expected a list, got NoneType",
        ),
        (
            b'{"format": "wherry-cookies", "version": 1, "cookies": [\n\n'
            b'{"name": "a", "expires_at": ' + b"9" * 10_000 + b"}]}",
            "line 3, cookies[0].expires_at",
            "expected a date",
        ),
    ],
)
def test_the_error_says_where_and_what(content: bytes, where: str, expected: str) -> None:
    """S-210: a damaged file is named by line, and by member where it has one."""
    with pytest.raises(CookieFileError) as caught:
        list(cookies_of_json(content))

    assert caught.value.where == where
    assert caught.value.expected.startswith(expected)
    assert where in str(caught.value)


def test_a_host_only_cookie_without_host_is_damage() -> None:
    """Read as it stands it would go to every host."""
    data = dump_json([Cookie("a", "1", SHARED, "/", host_only=True)]).encode()

    with pytest.raises(CookieFileError, match="host-only"):
        list(cookies_of_json(data))


def test_a_byte_order_mark_does_not_disturb() -> None:
    data = b"\xef\xbb\xbf" + dump_json([Cookie("a", "1", SHARED, "/")]).encode()

    assert len(list(cookies_of_json(data))) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("older", [None, 0o644])
def test_a_file_is_readable_by_its_owner_only(tmp_path: Path, older: int | None) -> None:
    """S-208, SEC-46: whatever the umask, and whatever was there before."""
    path = tmp_path / "jar.json"
    if older is not None:
        path.write_text("old")
        path.chmod(older)
    before = os.umask(0)
    try:
        write_file(path, [])
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    """SEC-46: replaced as a whole or not at all."""
    path = tmp_path / "jar.json"
    write_file(path, [Cookie("a", "1", SHARED, "/")])
    before = path.read_bytes()
    unwritable = Cookie("b", "1", SHARED, "/", comment=object())  # type: ignore[arg-type]  # fails

    with pytest.raises(TypeError):
        write_file(path, [unwritable])

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_target_that_cannot_be_replaced_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "jar.json"
    path.mkdir()

    with pytest.raises(OSError, match=r"jar\.json"):
        write_file(path, [])

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_symbolic_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """A link planted in a shared directory must not choose which file is overwritten."""
    victim, link = tmp_path / "victim", tmp_path / "jar.json"
    victim.write_text("precious")
    link.symlink_to(victim)

    write_file(link, [])

    assert victim.read_text() == "precious"
    assert not link.is_symlink()
    assert read_file(link) == []


def test_a_relative_path_is_one_in_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    write_file("jar.json", [Cookie("a", "1", SHARED, "/")])

    assert len(read_file("jar.json")) == 1


def test_a_cookies_txt_is_replaced_as_carefully(tmp_path: Path) -> None:
    """SEC-46: mode 0600, and a failure leaves the older file."""
    path = tmp_path / "cookies.txt"
    path.write_text("old")
    write_netscape_file(path, [Cookie("a", "1", "example.com", "/")])
    before = path.read_bytes()

    with pytest.raises(InvalidCookieError):
        write_netscape_file(path, [Cookie("a", "1\n", "example.com", "/")])

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "content",
    [
        dump_json([Cookie("a", "1", "e.com", "/")]).encode(),
        b"# Netscape HTTP Cookie File\n.e.com\tTRUE\t/\tFALSE\t0\ta\t1\n",
        b"#HttpOnly_.e.com\tTRUE\t/\tFALSE\t0\ta\t1\n",
        b"#LWP-Cookies-2.0\nSet-Cookie3: a=1; path=/; domain=.e.com\n",
    ],
)
def test_the_format_of_a_file_is_found_out(tmp_path: Path, mark: bytes, content: bytes) -> None:
    """S-209."""
    path = tmp_path / "file"
    path.write_bytes(mark + content)

    (found,) = read_file(path)

    assert (found.cookie.name, found.cookie.coded_value) == ("a", "1")
    assert found.cookie.domain.removeprefix(".") == "e.com"


def test_a_named_format_is_not_second_guessed(tmp_path: Path) -> None:
    """A cookies.txt without comments looks like nothing in particular."""
    path = tmp_path / "file"
    path.write_text("e.com\tTRUE\t/\tFALSE\t0\ta\t1\n")

    assert len(read_file(path, cookies_of_netscape)) == 1
    with pytest.raises(CookieFileError, match="line 1 column 1"):
        read_file(path)
