"""A fast, strict asyncio HTTP client with the API of the aiohttp client."""

from ._version import __version__

__all__ = ["__version__"]
