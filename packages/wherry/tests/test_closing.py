"""`_closing`: the bodies of a call are closed, once."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from wherry import ClientRequest, ClientResponse, ClientSession, Handler
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


@pytest.mark.parametrize("answer", [response_bytes(b"ok"), OSError("broken")])
async def test_a_file_is_closed_whatever_becomes_of_the_call(
    fake: Fake,
    tmp_path: Path,
    threads_done: Callable[[], Awaitable[None]],
    answer: bytes | OSError,
) -> None:
    """S-285: after success and after failure."""

    def reply(head: bytes, body: bytes) -> bytes:
        if isinstance(answer, OSError):
            raise answer
        return answer

    path = tmp_path / "f"
    path.write_bytes(b"x")
    session, _ = fake(reply)
    with path.open("rb") as file:
        call = session.post("http://h/", data=file)
        if isinstance(answer, OSError):
            with pytest.raises(OSError, match="broken"):
                await call
        else:
            await call
        await threads_done()
        assert file.closed


async def test_a_body_that_a_middleware_gives_a_later_hop_is_closed(
    fake: Fake, tmp_path: Path, threads_done: Callable[[], Awaitable[None]]
) -> None:
    """S-285, S-472."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b" /again " in head:
            return response_bytes(b"ok")
        return response_bytes(status=307, headers={"Location": "/again"})

    path = tmp_path / "f"
    path.write_bytes(b"x")
    files = []

    async def replace_body(request: ClientRequest, handler: Handler) -> ClientResponse:
        if request.url.path == "/again":
            files.append(path.open("rb"))
            await request.update_body(files[0])
        return await handler(request)

    session, _ = fake(answer, middlewares=[replace_body])
    await session.post("http://h/", data=b"x")
    await threads_done()
    assert files[0].closed
