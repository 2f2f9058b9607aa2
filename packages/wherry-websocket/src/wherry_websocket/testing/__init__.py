"""For tests of code that uses this package: transports in memory, a check for real ones, a server
that echoes.

`memory_pair()` and `check_frame_transport()` need a running asyncio loop, `EchoServer` does not.
"""

from ._check import PeerEnd, check_frame_transport
from ._echo import EchoServer
from ._memory import MemoryPeer, MemoryTransport, ServerEnd, memory_pair

__all__ = [
    "EchoServer",
    "MemoryPeer",
    "MemoryTransport",
    "PeerEnd",
    "ServerEnd",
    "check_frame_transport",
    "memory_pair",
]
