"""The wherry command: HTTP requests from the terminal, and a demo server to try them on."""

from ._main import main
from ._version import __version__

__all__ = ["__version__", "main"]
