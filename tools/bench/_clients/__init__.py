"""The contestants behind one small interface: fetch or send something, say how many bytes came.

Each is the plain way its documentation shows: one session, `async with`, read to the end. A
contestant's module is imported when it is opened, so that one that is not installed costs nobody
else.
"""

from ._contract import Client, NotOfferedError, Setup, UnexpectedStatusError
from ._floor import IdleClient, RawClient
from ._registry import CLIENTS, is_installed, open_client

__all__ = [
    "CLIENTS",
    "Client",
    "IdleClient",
    "NotOfferedError",
    "RawClient",
    "Setup",
    "UnexpectedStatusError",
    "is_installed",
    "open_client",
]
