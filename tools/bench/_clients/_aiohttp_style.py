"""wherry and aiohttp: the same calls, so the same code."""

import importlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from ._contract import IDLE_SECONDS, STREAM_CHUNK, Chunks, Setup, check_status

_TRACED = (
    "on_request_start",
    "on_connection_reuseconn",
    "on_request_headers_sent",
    "on_response_chunk_received",
    "on_request_end",
)
"""What happens in a request on a warm connection."""


class _Content(Protocol):
    def iter_chunked(self, n: int, /) -> AsyncIterator[bytes]: ...


class _Response(Protocol):
    """What both sessions answer with."""

    @property
    def status(self) -> int: ...
    @property
    def content(self) -> _Content: ...
    async def read(self) -> bytes: ...
    async def json(self) -> object: ...


class _Session(Protocol):
    """The part of ClientSession used here."""

    def get(self, url: str, /) -> AbstractAsyncContextManager[_Response]: ...
    def post(
        self, url: str, /, *, json: object = None, data: object = None
    ) -> AbstractAsyncContextManager[_Response]: ...
    async def close(self) -> None: ...


def open_session(package: Any, setup: Setup) -> Any:
    """A ClientSession of aiohttp or wherry."""
    options: dict[str, object] = {}
    if setup.connections is not None or setup.ca_file is not None:
        options["connector"] = package.TCPConnector(
            limit=setup.connections or 0,
            keepalive_timeout=IDLE_SECONDS,
            ssl=ssl.create_default_context(cafile=setup.ca_file) if setup.ca_file else True,
        )
    if setup.cookies:
        options["cookie_jar"] = package.CookieJar(unsafe=True)
    if setup.traced:
        options["trace_configs"] = [_trace_config(package)]
    return package.ClientSession(**options)


def _trace_config(package: Any) -> object:
    config = package.TraceConfig()
    for name in _TRACED:
        getattr(config, name).append(_traced)
    return config


async def _traced(session: object, context: object, params: object) -> None:
    """What a user's handler costs at least."""


class AiohttpStyle:
    """One session, `async with`, read to the end."""

    def __init__(self, module: str, setup: Setup) -> None:
        self._package: Any = importlib.import_module(module)
        self._session: _Session = open_session(self._package, setup)

    async def get(self, url: str, /) -> int:
        """`async with session.get(url)`, then `read()`."""
        async with self._session.get(url) as response:
            body = await response.read()
            check_status(response.status, url)
            return len(body)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`; the body stays readable afterwards."""
        async with self._session.get(url) as response:
            await response.json()
            check_status(response.status, url)
            return len(await response.read())

    async def get_stream(self, url: str, /) -> int:
        """`async for chunk in response.content.iter_chunked(n)`."""
        async with self._session.get(url) as response:
            check_status(response.status, url)
            size = 0
            async for chunk in response.content.iter_chunked(STREAM_CHUNK):
                size += len(chunk)
            return size

    async def post_json(self, url: str, value: object, /) -> int:
        """`session.post(url, json=value)`."""
        async with self._session.post(url, json=value) as response:
            body = await response.read()
            check_status(response.status, url)
            return len(body)

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """`session.post(url, data=body)`."""
        return await self._post(url, body)

    async def post_file(self, url: str, path: str, /) -> int:
        """`session.post(url, data=open(path, "rb"))`."""
        with open(path, "rb") as file:  # noqa: ASYNC230, PTH123 - what its documentation shows
            return await self._post(url, file)

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """`session.post(url, data=generator())`."""
        return await self._post(url, chunks())

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """`session.post(url, data=FormData())`."""
        form = self._package.FormData()
        for name, value in fields.items():
            form.add_field(name, value)
        form.add_field("file", content, filename="data.bin")
        return await self._post(url, form)

    async def _post(self, url: str, data: object) -> int:
        async with self._session.post(url, data=data) as response:
            answer = await response.read()
            check_status(response.status, url)
            return len(answer)

    async def close(self) -> None:
        """`session.close()`."""
        await self._session.close()
