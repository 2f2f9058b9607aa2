"""Shared by the tests of this package."""

from collections.abc import Callable

import pytest

from wherry_multipart import End, MultipartParser, PartData, PartEnd, PartHead

Parts = list[tuple[dict[str, str], bytes]]


@pytest.fixture(scope="session")
def parse() -> Callable[..., Parts]:
    """Parse a body cut into pieces of a size; returns headers and data of the complete parts."""

    def parse(body: bytes, boundary: str = "b", size: int = 65536) -> Parts:
        parser = MultipartParser(boundary)
        for start in range(0, len(body), size):
            parser.feed(body[start : start + size])
        parser.feed_eof()
        parts: Parts = []
        headers: dict[str, str] = {}
        data = b""
        while True:
            match parser.next_event():
                case PartHead(found):
                    headers, data = dict(found), b""
                case PartData(piece):
                    data += piece
                case PartEnd():
                    parts.append((headers, data))
                case End():
                    return parts
                case None:
                    raise AssertionError("the parser wants more after the end of the input")

    return parse
