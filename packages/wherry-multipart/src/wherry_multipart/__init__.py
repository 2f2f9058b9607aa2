"""Forms and multipart bodies: write and read, in memory or streamed."""

from ._version import __version__

__all__ = ["__version__"]
