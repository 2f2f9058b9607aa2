"""The contestants behind one small interface: fetch something, say how many bytes came.

Each is the plain way its documentation shows: one session, `async with`, read to the end. Modules
are imported when a client is opened, so that a contestant that is not installed costs nobody else.
"""

import importlib
import importlib.util
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ._floor import RawClient


class Client(Protocol):
    """A contestant with an open session. Methods return the size of the response body."""

    async def get(self, url: str, /) -> int:
        """GET, body as bytes."""

    async def get_json(self, url: str, /) -> int:
        """GET, body decoded from JSON."""

    async def post_json(self, url: str, value: object, /) -> int:
        """POST of a value as JSON, response body as bytes."""

    async def close(self) -> None:
        """Closes the session and its connections."""


class UnexpectedStatusError(Exception):
    """A response that is not 200 would be measured for what it is not."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"expected status 200 from {url}, got {status}")


class _Response(Protocol):
    """What both sessions of the aiohttp kind answer with."""

    @property
    def status(self) -> int: ...
    async def read(self) -> bytes: ...
    async def json(self) -> object: ...


class _Session(Protocol):
    """The part of ClientSession the contestants use."""

    def get(self, url: str, /) -> AbstractAsyncContextManager[_Response]: ...
    def post(self, url: str, /, *, json: object) -> AbstractAsyncContextManager[_Response]: ...
    async def close(self) -> None: ...


class AiohttpStyle:
    """wherry and aiohttp: the same calls, so the same code."""

    def __init__(self, module: str) -> None:
        self._session: _Session = importlib.import_module(module).ClientSession()

    async def get(self, url: str, /) -> int:
        """`async with session.get(url)`, then `read()`."""
        async with self._session.get(url) as response:
            body = await response.read()
            if response.status != 200:
                raise UnexpectedStatusError(response.status, url)
            return len(body)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`; the body stays readable afterwards."""
        async with self._session.get(url) as response:
            await response.json()
            if response.status != 200:
                raise UnexpectedStatusError(response.status, url)
            return len(await response.read())

    async def post_json(self, url: str, value: object, /) -> int:
        """`session.post(url, json=value)`."""
        async with self._session.post(url, json=value) as response:
            body = await response.read()
            if response.status != 200:
                raise UnexpectedStatusError(response.status, url)
            return len(body)

    async def close(self) -> None:
        """`session.close()`."""
        await self._session.close()


class _HttpxResponse(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    def json(self) -> object: ...


class _HttpxClient(Protocol):
    async def get(self, url: str, /) -> _HttpxResponse: ...
    async def post(self, url: str, /, *, json: object) -> _HttpxResponse: ...
    async def aclose(self) -> None: ...


class Httpx:
    """httpx.AsyncClient; proxies of the environment are left out, as the others do by default."""

    def __init__(self) -> None:
        client: _HttpxClient = importlib.import_module("httpx").AsyncClient(trust_env=False)
        self._client = client

    async def get(self, url: str, /) -> int:
        """`client.get(url)`, which reads the body."""
        return _size(await self._client.get(url), url)

    async def get_json(self, url: str, /) -> int:
        """The same with `json()`."""
        response = await self._client.get(url)
        response.json()
        return _size(response, url)

    async def post_json(self, url: str, value: object, /) -> int:
        """`client.post(url, json=value)`."""
        return _size(await self._client.post(url, json=value), url)

    async def close(self) -> None:
        """`client.aclose()`."""
        await self._client.aclose()


def _size(response: _HttpxResponse, url: str) -> int:
    if response.status_code != 200:
        raise UnexpectedStatusError(response.status_code, url)
    return len(response.content)


CLIENTS = ("wherry", "aiohttp", "httpx", "floor")
"""The names `open_client` knows."""


def is_installed(name: str) -> bool:
    """Whether a contestant can run here: its module is there, and its session class is."""
    if name == "floor":
        return True
    if importlib.util.find_spec(name) is None:
        return False
    session = "AsyncClient" if name == "httpx" else "ClientSession"
    return hasattr(importlib.import_module(name), session)


def open_client(name: str) -> Client:
    """A contestant by name, to be called inside a running event loop.

    Raises ValueError for an unknown name, ImportError for one that is not installed.
    """
    if name not in CLIENTS:
        raise ValueError(f"expected one of {', '.join(CLIENTS)}, got {name!r}")
    if name == "floor":
        return RawClient()
    return Httpx() if name == "httpx" else AiohttpStyle(name)
