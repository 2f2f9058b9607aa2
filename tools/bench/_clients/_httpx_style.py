"""httpx and its successor httpx2: the same calls, so the same code."""

import importlib
import ssl
from collections.abc import Mapping
from typing import Any

from ._contract import (
    IDLE_SECONDS,
    NO_ANSWER_SECONDS,
    Chunks,
    Setup,
    check_status,
    file_chunks,
)

_KEPT = 20
"""Idle connections, its default. With more each request takes longer: it looks at all of them."""


class HttpxStyle:
    """AsyncClient; proxies of the environment are left out, as the others do by default."""

    def __init__(self, module: str, setup: Setup) -> None:
        package: Any = importlib.import_module(module)
        options: dict[str, object] = {"trust_env": False}
        if setup.connections is not None:
            options["limits"] = package.Limits(
                max_connections=setup.connections,
                max_keepalive_connections=setup.connections if setup.keep_all else _KEPT,
                keepalive_expiry=IDLE_SECONDS,
            )
            options["timeout"] = NO_ANSWER_SECONDS
        if setup.ca_file is not None:
            options["verify"] = ssl.create_default_context(cafile=setup.ca_file)
        self._client = package.AsyncClient(**options)

    async def get(self, url: str, /) -> int:
        """`client.get(url)`, which reads the body."""
        return _size(await self._client.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`."""
        response = await self._client.get(url)
        response.json()
        return _size(response, url)

    async def get_stream(self, url: str, /) -> int:
        """`client.stream("GET", url)`, then `aiter_bytes()`."""
        async with self._client.stream("GET", url) as response:
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
        """Through a generator: the asynchronous client takes no file."""
        return _size(await self._client.post(url, content=file_chunks(path)), url)

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """`client.post(url, content=generator())`."""
        return _size(await self._client.post(url, content=chunks()), url)

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """`client.post(url, data=fields, files=…)`."""
        files = {"file": ("data.bin", content)}
        return _size(await self._client.post(url, data=dict(fields), files=files), url)

    async def close(self) -> None:
        """`client.aclose()`."""
        await self._client.aclose()


def _size(response: Any, url: str) -> int:
    check_status(response.status_code, url)
    return len(response.content)
