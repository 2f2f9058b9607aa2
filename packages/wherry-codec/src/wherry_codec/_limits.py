"""How much of a peer's head we are willing to hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for what one message may make us hold. All inclusive, all in bytes or counts.

    The defaults for lines, fields and counts are those users of the aiohttp client know.
    """

    max_line_size: int = 8190
    """Start line, or chunk-size line with its extensions, without the line end."""

    max_field_size: int = 8190
    """One field: name and value after unfolding. Holds for each trailer field too."""

    max_headers: int = 128
    """Fields of one head, and fields of one trailer section."""

    max_head_size: int = 262_144
    """A whole head. Far above real heads (nginx sends at most some 8 KiB), so that 128 fields of
    8 KiB each, allowed one by one, cannot add up to a megabyte per connection."""

    max_informational: int = 64
    """1xx heads before the final one. Real servers send one 100, or a few 102 and 103."""


DEFAULT_LIMITS = Limits()
