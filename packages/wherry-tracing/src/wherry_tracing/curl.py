"""A request as a `curl` command, to try it elsewhere or to show it to somebody.

Decides which options make curl send the same request: the same fields and no more, the same body,
byte for byte, the path as it is. The text is safe for `sh`, whatever the request is made of, and
its secrets are hidden unless asked for. Runs nothing. curl 7.58 and later; POSIX sh and printf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from yarl import URL

from ._redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["FormFile", "FormText", "RequestFacts", "to_curl"]

MAX_ARGUMENT = 100_000
"""Bytes of a body that go on the command line; Linux takes 131,072 in one argument. Longer ones
come through a pipe from `printf`, which shells have built in and for which there is no limit."""

_AUTOMATIC = ("User-Agent", "Accept")
_find_control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]").search


@dataclass(frozen=True, slots=True)
class FormText:
    """A field of a multipart form."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FormFile:
    """A field of a multipart form that is a file on disk; None leaves the rest to curl."""

    name: str
    path: str
    content_type: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request as it goes out. `headers` has one pair per field line.

    `body` is the body itself, or the fields of a multipart form, which curl then puts together.
    """

    method: str
    url: URL | str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | tuple[FormText | FormFile, ...] = b""


def to_curl(
    request: RequestFacts,
    *,
    shows_secrets: bool = False,
    secret_headers: Iterable[str] = (),
    options: Iterable[Sequence[str]] = (),
) -> str:
    """The command, one option a line. `options` are more of them, not yet quoted.

    Hidden unless `shows_secrets` is what SEC-60 lists: userinfo, credentials, cookies, secrets in
    queries and urlencoded forms; and the fields named in `secret_headers`. `***` stands for them.
    Raises `ValueError` for a field that cannot stand on a command line.
    """
    redaction = Redaction.of(shows_secrets, secret_headers)
    url = URL(request.url) if isinstance(request.url, str) else request.url
    body = request.body
    if isinstance(body, bytes):
        body = redaction.form(body, _field(request.headers, "Content-Type"))
    given = RequestFacts(request.method, url, redaction.headers(request.headers), body)
    source, data = _data(given)
    lines = [
        ["curl", "--http1.1", "--globoff", "--path-as-is"],
        *_method(given),
        *map(list, options),
        *(["-H", line] for line in _header_lines(given)),
        *data,
        ["--url", redaction.url(url)],
    ]
    return source + " \\\n  ".join(" ".join(map(quote, line)) for line in lines)


def _method(request: RequestFacts) -> Iterator[list[str]]:
    if request.method == "HEAD" and not request.body:
        yield ["--head"]
    elif request.method != ("POST" if request.body else "GET"):
        yield ["-X", request.method]


def _header_lines(request: RequestFacts) -> Iterator[str]:
    names = {name.lower() for name, _ in request.headers}
    host = URL(str(request.url)).host_port_subcomponent
    for name, value in request.headers:
        if _find_control(name + value) or "\n" in name + value:
            raise ValueError(f"a field named {name[:100]!r} has a character no header can hold")
        if name.lower() == "host" and value == host:
            continue  # curl says the same, and on a redirect the right thing
        if name.lower() == "content-length" or (
            name.lower() == "content-type" and not isinstance(request.body, bytes)
        ):
            continue  # curl's own is right, and only its own knows the boundary
        yield f"{name}: {value}" if value else f"{name};"
    for name in _AUTOMATIC:
        if name.lower() not in names:
            yield f"{name}:"
    if request.body and "expect" not in names:
        yield "Expect:"
    if request.body and isinstance(request.body, bytes) and "content-type" not in names:
        yield "Content-Type:"


def _data(request: RequestFacts) -> tuple[str, list[list[str]]]:
    """What comes before curl, and the options for the body."""
    body = request.body
    if not isinstance(body, bytes):
        return "", [_form_option(part) for part in body]
    if not body:
        # Without a body curl sends no Content-Length, which some servers insist on.
        is_announced = _field(request.headers, "Content-Length") == "0"
        return "", [["--data-raw", ""], ["-H", "Content-Type:"]] if is_announced else []
    text = _as_text(body)
    if text is not None and len(body) <= MAX_ARGUMENT:
        return "", [["--data-raw", text]]
    return f"printf {_octal(body)} | ", [["--data-binary", "@-"]]


def _as_text(body: bytes) -> str | None:
    """The text that a shell hands on as these very bytes, None if there is none."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _find_control(text) else text


def _octal(body: bytes) -> str:
    """A format for printf that prints `body`; nothing in it has a meaning for anybody else."""
    return "'" + "".join(map(_ESCAPES.__getitem__, body)) + "'"


_PLAIN = frozenset(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,:;=_-/<>{}[]"')
_ESCAPES = [chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in range(256)]


def _form_option(part: FormText | FormFile) -> list[str]:
    if isinstance(part, FormText):
        return ["--form-string", f"{part.name}={part.value}"]
    more = "" if part.content_type is None else f";type={part.content_type}"
    if part.filename is not None:
        more += f";filename={_form_quoted(part.filename)}"
    return ["-F", f"{part.name}=@{_form_quoted(part.path)}{more}"]


def _form_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _field(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for known, value in headers if known.lower() == name.lower()), "")
