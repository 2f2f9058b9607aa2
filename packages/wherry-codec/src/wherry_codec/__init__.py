"""A sans-I/O HTTP/1.1 codec: heads, framing, chunks, content codings, client and server role."""

from ._version import __version__

__all__ = ["__version__"]
