"""Content codings: gzip, deflate, br, zstd (RFC 9110 §8.4).

Decides which codings are undone and in which order, bounds the output of every step, and notices
streams that are corrupt or cut off. Bytes in, bytes out: when to ask for more is the caller's
business, so a body that grows a thousandfold never has to be in memory at once.
"""

import zlib
from collections import deque
from types import ModuleType
from typing import Any, Final, Literal

from ._errors import ContentEncodingError, LocalProtocolError, quote
from ._member import (
    Buffer,
    Coding,
    Member,
    deflate_coding,
    find_brotli,
    find_zstd,
    gzip_coding,
)

__all__ = [
    "ACCEPT_ENCODING",
    "MAX_CODINGS",
    "MAX_MEMBERS",
    "ContentDecoder",
    "ContentEncoder",
    "get_zlib_backend",
    "make_decoder",
    "make_encoder",
    "set_zlib_backend",
]

MAX_CODINGS: Final = 5
"""Codings one body may be wrapped in. Real ones have one; curl, too, stops at five."""

MAX_MEMBERS: Final = 1024
"""Streams accepted from one piece of input: an empty gzip stream has 20 bytes and costs far more
time than bytes."""

_INPUT_STEP: Final = 65536
"""Input handed to a library at once; what it cannot use yet is copied, so long input is cut."""

_BACKEND_MEMBERS: Final = (
    "compressobj",
    "decompressobj",
    "compress",
    "decompress",
    "MAX_WBITS",
    "Z_FULL_FLUSH",
    "Z_SYNC_FLUSH",
    "Z_BEST_SPEED",
    "Z_FINISH",
)

_zlib_backend: ModuleType = zlib
_brotli, _has_brotli = find_brotli()
_zstd, _has_zstd = find_zstd()

ACCEPT_ENCODING: Final[str] = (
    "gzip, deflate" + (", br" if _has_brotli else "") + (", zstd" if _has_zstd else "")
)
"""The value of Accept-Encoding that names all codings this process can undo."""


def set_zlib_backend(module: ModuleType) -> None:
    """Use another module, such as `zlib_ng.zlib_ng` or `isal.isal_zlib`, for all later zlib work.

    Objects that exist already keep theirs. Raises `TypeError` if something is missing from it.
    """
    global _zlib_backend
    missing = [name for name in _BACKEND_MEMBERS if not hasattr(module, name)]
    if missing:
        raise TypeError(f"{module!r} is no zlib backend, it lacks {', '.join(missing)}")
    _zlib_backend = module


def get_zlib_backend() -> ModuleType:
    """The module that does zlib work from now on, `zlib` unless it was set."""
    return _zlib_backend


class _Stage:
    """Undoes one coding of a body: any number of streams behind each other."""

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._queue: deque[Buffer] = deque()
        self._held: Buffer = b""
        self._member: Member | None = None
        self._members = 0  # since the last feed
        self._has_ended = False

    @property
    def has_pending(self) -> bool:
        """Whether `take` may give something without more input."""
        if self._held or self._queue:
            return True
        return self._member is not None and not self._member.needs_input

    def feed(self, data: bytes) -> None:
        """Queue input. Only `take` looks at it."""
        if len(data) <= _INPUT_STEP:
            self._queue.append(data)
        else:
            view = memoryview(data)
            starts = range(0, len(data), _INPUT_STEP)
            self._queue.extend(view[start : start + _INPUT_STEP] for start in starts)
        self._members = 0

    def take(self, limit: int) -> bytes:
        """At least one and at most `limit` bytes; `b""` if there are none without more input."""
        while not self._held:
            member = self._member
            if member is None:
                if not self._queue:
                    return b""
                member = self._start_member()
            data: Buffer = b""
            if member.needs_input:
                if not self._queue:
                    return b""
                data = self._queue.popleft()
            self._held = self._decompress(member, data, limit)
        return self._take_held(limit)

    def finish(self) -> None:
        """Raise `ContentEncodingError` if input ended inside a stream."""
        if self._member is not None:
            raise ContentEncodingError(f"{self._coding.name} body was cut off")

    def _start_member(self) -> Member:
        coding = self._coding
        if self._has_ended and not coding.repeats:
            raise ContentEncodingError(f"{coding.name} body goes on after its end")
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ContentEncodingError(
                f"{coding.name} body has more than {MAX_MEMBERS} streams in one piece of input"
            )
        self._member = coding.start(self._queue[0][0])
        return self._member

    def _decompress(self, member: Member, data: Buffer, limit: int) -> bytes:
        try:
            piece = member.decompress(data, limit)
        except self._coding.errors as exc:
            raise ContentEncodingError(f"{self._coding.name} body is corrupt: {exc}") from exc
        if member.eof:
            self._member = None
            self._has_ended = True
            if member.unused_data:
                self._queue.appendleft(member.unused_data)
        return piece

    def _take_held(self, limit: int) -> bytes:
        # Brotli treats a limit as advice and may go beyond it.
        held = self._held
        self._held = memoryview(held)[limit:] if len(held) > limit else b""
        return bytes(held[:limit])


