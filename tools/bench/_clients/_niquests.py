"""niquests, over the fork of urllib3 it comes with."""

import importlib
from collections.abc import Mapping
from typing import Any

from ._contract import STREAM_CHUNK, Chunks, Setup, check_status, file_chunks


class Niquests:
    """AsyncSession; its pool counts hosts and connections of a host."""

    def __init__(self, setup: Setup) -> None:
        options: dict[str, object] = {}
        if setup.connections is not None:
            options = {"pool_connections": setup.connections, "pool_maxsize": setup.connections}
        self._session: Any = importlib.import_module("niquests").AsyncSession(**options)
        self._session.trust_env = False
        if setup.ca_file is not None:
            self._session.verify = setup.ca_file

    async def get(self, url: str, /) -> int:
        """`session.get(url)`, which reads the body."""
        return _size(await self._session.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`."""
        response = await self._session.get(url)
        response.json()
        return _size(response, url)

    async def get_stream(self, url: str, /) -> int:
        """`session.get(url, stream=True)`, then `iter_content()`."""
        response = await self._session.get(url, stream=True)
        check_status(response.status_code, url)
        size = 0
        async for chunk in await response.iter_content(STREAM_CHUNK):
            size += len(chunk)
        return size

    async def post_json(self, url: str, value: object, /) -> int:
        """`session.post(url, json=value)`."""
        return _size(await self._session.post(url, json=value), url)

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """`session.post(url, data=body)`."""
        return _size(await self._session.post(url, data=body), url)

    async def post_file(self, url: str, path: str, /) -> int:
        """`session.post(url, data=generator())`, so that reading is not one blocking piece."""
        return _size(await self._session.post(url, data=file_chunks(path)), url)

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """`session.post(url, data=generator())`."""
        return _size(await self._session.post(url, data=chunks()), url)

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """`session.post(url, data=fields, files=…)`."""
        files = {"file": ("data.bin", content)}
        return _size(await self._session.post(url, data=dict(fields), files=files), url)

    async def close(self) -> None:
        """`session.close()`."""
        await self._session.close()


def _size(response: Any, url: str) -> int:
    check_status(response.status_code, url)
    return len(response.content)
