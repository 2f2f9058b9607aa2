"""Contestants by name: how to open each, and whether it is installed."""

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial

from ._aiohttp_style import AiohttpStyle
from ._contract import Client, Setup
from ._curl_cffi import CurlCffi
from ._floor import RawClient
from ._httpx_style import HttpxStyle
from ._niquests import Niquests
from ._primp import Primp
from ._pyreqwest import Pyreqwest

_OPENERS: dict[str, Callable[[Setup], Client]] = {
    "wherry": partial(AiohttpStyle, "wherry"),
    "aiohttp": partial(AiohttpStyle, "aiohttp"),
    "httpx": partial(HttpxStyle, "httpx"),
    "httpx2": partial(HttpxStyle, "httpx2"),
    "niquests": Niquests,
    "pyreqwest": Pyreqwest,
    "curl_cffi": CurlCffi,
    "primp": Primp,
    "floor": RawClient,
}

CLIENTS = tuple(_OPENERS)
"""The names `open_client` knows; each is also the name of a module, but for the floor."""


def is_installed(name: str) -> bool:
    """Whether a module can be imported in this environment; the floor always can."""
    return name == "floor" or importlib.util.find_spec(name) is not None


def open_client(name: str, setup: Setup = Setup()) -> Client:  # noqa: B008 - frozen
    """A contestant by name, to be called inside a running event loop.

    Raises ValueError for an unknown name, ImportError for one that is not installed.
    """
    if name not in _OPENERS:
        raise ValueError(f"expected one of {', '.join(CLIENTS)}, got {name!r}")
    return _OPENERS[name](setup)
