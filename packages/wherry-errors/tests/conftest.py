"""A request and a connection key full of secrets, made without any other package."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from wherry_errors import ConnectionKeyShape, RequestInfoShape


class Request(NamedTuple):
    """Has the members of RequestInfoShape."""

    url: URL
    method: str
    headers: Mapping[str, str]
    real_url: URL


class Key(NamedTuple):
    """Has the members of ConnectionKeyShape and, as the pool's key does, a proxy password."""

    host: str
    port: int | None
    is_ssl: bool
    ssl: object
    proxy_auth: str | None


@pytest.fixture
def request_info() -> RequestInfoShape:
    # A URL is only ever turned into text here, so a string will do and this package needs no yarl.
    url = cast("URL", "https://user:hunter2@example.com/a?token=hunter2&b=1")
    headers = {"Accept": "*/*", "Authorization": "Bearer hunter2", "Cookie": "sid=hunter2"}
    return Request(url, "GET", headers, url)


@pytest.fixture
def response_headers() -> Mapping[str, str]:
    """Read-only, as the client's are, and for that reason not picklable as it stands."""
    return MappingProxyType({"Server": "x", "Set-Cookie": "sid=hunter2"})


@pytest.fixture
def connection_key() -> ConnectionKeyShape:
    return Key("example.com", 443, True, True, "hunter2")
