"""A connection together with how its frames are read.

aiohttp makes its WebSocket from a reader, a writer and a fixed row of arguments, and subclasses
rely on that row. What else an open WebSocket has to know travels here, in the place of the reader.
"""

import os
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TypedDict

from ._protocol import DEFAULT_MAX_MSG_SIZE
from ._timeouts import CEIL_THRESHOLD
from .protocols import FrameTransport


class IncomingSettings(TypedDict, total=False):
    """The keywords of `Incoming`."""

    server_notakeover: bool
    max_msg_size: int
    decode_text: bool
    timeout_ceil_threshold: float
    on_closed: Callable[[], None] | None
    random: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Incoming:
    """The first argument of `ClientWebSocketResponse`, as a session gives it.

    `server_notakeover`: the server compresses each message on its own. `max_msg_size` is in bytes,
    inclusive, 0 for none. `decode_text` makes `str` of text messages. Delays above
    `timeout_ceil_threshold` seconds are rounded up. `on_closed()` is called once, when the
    transport is closed, aborted or lost: possibly within the constructor of the WebSocket, if the
    end arrived with the handshake. `random(n)` gives masking keys.
    """

    transport: FrameTransport
    _: KW_ONLY
    server_notakeover: bool = False
    max_msg_size: int = DEFAULT_MAX_MSG_SIZE
    decode_text: bool = True
    timeout_ceil_threshold: float = CEIL_THRESHOLD
    on_closed: Callable[[], None] | None = None
    random: Callable[[int], bytes] = os.urandom
