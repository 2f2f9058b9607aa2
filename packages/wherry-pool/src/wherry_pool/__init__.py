"""A connection pool for HTTP/1.1 on asyncio: connectors, DNS, TLS, limits, keep-alive."""

from . import protocols
from ._addr_info import AddrInfoType, SocketFactoryType
from ._assign import Assignment, Demand, assign
from ._async_resolver import AsyncResolver, DefaultResolver
from ._connection import Connection
from ._connection_request import ConnectionRequest, WantsConnection
from ._exchange import Exchange
from ._http11 import Http11Connection
from ._incoming import IncomingBody
from ._pool import ConnectionPool, OriginStats
from ._progress import Progress, ProgressCallback
from ._proxy import ProxyDialer
from ._resolver import AbstractResolver, ThreadedResolver
from ._resolver_cache import CachingResolver
from ._route import ConnectionKey
from ._socks import SocksError
from ._tcp import TcpDialer, address_family
from ._timeout import NO_DEADLINE, ClientTimeout, deadline_after, total_deadline
from ._timings import DialTimings
from ._tls import (
    Fingerprint,
    SSLSetting,
    check_setting,
    merge_ssl_arguments,
    system_trust_context,
)
from ._upgrade import UpgradedConnection
from ._version import __version__
from .connectors import BaseConnector, NamedPipeConnector, TCPConnector, UnixConnector
from .protocols import ResolveResult

__all__ = [
    "NO_DEADLINE",
    "AbstractResolver",
    "AddrInfoType",
    "Assignment",
    "AsyncResolver",
    "BaseConnector",
    "CachingResolver",
    "ClientTimeout",
    "Connection",
    "ConnectionKey",
    "ConnectionPool",
    "ConnectionRequest",
    "DefaultResolver",
    "Demand",
    "DialTimings",
    "Exchange",
    "Fingerprint",
    "Http11Connection",
    "IncomingBody",
    "NamedPipeConnector",
    "OriginStats",
    "Progress",
    "ProgressCallback",
    "ProxyDialer",
    "ResolveResult",
    "SSLSetting",
    "SocketFactoryType",
    "SocksError",
    "TCPConnector",
    "TcpDialer",
    "ThreadedResolver",
    "UnixConnector",
    "UpgradedConnection",
    "WantsConnection",
    "__version__",
    "address_family",
    "assign",
    "check_setting",
    "deadline_after",
    "merge_ssl_arguments",
    "protocols",
    "system_trust_context",
    "total_deadline",
]
