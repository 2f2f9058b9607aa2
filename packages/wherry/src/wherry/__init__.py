"""A fast, strict asyncio HTTP client with the API of the aiohttp client."""

from wherry_cookies import CookieJar, DummyCookieJar
from wherry_pool import ClientTimeout, TCPConnector

from ._session import ClientSession
from ._version import __version__

__all__ = ["ClientSession", "ClientTimeout", "CookieJar", "DummyCookieJar", "TCPConnector", "__version__"]
