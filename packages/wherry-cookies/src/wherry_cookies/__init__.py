"""An RFC 6265 cookie jar that works with any HTTP client."""

from ._version import __version__

__all__ = ["__version__"]
