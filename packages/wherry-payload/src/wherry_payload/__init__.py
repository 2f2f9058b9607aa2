"""Request body types for HTTP clients: bytes, text, JSON, files, async iterables."""

from ._version import __version__

__all__ = ["__version__"]
