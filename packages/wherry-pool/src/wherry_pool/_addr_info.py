"""What an address looks like to those who make sockets for it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, TypeAlias

AddrInfoType: TypeAlias = tuple[
    int | socket.AddressFamily,
    int | socket.SocketKind,
    int,
    str,
    tuple[Any, ...],  # Any: the parts of an address depend on its family
]
"""Family, type, protocol, canonical name and address, as `socket.getaddrinfo` returns them. The
same type as aiohappyeyeballs' of this name, whose address leaves its parts unsaid."""

SocketFactoryType: TypeAlias = Callable[[AddrInfoType], socket.socket]
"""Makes the socket that is to be connected to an address."""
