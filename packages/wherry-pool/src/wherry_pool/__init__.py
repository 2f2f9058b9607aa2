"""A connection pool for HTTP/1.1 on asyncio: connectors, DNS, TLS, limits, keep-alive."""

from . import protocols
from ._assign import Assignment, Demand, assign
from ._exchange import Exchange
from ._http11 import Http11Connection
from ._incoming import IncomingBody
from ._pool import ConnectionPool, OriginStats
from ._resolver import AbstractResolver, DefaultResolver, ThreadedResolver
from ._resolver_cache import CachingResolver
from ._route import ConnectionKey
from ._tcp import AddrInfoType, SocketFactoryType, TcpDialer, address_family
from ._timeout import NO_DEADLINE, ClientTimeout, deadline_after
from ._tls import Fingerprint, SSLSetting, check_setting
from ._upgrade import UpgradedConnection
from ._version import __version__
from .connectors import BaseConnector, NamedPipeConnector, TCPConnector, UnixConnector
from .protocols import ResolveResult

__all__ = [
    "NO_DEADLINE",
    "AbstractResolver",
    "AddrInfoType",
    "Assignment",
    "BaseConnector",
    "CachingResolver",
    "ClientTimeout",
    "ConnectionKey",
    "ConnectionPool",
    "DefaultResolver",
    "Demand",
    "Exchange",
    "Fingerprint",
    "Http11Connection",
    "IncomingBody",
    "NamedPipeConnector",
    "OriginStats",
    "ResolveResult",
    "SSLSetting",
    "SocketFactoryType",
    "TCPConnector",
    "TcpDialer",
    "ThreadedResolver",
    "UnixConnector",
    "UpgradedConnection",
    "__version__",
    "address_family",
    "assign",
    "check_setting",
    "deadline_after",
    "protocols",
]
