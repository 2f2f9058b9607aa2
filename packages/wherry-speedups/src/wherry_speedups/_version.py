"""The version of this distribution, read by hatch and by `__version__`."""

__version__ = "0.1.0"
