"""A WebSocket client: a sans-I/O RFC 6455 protocol and an asyncio connection on top."""

from ._version import __version__

__all__ = ["__version__"]
