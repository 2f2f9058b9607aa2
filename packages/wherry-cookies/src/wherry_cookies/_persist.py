"""Cookie files: writing them safely, our own JSON, and finding the reader a file needs.

Whether a cookie read from a file may be stored is not decided here: a file is trusted no more than
the caller who names it.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ._aiohttp_files import cookies_of_aiohttp_json, cookies_of_pickle
from ._cookie import Cookie
from ._json_text import JsonTextError, read_json
from ._lwp_files import cookies_of_lwp
from ._netscape_files import cookies_of_netscape, dump_netscape
from ._saved import CookieFileError, Fields, SavedCookie, mapping
from ._set_cookie import SetCookie

_FORMAT = "wherry-cookies"
_VERSION = 1
# A pickle of protocol 2 or later starts with this opcode; no JSON text does.
_PICKLE = b"\x80"

#: Gives the cookies of a file's content; raises CookieFileError where it is damaged.
Reader = Callable[[bytes], Iterable[SavedCookie]]


def write_file(path: str | os.PathLike[str], cookies: Iterable[Cookie]) -> None:
    """Write the cookies as JSON to a file that is either complete or not there. Raises OSError."""
    _replace_file(path, dump_json(cookies).encode("ascii"))


def write_netscape_file(path: str | os.PathLike[str], cookies: Iterable[Cookie]) -> None:
    """Write the cookies as cookies.txt, likewise.

    Raises OSError, and InvalidCookieError for a cookie the format cannot hold.
    """
    _replace_file(path, dump_netscape(cookies))


def _replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Give the name to a new file of mode 0600 (SEC-46).

    It is written in the same directory first. A symbolic link of that name is replaced, not
    followed.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def dump_json(cookies: Iterable[Cookie]) -> str:
    """The text of a cookie file, ASCII, with one cookie a line."""
    lines = ",\n".join(json.dumps(_members(cookie)) for cookie in cookies)
    return f'{{"format": "{_FORMAT}", "version": {_VERSION}, "cookies": [\n{lines}\n]}}\n'


def read_file(path: str | os.PathLike[str], reader: Reader | None = None) -> list[SavedCookie]:
    """The cookies of a file, in its order; without `reader` its format is found out.

    Raises OSError, CookieFileError for a damaged or unknown file, pickle.UnpicklingError for a
    pickle of other things.
    """
    data = Path(path).read_bytes()
    return list((reader or _reader_for(data))(data))


def _reader_for(data: bytes) -> Reader:
    if data.startswith(_PICKLE):
        return cookies_of_pickle
    start = data.removeprefix(b"\xef\xbb\xbf")[:32]
    if start.startswith(b"#LWP-Cookies-"):
        return cookies_of_lwp
    # No JSON text starts so, every other program's cookies.txt does.
    return cookies_of_netscape if start.startswith(b"#") else cookies_of_json


def cookies_of_json(data: bytes) -> Iterator[SavedCookie]:
    """The cookies of a JSON file, ours or aiohttp's."""
    try:
        parsed, top = read_json(data)
    except JsonTextError as exc:
        raise CookieFileError(exc.expected, exc.where) from exc
    document = mapping(parsed, top)
    if document.get("format") != _FORMAT:
        yield from cookies_of_aiohttp_json(document, top)
        return
    version = document.get("version")
    if version != _VERSION:
        raise CookieFileError(
            f"expected format version {_VERSION}, got {version!r:.20}; "
            "a newer wherry-cookies may read it",
            str(top.at("version")),
        )
    cookies, place = document.get("cookies"), top.at("cookies")
    if not isinstance(cookies, list):
        raise CookieFileError(f"expected a list, got {type(cookies).__name__}", str(place))
    for index, members in enumerate(cookies):
        yield _saved(Fields(members, place.at(index)))


def _members(cookie: Cookie) -> dict[str, object]:
    return {
        "name": cookie.name,
        "value": cookie.coded_value,
        "domain": cookie.domain,
        "host_only": cookie.host_only,
        "path": cookie.path,
        "expires_at": cookie.expires_at,
        "secure": cookie.secure,
        "http_only": cookie.http_only,
        "partitioned": cookie.partitioned,
        "same_site": cookie.same_site,
        "version": cookie.version,
        "comment": cookie.comment,
    }


def _saved(fields: Fields) -> SavedCookie:
    domain, host = fields.scope(fields.text("domain"))
    cookie = SetCookie(
        fields.text("name"),
        fields.text("value"),
        domain=domain,
        path=fields.text("path"),
        expires_at=fields.moment("expires_at"),
        secure=fields.flag("secure"),
        http_only=fields.flag("http_only"),
        partitioned=fields.flag("partitioned"),
        same_site=fields.text("same_site"),
        version=fields.text("version"),
        comment=fields.text("comment"),
    )
    return SavedCookie(cookie, host)
