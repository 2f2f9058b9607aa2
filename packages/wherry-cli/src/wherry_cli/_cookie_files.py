"""Cookies from a cookies.txt and to one, the format of curl, wget and browser extensions.

Decides what is said when a file cannot be used. The format is wherry-cookies' business.
"""

from pathlib import Path

import wherry
from wherry_cookies import CookieFileError, InvalidCookieError

from ._errors import CommandError, ExitStatus


def jar_from(path: Path | None) -> wherry.CookieJar:
    """A jar with the cookies of the file, empty for None. `CommandError` if it is damaged."""
    # A redirect on an IP address may set a cookie as well.
    jar = wherry.CookieJar(unsafe=True)
    if path is not None:
        try:
            jar.load_netscape(path)
        except CookieFileError as error:
            raise CommandError(
                ExitStatus.LOCAL_FILE, f"{str(path)!r} is no cookies.txt: {error}"
            ) from error
    return jar


def save_jar(jar: wherry.CookieJar, path: Path) -> None:
    """Replace the file by the cookies of `jar`. `CommandError` if one does not fit the format."""
    try:
        jar.save_netscape(path)
    except InvalidCookieError as error:
        raise CommandError(ExitStatus.LOCAL_FILE, str(error)) from error
