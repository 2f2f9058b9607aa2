"""From what was typed to what is asked for: header fields, bodies, form fields.

Decides what each text means, as curl does where curl has the option. Reads the files that `@` names
when they are the body itself; files of a form are only named here and read while they are sent.
"""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

URLENCODED = "application/x-www-form-urlencoded"

_split_file_options = re.compile(r";(?=(?:type|filename)=)").split
_LINE_ENDS_AND_NUL = b"\r\n\0"


@dataclass(frozen=True, slots=True)
class HeaderField:
    """`-H`. `value` is None when the automatic field of that name is to be left out."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class TextField:
    """`-F name=value`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FileField:
    """`-F name=@path`, with the media type and the file name to send, None for the usual ones."""

    name: str
    path: Path
    content_type: str | None = None
    filename: str | None = None


FormField = TextField | FileField


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is sent as it is, with its media type and the one wanted in return, if any."""

    data: bytes
    content_type: str
    accept: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body."""

    fields: tuple[FormField, ...]


Body = Content | Form | None


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """One request, as asked for on the command line."""

    url: str
    method: str
    header_fields: tuple[HeaderField, ...] = ()
    body: Body = None
    max_time: float | None = None
    """Seconds for everything; None is no limit."""
    follows_redirects: bool = True

    def headers(self) -> list[tuple[str, str]]:
        """The fields to send; those of the body first, unless `-H` names them itself."""
        named = {field.name.lower() for field in self.header_fields}
        given = [(field.name, field.value) for field in self.header_fields]
        own = [pair for pair in _body_fields(self.body) if pair[0].lower() not in named]
        return own + [(name, value) for name, value in given if value is not None]

    def skipped_headers(self) -> list[str]:
        """The automatic fields to leave out."""
        return [field.name for field in self.header_fields if field.value is None]


def _body_fields(body: Body) -> list[tuple[str, str]]:
    if not isinstance(body, Content):
        return []
    accept = [] if body.accept is None else [("Accept", body.accept)]
    return [("Content-Type", body.content_type), *accept]


def parse_header(text: str) -> HeaderField:
    """The field in `Name: value`; `Name;` is an empty one, `Name:` leaves an automatic one out.

    Raises `ValueError`, which does not repeat the text: it may be a secret in the wrong place.
    """
    name, colon, value = text.partition(":")
    if not colon:
        name, value = text.removesuffix(";"), ""
        if not text.endswith(";"):
            raise ValueError("expected 'Name: value'; there is no colon")
    if not name or name != name.strip():
        raise ValueError("expected 'Name: value'; the name is empty or has blanks around it")
    value = value.strip(" \t")
    return HeaderField(name, None if colon and not value else value)


def parse_form_field(text: str) -> FormField:
    """The field in `name=value` or `name=@path`, the latter with `;type=…` and `;filename=…`.

    Raises `ValueError`.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"expected name=value or name=@path; got {text[:100]!r}")
    if not value.startswith("@"):
        return TextField(name, value)
    path, *options = _split_file_options(value[1:])
    given = dict(option.split("=", 1) for option in options)
    return FileField(name, Path(path), given.get("type"), given.get("filename"))


def choose_body(
    data: Sequence[str], form: Sequence[FormField], json: str | None, stdin: BinaryIO | None = None
) -> Body:
    """The body for `-d`, `-F` and `--json`, None if there is none.

    Raises `click.UsageError` for more than one of the three, `OSError` for files that cannot be
    read. `stdin` is what `@-` reads; None for standard input.
    """
    options = {"-d": bool(data), "-F": bool(form), "--json": json is not None}
    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise click.UsageError(f"a request has one body; {' and '.join(given)} are given")
    if json is not None:
        content = read_text(json, stdin)
        return Content(content, "application/json", "application/json")
    if data:
        return Content(b"&".join(_form_text(text, stdin) for text in data), URLENCODED)
    return Form(tuple(form)) if form else None


def read_text(text: str, stdin: BinaryIO | None = None) -> bytes:
    """The bytes of `text`, of the file behind `@path`, or of standard input for `@-`."""
    if not text.startswith("@"):
        return os.fsencode(text)
    if text == "@-":
        return (sys.stdin.buffer if stdin is None else stdin).read()
    return Path(text[1:]).read_bytes()


def _form_text(text: str, stdin: BinaryIO | None) -> bytes:
    content = read_text(text, stdin)
    # As curl does, so that a file that ends in a line end can hold a form.
    return content.translate(None, _LINE_ENDS_AND_NUL) if text.startswith("@") else content
