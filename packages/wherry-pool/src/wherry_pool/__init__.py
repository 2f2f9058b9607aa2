"""A connection pool for HTTP/1.1 on asyncio: connectors, DNS, TLS, limits, keep-alive."""

from ._version import __version__

__all__ = ["__version__"]
