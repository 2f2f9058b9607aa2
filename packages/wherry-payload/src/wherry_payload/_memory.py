"""Bodies that are whole in memory: bytes, text, JSON.

Decides the charset of text. They have a size, can be written any number of times, and offer their
bytes, unless there are many, to whoever wants to send them together with the head.
"""

import io
import json
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from multidict import CIMultiDict

from ._base import Payload
from .protocols import ByteSink

LARGE_BODY = 1024 * 1024
"""Bytes above which a body in memory warns, and is written in pieces of this size: a transport
copies what the socket does not take at once, which for 100 MB costs more than sending it."""

SMALL_COPY = 64 * 1024
"""Bytes up to which copying a body to `bytes` is cheaper than a second write to the socket."""

_find_charset = re.compile(r""";[ \t]*charset=(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE).search


def charset_of(content_type: str) -> str | None:
    """The charset parameter of a content type, or None (RFC 9110 §8.3.2)."""
    found = _find_charset(content_type)
    return (found.group(1) or found.group(2)) if found else None


def text_encoding_and_type(
    encoding: str | None, content_type: str | None, headers: Mapping[str, str] | None
) -> tuple[str, str]:
    """The charset text is encoded in, and the content type that says so.

    The charset given, else the one of the content type given (here or among `headers`), else UTF-8.
    A charset that is only named in a content type and unknown to Python also means UTF-8; one that
    is given as `encoding` and unknown raises the builtin `LookupError` when text is encoded.
    """
    if content_type is None and headers:
        content_type = CIMultiDict(headers).get("Content-Type")
    if encoding is None:
        encoding = charset_of(content_type) if content_type else None
        encoding = encoding if encoding and _is_known(encoding) else "utf-8"
    return encoding, content_type or f"text/plain; charset={encoding}"


def _is_known(encoding: str) -> bool:
    try:
        # Not codecs.lookup(), which also knows base64, rot13 and others that are no charsets.
        "".encode(encoding)
    except (LookupError, ValueError):  # ValueError: a NUL in the name, or "undefined"
        return False
    return True


def _bytes_like(value: object) -> bytes | bytearray | memoryview:
    if isinstance(value, memoryview):
        return value.cast("B") if value.c_contiguous else value.tobytes()
    if isinstance(value, (bytes, bytearray)):
        return value
    raise TypeError(f"value must be bytes, bytearray or memoryview, got {type(value).__name__}")


def _caller_level() -> int:
    """Stack level of the first frame outside the wherry packages, for warnings."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - documented in sys
    while frame.f_back and str(frame.f_globals.get("__name__", "")).startswith("wherry"):
        level, frame = level + 1, frame.f_back
    return level


class BytesPayload(Payload):
    """A body that is given as bytes, a bytearray or a memoryview.

    More than 1 MiB warns `ResourceWarning` and works all the same. Raises `TypeError` for any
    other value.
    """

    _value: bytes | bytearray | memoryview
    _autoclose = True
    _writes_value: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Note whether the subclass writes something else than its value."""
        super().__init_subclass__(**kwargs)
        cls._writes_value = (
            cls.write is BytesPayload.write
            and cls.write_with_length is BytesPayload.write_with_length
        )

    def __init__(
        self,
        value: bytes | bytearray | memoryview,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(_bytes_like(value), headers, content_type, filename, encoding, **kwargs)
        self._size = len(self._value)
        if self._size > LARGE_BODY:
            warnings.warn(
                f"a body of {self._size} bytes in one piece can hold up the event loop; "
                "pass an io.BytesIO or an open file instead",
                ResourceWarning,
                stacklevel=_caller_level(),
                source=self,
            )

    @property
    def in_memory(self) -> bytes | None:
        """The body as `bytes`; None for a large one, and for subclasses that write something else.

        A body is large from 1 MiB, a mutable one, which has to be copied, from 64 KiB on.
        """
        if not self._writes_value or len(self._value) > LARGE_BODY:
            return None
        if isinstance(self._value, bytes):
            return self._value
        return bytes(self._value) if len(self._value) <= SMALL_COPY else None

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text, in its own charset if it has one."""
        return str(self._value, self._encoding or encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The whole body as it goes on the wire."""
        return bytes(self._value) if self._writes_value else await super().as_bytes()

    async def write(self, writer: ByteSink) -> None:
        """Hand the body over, without copying, in pieces of up to 1 MiB."""
        if len(self._value) <= LARGE_BODY:
            await writer.write(self._value)
            return
        view = memoryview(self._value)
        for start in range(0, len(view), LARGE_BODY):
            await writer.write(view[start : start + LARGE_BODY])


class StringPayload(BytesPayload):
    """Text, encoded when the payload is made.

    The charset is `encoding`, else that of the given content type, else UTF-8.
    """

    def __init__(
        self,
        value: str,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        encoding, content_type = text_encoding_and_type(encoding, content_type, headers)
        super().__init__(
            value.encode(encoding), headers, content_type, filename, encoding, **kwargs
        )


class StringIOPayload(StringPayload):
    """The rest of a `StringIO`, read when the payload is made."""

    def __init__(
        self,
        value: io.StringIO,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(value.read(), headers, content_type, filename, encoding, **kwargs)


class JsonPayload(BytesPayload):
    """A value as JSON, by a `dumps` that returns text (RFC 8259)."""

    def __init__(
        self,
        value: Any,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: Callable[[Any], str] = json.dumps,
        headers: Mapping[str, str] | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(
            dumps(value).encode(encoding), headers, content_type, None, encoding, **kwargs
        )


class JsonBytesPayload(BytesPayload):
    """A value as JSON, by a `dumps` that returns bytes, as orjson and msgspec do."""

    def __init__(
        self,
        value: Any,
        dumps: Callable[[Any], bytes],
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(dumps(value), headers, content_type, None, "utf-8", **kwargs)
