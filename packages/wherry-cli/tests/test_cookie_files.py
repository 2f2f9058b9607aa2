"""Cookies from a cookies.txt and to one."""

from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from yarl import URL

from wherry_cli._cookie_files import jar_from, save_jar
from wherry_cli._errors import CommandError, ExitStatus


def test_cookies_there_and_back(tmp_path: Path) -> None:
    """The format of curl and wget."""
    jar = jar_from(None)
    jar.update_cookies_from_headers(["a=b; Path=/; HttpOnly"], URL("http://127.0.0.1/"))

    save_jar(jar, tmp_path / "c.txt")

    assert jar_from(tmp_path / "c.txt").cookie_header(URL("http://127.0.0.1/")) == "a=b"


def test_damaged_file_is_named(tmp_path: Path) -> None:
    """With the line; nothing is sent then."""
    (tmp_path / "c.txt").write_text("no cookie\n")

    with pytest.raises(CommandError, match=r"c\.txt.*line 1") as caught:
        jar_from(tmp_path / "c.txt")

    assert caught.value.status is ExitStatus.LOCAL_FILE


def test_cookie_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """A tab would become another field."""
    cookies = SimpleCookie("a=b")
    cookies["a"]["path"] = "/\tx"
    jar = jar_from(None)
    jar.update_cookies(cookies, URL("http://127.0.0.1/"))

    with pytest.raises(CommandError, match=r"cookies\.txt") as caught:
        save_jar(jar, tmp_path / "c.txt")

    assert caught.value.status is ExitStatus.LOCAL_FILE
    assert not (tmp_path / "c.txt").exists()
