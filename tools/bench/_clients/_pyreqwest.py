"""pyreqwest: Rust's reqwest with requests that are built step by step."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from ._contract import IDLE_SECONDS, Chunks, Setup, check_status, file_chunks


class Pyreqwest:
    """One Client; each request is built, then sent."""

    def __init__(self, setup: Setup) -> None:
        builder: Any = importlib.import_module("pyreqwest.client").ClientBuilder().no_proxy()
        if setup.connections is not None:
            builder = builder.pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
        if setup.ca_file is not None:
            builder = builder.add_root_certificate_pem(Path(setup.ca_file).read_bytes())
        if setup.cookies:
            builder = builder.default_cookie_store(True)
        self._client = builder.build()
        self._multipart: Any = importlib.import_module("pyreqwest.multipart")

    async def get(self, url: str, /) -> int:
        """`client.get(url).build().send()`, then `bytes()`."""
        return await _size(self._client.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`, which keeps the bytes."""
        response = await self._client.get(url).build().send()
        check_status(response.status, url)
        await response.json()
        return len(await response.bytes())

    async def get_stream(self, url: str, /) -> int:
        """`build_streamed()`, then `read_chunk()`."""
        async with self._client.get(url).build_streamed() as response:
            check_status(response.status, url)
            size = 0
            while (chunk := await response.body_reader.read_chunk()) is not None:
                size += len(chunk)
            return size

    async def post_json(self, url: str, value: object, /) -> int:
        """`body_json(value)`."""
        return await _size(self._client.post(url).body_json(value), url)

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """`body_bytes(body)`."""
        return await _size(self._client.post(url).body_bytes(body), url)

    async def post_file(self, url: str, path: str, /) -> int:
        """`body_stream(generator())`, as it takes no file."""
        return await _size(self._client.post(url).body_stream(file_chunks(path)), url)

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """`body_stream(generator())`."""
        return await _size(self._client.post(url).body_stream(chunks()), url)

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """`multipart(FormBuilder())`."""
        form = self._multipart.FormBuilder()
        for name, value in fields.items():
            form = form.text(name, value)
        part = self._multipart.PartBuilder.from_bytes(content).file_name("data.bin")
        return await _size(self._client.post(url).multipart(form.part("file", part)), url)

    async def close(self) -> None:
        """`client.close()`."""
        await self._client.close()


async def _size(request: Any, url: str) -> int:
    response = await request.build().send()
    check_status(response.status, url)
    return len(await response.bytes())
