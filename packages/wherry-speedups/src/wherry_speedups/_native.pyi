"""The types of the C part. What each function does is in its docstring; `help()` shows it."""

from typing import Any, TypeVar

from typing_extensions import Buffer

_T = TypeVar("_T", bound=tuple[Any, ...])  # what it holds is the caller's business

def scan_response_head(
    data: Buffer,
    max_line_size: int,
    max_field_size: int,
    max_head_size: int,
    max_headers: int,
    /,
) -> tuple[bytes, int, int, bytes, int | None, list[tuple[bytes, bytes]]] | None: ...
def take_chunks(
    data: Buffer,
    start: int,
    total: int,
    max_line_size: int,
    out: list[bytes],
    ends: list[int],
    /,
) -> tuple[int, int, int]: ...
def apply_mask(data: Buffer, key: Buffer, /) -> bytes: ...
def write_frame(first: int, payload: Buffer, key: Buffer, /) -> bytes: ...
def read_frame_head(data: Buffer, start: int, masked: bool, make: type[_T], /) -> _T | None: ...
def take_small_frames(
    data: Buffer,
    pos: int,
    out: list[_T],
    room: int,
    limit: int,
    overhead: int,
    make: type[_T],
    text_type: object | None,
    binary_type: object,
    /,
) -> int: ...
