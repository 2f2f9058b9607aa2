"""HTML forms: urlencoded (WHATWG URL §5) or multipart/form-data (RFC 7578).

Decides which of the two a form is, and what each field becomes. Files are not read here.
"""

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from wherry_payload import (
    BytesPayload,
    LookupError,  # noqa: A004 - the payload registry's, not the builtin
    Payload,
    QuoteFields,
    content_disposition_header,
    file_name,
    get_payload,
)

from ._caller import caller_level
from ._writer import MultipartWriter

__all__ = ["FormData"]

_URLENCODED = "application/x-www-form-urlencoded"
_find_controls = re.compile(r"[\x00-\x1f\x7f]").finditer


@dataclass(slots=True)
class _Field:
    name: str
    value: Any  # whatever the caller gave; the payload registry or str() deals with it
    content_type: str | None
    filename: str | None
    part: Payload | None = None


class FormData:
    """The fields of a form. Calling it gives the body.

    `fields` is a mapping, a file, or a list or tuple of pairs, mappings and files; anything else
    raises `TypeError`. `quote_fields=False` writes names and file names as they are instead of
    percent-encoding them, `"whatwg"` as browsers do; see `content_disposition_header`. `charset` is
    that of text values (UTF-8 if None).
    """

    def __init__(
        self,
        fields: Any = (),
        quote_fields: QuoteFields = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        self._fields: list[_Field] = []
        self._quote_fields = quote_fields
        self._charset = charset
        self._is_multipart = default_to_multipart
        if isinstance(fields, (list, tuple)):
            self.add_fields(*fields)
        else:
            self.add_fields(fields)

    @property
    def is_multipart(self) -> bool:
        """Whether the body is multipart/form-data, not urlencoded."""
        return self._is_multipart

    def add_fields(self, *fields: Any) -> None:
        """Add fields: pairs of name and value, mappings of such, or files.

        A file gets its base name as the name of its field. Raises `TypeError` for anything else.
        """
        for field in fields:
            if _is_file(field):
                self.add_field(file_name(field) or "unknown", field)
            elif isinstance(field, Mapping):
                for name, value in field.items():
                    self.add_field(name, value)
            elif isinstance(field, (list, tuple)) and len(field) == 2:
                self.add_field(field[0], field[1])
            else:
                raise TypeError(
                    "form fields must be pairs of name and value, mappings or files, got "
                    f"{type(field).__name__}"
                )

    def add_field(
        self,
        name: str | int,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add one field.

        A file, a file name or a content type makes the form multipart. Raises `TypeError` for
        arguments that are no text and `ValueError` for control characters in them.
        `content_transfer_encoding` is deprecated and only makes the form multipart; so is a bytes
        value without file name, which becomes a file named like the field.
        """
        name = self._checked_name("name", str(name) if isinstance(name, int) else name)
        if content_type is not None:
            content_type = _checked("content_type", content_type)
        if content_transfer_encoding is not None:
            _checked("content_transfer_encoding", content_transfer_encoding)
            _deprecated("content_transfer_encoding has no effect, form-data allows none")
        if filename is not None:
            filename = self._checked_name("filename", filename)
        else:
            filename = self._default_filename(name, value)
        multipart_arguments = (filename, content_type, content_transfer_encoding)
        if any(argument is not None for argument in multipart_arguments):
            self._is_multipart = True
        self._fields.append(_Field(name, value, content_type, filename))

    def _checked_name(self, what: str, text: object) -> str:
        # Browsers escape a line break instead of refusing it.
        return _checked(what, text, "\r\n" if self._quote_fields == "whatwg" else "")

    def _default_filename(self, name: str, value: object) -> str | None:
        if _is_file(value):
            return self._checked_name("filename", file_name(value) or name)
        if isinstance(value, (bytes, bytearray, memoryview)):
            _deprecated("a bytes value without a file name; give filename=, or decode it to str")
            return name
        return None

    def __call__(self) -> Payload:
        """The body: a `MultipartWriter`, or a `BytesPayload` of urlencoded pairs.

        Raises `TypeError` if the form is multipart and no payload class fits a value.
        """
        return self._multipart() if self._is_multipart else self._urlencoded()

    def _urlencoded(self) -> BytesPayload:
        charset = self._charset or "utf-8"
        pairs = [(field.name, field.value) for field in self._fields]
        content_type = _URLENCODED if charset == "utf-8" else f"{_URLENCODED}; charset={charset}"
        body = urlencode(pairs, doseq=True, encoding=charset).encode("ascii")
        return BytesPayload(body, content_type=content_type)

    def _multipart(self) -> MultipartWriter:
        writer = MultipartWriter("form-data")
        for field in self._fields:
            # Kept, so that a second call sends a file from the same position as the first.
            if field.part is None:
                field.part = self._part(field)
            writer.append_payload(field.part)
        return writer

    def _part(self, field: _Field) -> Payload:
        try:
            part = get_payload(
                field.value,
                content_type=field.content_type,
                encoding=self._charset,
                disposition=None,
            )
        except LookupError as exc:
            raise TypeError(
                f"form field {field.name!r} cannot hold {type(field.value).__name__}; "
                "turn it into str or bytes, or pass a file"
            ) from exc
        if field.content_type is not None:
            part.headers["Content-Type"] = field.content_type  # a ready payload has its own
        params = {"name": field.name}
        if field.filename is not None:
            params["filename"] = field.filename
        part.headers["Content-Disposition"] = content_disposition_header(
            "form-data", params, quote_fields=self._quote_fields
        )
        return part


def _is_file(value: object) -> bool:
    return isinstance(value, (io.IOBase, Path))


def _checked(what: str, text: object, allowed: str = "") -> str:
    if not isinstance(text, str):
        raise TypeError(f"{what} of a form field must be str, got {type(text).__name__}")
    for found in _find_controls(text):
        if found.group() in allowed:
            continue
        raise ValueError(
            f"{what} of a form field has the control character {found.group()!r} at position "
            f"{found.start()}: {text[:100]!r}"
        )
    return text


def _deprecated(text: str) -> None:
    warnings.warn(text, DeprecationWarning, stacklevel=caller_level())
