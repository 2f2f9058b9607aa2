"""Libraries that are missing or too old."""

import sys
import types

import pytest

from wherry_codec import ContentEncodingError
from wherry_codec._member import find_brotli, find_zstd


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_missing_brotli_is_named_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-075."""
    hide(monkeypatch, "brotli", "brotlicffi")

    brotli, is_there = find_brotli()

    assert not is_there
    with pytest.raises(ContentEncodingError, match="install the package Brotli"):
        brotli.start(0)


def test_brotli_that_cannot_bound_its_output_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-18: before 1.2 one call could return any amount."""
    old = types.ModuleType("brotli")
    old.Decompressor = type("Decompressor", (), {"process": None})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "brotli", old)

    brotli, is_there = find_brotli()

    assert not is_there
    with pytest.raises(ContentEncodingError, match=r"Brotli >= 1\.2"):
        brotli.start(0)


def test_missing_zstd_is_named_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-075."""
    hide(monkeypatch, "compression", "compression.zstd", "backports.zstd")

    zstd, is_there = find_zstd()

    assert not is_there
    with pytest.raises(ContentEncodingError, match=r"install the package backports\.zstd"):
        zstd.start(0)


def test_zstd_window_is_bounded() -> None:
    """RFC 9659, SEC-18: a frame that wants a window above 8 MiB is refused."""
    zstd = pytest.importorskip(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )
    window = zstd.CompressionParameter.window_log
    compressor = zstd.ZstdCompressor(options={window: 24})
    frame = compressor.compress(b"x") + compressor.flush()

    coding, _ = find_zstd()

    with pytest.raises(zstd.ZstdError):
        coding.start(frame[0]).decompress(frame, 100)
