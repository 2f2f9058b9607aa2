"""The plain values a request consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from multidict import CIMultiDict
from yarl import URL


@dataclass
class Response:
    """Has the members of ResponseShape."""

    status: int
    url: URL
    version: tuple[int, int] | None = (1, 1)
    reason: str | None = "OK"
    method: str = "GET"
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)


@pytest.fixture
def url() -> URL:
    return URL("https://example.com/a?b=c#d")


@pytest.fixture
def headers() -> CIMultiDict[str]:
    return CIMultiDict({"Accept": "*/*"})


@pytest.fixture
def response(url: URL) -> Response:
    return Response(200, url)