class ContentDecoder:
    """Undoes the content codings of one body. Made by `make_decoder`.

    For each piece of body call `decode(data)`, then `decode(b"")` while `has_pending`; at the end
    of the body call `finish()`. After an error every call raises the same error again.
    """

    def __init__(self, codings: list[Coding]) -> None:
        # The coding applied last is undone first.
        self._stages = [_Stage(coding) for coding in reversed(codings)]
        self._failure: str | None = None

    @property
    def has_pending(self) -> bool:
        """Whether more output may be available without new input: call `decode(b"")` again."""
        return any(stage.has_pending for stage in self._stages)

    def decode(self, data: bytes, max_output: int = 262_144) -> bytes:
        """Take `data`; return the next 1 to `max_output` bytes, or `b""` if none are available.

        All of `data` is kept until it has been decoded. Raises `ContentEncodingError` for corrupt
        data, for bytes after the end, or if the library for the coding is not installed.
        """
        if max_output < 1:
            raise ValueError(f"max_output must be at least 1, got {max_output}")
        self._refuse_after_failure()
        if data:
            self._stages[0].feed(data)
        try:
            return self._take(len(self._stages) - 1, max_output)
        except BaseException as exc:
            # MemoryError or an interrupt as well: nobody knows what the library has lost.
            self._failure = str(exc) or type(exc).__name__
            raise

    def finish(self) -> None:
        """Say that the body has ended. Raises `ContentEncodingError` if it was cut off.

        A body of no bytes at all is fine. Raises `LocalProtocolError` while `has_pending`.
        """
        self._refuse_after_failure()
        if self.has_pending:
            raise LocalProtocolError('output is left: call decode(b"") until has_pending is false')
        for stage in self._stages:
            stage.finish()

    def _take(self, index: int, limit: int) -> bytes:
        stage = self._stages[index]
        while True:
            piece = stage.take(limit)
            if piece or index == 0:
                return piece
            below = self._take(index - 1, limit)
            if not below:
                return b""
            stage.feed(below)

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise ContentEncodingError(self._failure)


def make_decoder(content_encoding: bytes | str) -> ContentDecoder | None:
    """The decoder for a Content-Encoding field value; None if the bytes are to be left as they are.

    That is so for `identity`, an empty value, and any list with a coding that is not known. Several
    codings are undone in reverse order; more than `MAX_CODINGS` raise `ContentEncodingError`. A
    known coding without its library gets a decoder that raises on the first byte.
    """
    text = (
        content_encoding
        if isinstance(content_encoding, str)
        else content_encoding.decode("latin-1")
    )
    names = [name.strip(" \t").lower() for name in text.split(",", 64)]
    names = [name for name in names if name and name != "identity"]
    if len(names) > MAX_CODINGS:
        raise ContentEncodingError(f"more than {MAX_CODINGS} content codings: {quote(text)}")
    codings = [_find_coding(name) for name in names]
    known = [coding for coding in codings if coding is not None]
    if not known or len(known) < len(codings):
        return None
    return ContentDecoder(known)


def _find_coding(name: str) -> Coding | None:
    if name in ("gzip", "x-gzip"):
        return gzip_coding(_zlib_backend)
    if name == "deflate":
        return deflate_coding(_zlib_backend)
    return {"br": _brotli, "zstd": _zstd}.get(name)


class ContentEncoder:
    """Applies one content coding to a body. Made by `make_encoder`.

    Send what `encode` returns for each piece, if anything, and at the end what `finish` returns.
    """

    def __init__(self, compressor: Any) -> None:  # any backend's object, see set_zlib_backend
        self._compressor = compressor

    def encode(self, data: bytes) -> bytes:
        """Take `data`; return what is ready to be sent, often nothing."""
        return bytes(self._compressor.compress(data))

    def finish(self) -> bytes:
        """The rest of the coded body. Do not encode after it."""
        return bytes(self._compressor.flush())


def make_encoder(name: Literal["gzip", "deflate"]) -> ContentEncoder:
    """An encoder at the library's default level: `gzip`, or `deflate` with the zlib wrapper.

    Raises `LocalProtocolError` for another name.
    """
    backend = _zlib_backend
    if name == "gzip":
        window = 16 + backend.MAX_WBITS
    elif name == "deflate":
        window = backend.MAX_WBITS
    else:
        raise LocalProtocolError(f"body can be coded with gzip or deflate, not {name!r}")
    return ContentEncoder(backend.compressobj(wbits=window))
