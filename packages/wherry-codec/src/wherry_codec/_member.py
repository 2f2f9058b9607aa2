"""One compressed stream of one content coding, whichever library undoes it.

Hides how zlib, Brotli and Zstandard libraries bound their output and report the end, and which of
them are installed. Knows nothing about bodies, lists of codings or repeated streams.
RFC 9110 §8.4.1, RFC 1950-1952, RFC 7932, RFC 8878, RFC 9659.
"""

import importlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Protocol

from ._errors import ContentEncodingError

Buffer = bytes | memoryview

_ZSTD_WINDOW_LOG: Final = 23
"""Windows up to 8 MiB, the bound RFC 9659 sets for content codings. Libraries allow 128 MiB."""


class Member(Protocol):
    """A decompressor of one stream; the interface of `compression.zstd.ZstdDecompressor`."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended; then `unused_data` is what followed it."""

    @property
    def unused_data(self) -> bytes:
        """Input after the end of the stream."""

    @property
    def needs_input(self) -> bool:
        """Whether it takes more input now; while false, call `decompress` with `b""`."""

    def decompress(self, data: Buffer, max_length: int, /) -> bytes:
        """Output of about `max_length` bytes at most; the rest with the next calls."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How to undo one content coding."""

    name: str
    start: Callable[[int], Member]
    """Makes the decompressor for a stream with this first byte."""
    errors: tuple[type[Exception], ...]
    """What its decompressor raises for broken data."""
    repeats: bool
    """Whether several streams may follow each other."""


class _ZlibMember:
    """A zlib decompressor that keeps the input it could not yet use."""

    def __init__(self, decompressor: Any) -> None:  # any backend's object, see set_zlib_backend
        self._decompressor = decompressor
        self._is_full = False

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decompressor.unused_data)

    @property
    def needs_input(self) -> bool:
        return not self._is_full and not self._decompressor.unconsumed_tail

    def decompress(self, data: Buffer, max_length: int) -> bytes:
        data = self._decompressor.unconsumed_tail or data
        piece = bytes(self._decompressor.decompress(data, max_length))
        # zlib may hold output back although it has used all input.
        self._is_full = len(piece) >= max_length
        return piece


class _BrotliMember:
    """A Brotli decompressor; it fails by itself on input after the end."""

    unused_data = b""

    def __init__(self, decompressor: Any) -> None:  # brotli and brotlicffi ship no types
        self._decompressor = decompressor
        self._is_full = False

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.is_finished())

    @property
    def needs_input(self) -> bool:
        return not self._is_full and bool(self._decompressor.can_accept_more_data())

    def decompress(self, data: Buffer, max_length: int) -> bytes:
        piece = bytes(self._decompressor.process(bytes(data), output_buffer_limit=max_length))
        self._is_full = len(piece) >= max_length
        return piece


def zlib_errors(backend: ModuleType) -> tuple[type[Exception], ...]:
    """What the decompressors of a zlib backend raise."""
    own = getattr(backend, "error", zlib.error)
    return (zlib.error, own)


def gzip_coding(backend: ModuleType) -> Coding:
    """gzip, RFC 1952."""

    def start(first_byte: int) -> Member:
        return _ZlibMember(backend.decompressobj(16 + backend.MAX_WBITS))

    return Coding("gzip", start, zlib_errors(backend), repeats=True)


def deflate_coding(backend: ModuleType) -> Coding:
    """deflate, RFC 1950, or without the wrapper, which some servers leave out (RFC 9110 §8.4.1.2).

    The low four bits of the first byte tell: 8, the compression method, in a wrapped stream.
    """

    def start(first_byte: int) -> Member:
        is_wrapped = first_byte & 0x0F == 8
        return _ZlibMember(backend.decompressobj(backend.MAX_WBITS * (1 if is_wrapped else -1)))

    return Coding("deflate", start, zlib_errors(backend), repeats=True)


def _import_first(*names: str) -> ModuleType | None:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def _missing(name: str, advice: str) -> Coding:
    def start(first_byte: int) -> Member:
        raise ContentEncodingError(f"cannot decode {name}: {advice}")

    return Coding(name, start, (), repeats=False)


def find_brotli() -> tuple[Coding, bool]:
    """br, RFC 7932, and whether a usable library is there.

    Usable means 1.2 or newer: older ones cannot bound their output, so that a few bytes of body
    could demand megabytes at once.
    """
    module = _import_first("brotli", "brotlicffi")
    if module is None:
        return _missing("br", "install the package Brotli (or brotlicffi)"), False
    if not hasattr(module.Decompressor, "can_accept_more_data"):
        return _missing("br", "the Brotli package is too old, install Brotli >= 1.2"), False
    brotli = module

    def start(first_byte: int) -> Member:
        return _BrotliMember(brotli.Decompressor())

    return Coding("br", start, (brotli.error,), repeats=False), True


def find_zstd() -> tuple[Coding, bool]:
    """zstd, RFC 8878 and RFC 9659, and whether a library is there."""
    module = _import_first("compression.zstd", "backports.zstd")
    if module is None:
        return _missing("zstd", "install the package backports.zstd, or use Python 3.14"), False
    zstd = module
    options = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}

    def start(first_byte: int) -> Member:
        member: Member = zstd.ZstdDecompressor(options=options)
        return member

    return Coding("zstd", start, (zstd.ZstdError,), repeats=True), True
