"""Whether the C twins of hot functions are there, and wanted.

Decided once, when a module that has such a function is imported. Knows of wherry-speedups only
what `Speedups` says: nothing here or elsewhere needs it to be installed.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, TypeAlias, cast

CONTRACT = 1
"""The signatures and meanings this package knows, as wherry-speedups numbers them."""

ScannedHead: TypeAlias = tuple[bytes, int, int, bytes, int | None, list[tuple[bytes, bytes]]]
"""The bytes of a head, its minor version, status and reason phrase; its Content-Length; the other
fields that rule, by name and value in lower case, in wire order."""


class ScanHead(Protocol):
    """Finds a head; see `_head.scan_head_plainly`."""

    def __call__(
        self,
        data: bytes,
        max_line_size: int,
        max_field_size: int,
        max_head_size: int,
        max_headers: int,
        /,
    ) -> ScannedHead | None:
        """What is found out, or None."""


class TakeChunks(Protocol):
    """Takes plain chunks; see `_chunked.take_chunks_plainly`."""

    def __call__(
        self,
        data: bytes,
        start: int,
        total: int,
        max_line_size: int,
        out: list[bytes],
        ends: list[int],
        /,
    ) -> tuple[int, int, int]:
        """Where it stopped, the new total, and what is missing of the last chunk."""


class Speedups(Protocol):
    """What this package uses of wherry-speedups."""

    CONTRACT: int
    IS_NATIVE: bool
    scan_response_head: ScanHead
    take_chunks: TakeChunks


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
            "install wherry-codec[speedups] where there is a C compiler"
        )
    return None
