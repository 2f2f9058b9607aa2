"""curl_cffi: libcurl's multi interface on the event loop, impersonating nobody."""

import importlib
from collections.abc import Mapping
from typing import Any

from ._contract import NO_ANSWER_SECONDS, Chunks, Setup, check_status


class CurlCffi:
    """AsyncSession; each request in flight takes a curl handle of a limited number."""

    def __init__(self, setup: Setup) -> None:
        self._package: Any = importlib.import_module("curl_cffi")
        options: dict[str, object] = {"timeout": NO_ANSWER_SECONDS, "trust_env": False}
        if setup.connections is not None:
            options["max_clients"] = setup.connections
        if setup.ca_file is not None:
            options["verify"] = setup.ca_file
        self._session = self._package.AsyncSession(**options)

    async def get(self, url: str, /) -> int:
        """`session.get(url)`, which reads the body."""
        return _size(await self._session.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`."""
        response = await self._session.get(url)
        response.json()
        return _size(response, url)

    async def get_stream(self, url: str, /) -> int:
        """`session.stream("GET", url)`, then `aiter_content()`."""
        async with self._session.stream("GET", url) as response:
            check_status(response.status_code, url)
            size = 0
            async for chunk in response.aiter_content():
                size += len(chunk)
            return size

    async def post_json(self, url: str, value: object, /) -> int:
        """`session.post(url, json=value)`."""
        return _size(await self._session.post(url, json=value), url)

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """`session.post(url, data=body)`."""
        return _size(await self._session.post(url, data=body), url)

    async def post_file(self, url: str, path: str, /) -> int:
        """`session.post(url, content=open(path, "rb"))`."""
        with open(path, "rb") as file:  # noqa: ASYNC230, PTH123 - what its users would write
            return _size(await self._session.post(url, content=file), url)

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """`session.post(url, content=generator())`."""
        return _size(await self._session.post(url, content=chunks()), url)

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """`session.post(url, multipart=CurlMime())`."""
        form = self._package.CurlMime()
        for name, value in fields.items():
            form.addpart(name=name, data=value.encode())
        form.addpart(name="file", filename="data.bin", data=content)
        try:
            return _size(await self._session.post(url, multipart=form), url)
        finally:
            form.close()

    async def close(self) -> None:
        """`session.close()`."""
        await self._session.close()


def _size(response: Any, url: str) -> int:
    check_status(response.status_code, url)
    return len(response.content)
