"""What a contestant offers, and how a session is set up for a scenario.

Standard library only, as everything a contestant's process imports: it runs in an environment that
holds the contestant and nothing else.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

Chunks = Callable[[], AsyncIterator[bytes]]
"""Makes the chunks of one upload anew."""

STREAM_CHUNK = 65536
"""Bytes; what a streamed download asks for at a time, where a contestant lets one ask."""

IDLE_SECONDS = 3600
"""How long idle connections stay, where it can be said: contestants wait for their turns."""

NO_ANSWER_SECONDS = 60.0
"""A contestant that is stuck fails after this, instead of holding up the others."""


@dataclass(frozen=True)
class Setup:
    """What a session is opened for; the default is the session as its documentation opens it.

    `connections`: as many may be open at a time, None for the contestant's own limit. `keep_all`:
    all of them stay when idle, also with a contestant that keeps only some by default. `ca_file`:
    a PEM file of the authority to trust, instead of the system's. `cookies`: keeps cookies, from
    IP addresses too. `cold`: the server closes after each response, which only the floor has to
    be told. `traced`: handlers for all that happens in a warm request.
    """

    connections: int | None = None
    keep_all: bool = False
    ca_file: str | None = None
    cookies: bool = False
    cold: bool = False
    traced: bool = False


class Client(Protocol):
    """A contestant with an open session. Methods return the size of the response body.

    Each may raise NotOfferedError; the scenario is then left out for this contestant.
    """

    async def get(self, url: str, /) -> int:
        """GET, body as bytes."""

    async def get_json(self, url: str, /) -> int:
        """GET, body decoded from JSON."""

    async def get_stream(self, url: str, /) -> int:
        """GET, body in chunks as they come, none kept."""

    async def post_json(self, url: str, value: object, /) -> int:
        """POST of a value as JSON, response body as bytes."""

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """POST of bytes."""

    async def post_file(self, url: str, path: str, /) -> int:
        """POST of a file that is opened for it."""

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """POST of what an asynchronous generator yields; the length is not known before."""

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """POST of a multipart form: text fields, and `content` as an uploaded file."""

    async def close(self) -> None:
        """Closes the session and its connections."""


class UnexpectedStatusError(Exception):
    """A response that is not 200 would be measured for what it is not."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"expected status 200 from {url}, got {status}")


class NotOfferedError(Exception):
    """The contestant has no way to do what the scenario asks; it is left out of it."""


def check_status(status: int, url: str) -> None:
    """Raises UnexpectedStatusError unless the status is 200."""
    if status != 200:
        raise UnexpectedStatusError(status, url)


async def file_chunks(path: str) -> AsyncIterator[bytes]:
    """A file in pieces, for contestants that take no file but an asynchronous generator."""
    with open(path, "rb") as file:  # noqa: ASYNC230, PTH123 - what their users would write
        while chunk := file.read(STREAM_CHUNK):
            yield chunk
