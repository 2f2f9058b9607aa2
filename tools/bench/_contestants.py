"""The contestants: which client, in which environment, with what around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNTRIMMED = str(1 << 30)
"""Bytes; a malloc threshold above any receive buffer, so that none goes back to the system."""


@dataclass(frozen=True)
class Contestant:
    """A title, the client behind it, and what its process finds in its environment variables."""

    title: str
    client: str
    environment: Mapping[str, str] = field(default_factory=dict)


CONTESTANTS = {
    contestant.title: contestant
    for contestant in (
        Contestant("floor", "floor"),
        Contestant("wherry", "wherry"),
        Contestant("wherry-pure", "wherry", {"WHERRY_PURE": "1"}),
        Contestant("aiohttp", "aiohttp"),
        Contestant(
            "aiohttp-malloc",
            "aiohttp",
            {"MALLOC_MMAP_THRESHOLD_": UNTRIMMED, "MALLOC_TRIM_THRESHOLD_": UNTRIMMED},
        ),
        Contestant("httpx", "httpx"),
        Contestant("httpx2", "httpx2"),
        Contestant("niquests", "niquests"),
        Contestant("pyreqwest", "pyreqwest"),
        Contestant("curl_cffi", "curl_cffi"),
        Contestant("primp", "primp"),
        Contestant("websockets", "websockets"),
        Contestant("picows", "picows"),
    )
}
"""By title. wherry runs twice where its speedups are installed, and once more without them. aiohttp
runs twice: whether its receive buffers are returned to the system on each read depends on what
malloc did before, and the difference is large enough to mislead."""

REQUIREMENTS: Mapping[str, Sequence[str]] = {
    "aiohttp": ("aiohttp",),
    "httpx": ("httpx",),
    "httpx2": ("httpx2",),
    "niquests": ("niquests",),
    "pyreqwest": ("pyreqwest",),
    "curl_cffi": ("curl_cffi",),
    "primp": ("primp",),
    "websockets": ("websockets",),
    "picows": ("picows",),
}
"""What is installed for a client, newest first; wherry comes from this repository."""
