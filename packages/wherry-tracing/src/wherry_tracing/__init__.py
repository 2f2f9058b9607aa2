"""Signals and parameter classes to follow an HTTP request from queue to body."""

from ._version import __version__

__all__ = ["__version__"]
