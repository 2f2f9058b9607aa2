"""What was found: one difference, and the words for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Something a program written for aiohttp would notice.

    `key` is what a line of `deviations.toml` names: an aspect and a path, such as
    "missing ClientSession.get(params)".
    """

    key: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}; {self.remedy}"


def missing(path: str, what: str, remedy: str) -> Difference:
    """Something is not there."""
    return Difference(f"missing {path}", f"aiohttp has this {what}, wherry has not", remedy)


def other(aspect: str, path: str, expected: object, got: object, remedy: str) -> Difference:
    """Something is there and is another."""
    return Difference(f"{aspect} {path}", f"expected {expected}, got {got}", remedy)
