"""Whether the C twins of hot functions are there, and wanted.

Decided once, when a module that has such a function is imported. Knows of wherry-speedups only
what `Speedups` says: nothing here or elsewhere needs it to be installed.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast

CONTRACT = 1
"""The signatures and meanings this package knows, as wherry-speedups numbers them."""

T = TypeVar("T", bound=tuple[Any, ...])  # a named tuple, whose fields the caller knows


class ReadFrameHead(Protocol):
    """Reads a frame head into a named tuple."""

    def __call__(self, data: bytes, start: int, masked: bool, make: type[T], /) -> T | None:
        """None for a head that is incomplete or breaks a rule."""


class TakeFrames(Protocol):
    """Takes small whole frames."""

    def __call__(
        self,
        data: bytes,
        pos: int,
        out: list[Any],  # of more types of messages than are made here
        room: int,
        limit: int,
        overhead: int,
        make: type[tuple[Any, ...]],
        text_type: object,
        binary_type: object,
        /,
    ) -> int:
        """Where the rest starts; text is left if `text_type` is None."""


class ApplyMask(Protocol):
    """Masks or unmasks; see `_mask.apply_mask_plainly`."""

    def __call__(self, data: bytes | bytearray, key: bytes, /) -> bytes | bytearray:
        """A masked copy."""


class WriteFrame(Protocol):
    """Writes a frame; see `_frames.write_frame_plainly`."""

    def __call__(self, first: int, payload: bytes | bytearray, key: bytes, /) -> bytes:
        """The whole frame."""


class Speedups(Protocol):
    """What this package uses of wherry-speedups."""

    CONTRACT: int
    IS_NATIVE: bool
    apply_mask: ApplyMask
    write_frame: WriteFrame
    read_frame_head: ReadFrameHead
    take_small_frames: TakeFrames


def find_speedups(environ: Mapping[str, str]) -> Speedups | None:
    """The C twins, or None if they are not installed or `WHERRY_PURE=1` says to do without.

    Raises ImportError instead if `WHERRY_REQUIRE_NATIVE=1` and they are not installed.
    """
    if environ.get("WHERRY_PURE") == "1":
        return None
    try:
        found = cast("Speedups", import_module("wherry_speedups"))  # a module fits a Protocol
    except ImportError as exc:
        problem = str(exc)
    else:
        if found.IS_NATIVE and found.CONTRACT == CONTRACT:
            return found
        problem = "it has no C part"
        if found.IS_NATIVE:
            problem = f"its contract is {found.CONTRACT}, expected {CONTRACT}"
    if environ.get("WHERRY_REQUIRE_NATIVE") == "1":
        raise ImportError(
            f"WHERRY_REQUIRE_NATIVE=1 asks for wherry-speedups: {problem}; "
            "install wherry-websocket[speedups] where there is a C compiler"
        )
    return None
