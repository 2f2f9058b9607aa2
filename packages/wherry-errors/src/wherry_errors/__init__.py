"""The exception tree of the wherry HTTP client: names, arguments, pickling, and nothing else."""

from ._version import __version__

__all__ = ["__version__"]
