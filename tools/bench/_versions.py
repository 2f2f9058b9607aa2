"""Versions of distributions, by the name of what is imported."""

import importlib.metadata

_DISTRIBUTIONS = {"curl_cffi": "curl-cffi"}


def version_of(module: str) -> str:
    """The version of the distribution of a module; empty if there is none."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return ""
