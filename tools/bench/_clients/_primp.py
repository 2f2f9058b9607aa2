"""primp: Rust's reqwest behind calls like those of requests, impersonating nobody."""

import importlib
from collections.abc import Mapping
from typing import Any

from ._contract import NO_ANSWER_SECONDS, Chunks, NotOfferedError, Setup, check_status


class Primp:
    """AsyncClient; it opens as many connections as it needs."""

    def __init__(self, setup: Setup) -> None:
        options: dict[str, object] = {"timeout": NO_ANSWER_SECONDS}
        if setup.ca_file is not None:
            options["ca_cert_file"] = setup.ca_file
        self._client: Any = importlib.import_module("primp").AsyncClient(**options)

    async def get(self, url: str, /) -> int:
        """`client.get(url)`, then `content`."""
        return _size(await self._client.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`."""
        response = await self._client.get(url)
        response.json()
        return _size(response, url)

    async def get_stream(self, url: str, /) -> int:
        """`client.get(url, stream=True)`, then `aiter_bytes()`."""
        response = await self._client.get(url, stream=True)
        check_status(response.status_code, url)
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
        return size

    async def post_json(self, url: str, value: object, /) -> int:
        """`client.post(url, json=value)`."""
        return _size(await self._client.post(url, json=value), url)

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """`client.post(url, content=body)`."""
        return _size(await self._client.post(url, content=body), url)

    async def post_file(self, url: str, path: str, /) -> int:
        """Not offered: a body is bytes, or a form with paths."""
        raise NotOfferedError("primp takes no file as a body")

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """Not offered either."""
        raise NotOfferedError("primp takes no asynchronous generator as a body")

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """Not offered: the files of a form are paths."""
        raise NotOfferedError("primp takes forms of files on disk only")

    async def close(self) -> None:
        """Nothing to call: its connections end with the client object."""
        del self._client


def _size(response: Any, url: str) -> int:
    check_status(response.status_code, url)
    return len(response.content)
