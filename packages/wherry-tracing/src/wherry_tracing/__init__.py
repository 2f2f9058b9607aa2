"""Signals and parameter classes to follow an HTTP request from queue to body."""

from ._config import TraceConfig
from ._observer import RequestTraces, begin
from ._signal import Signal, TraceHandler
from ._trace import Trace
from ._version import __version__
from .params import (
    TraceBytesReadParams,
    TraceBytesWrittenParams,
    TraceConnectionCreateEndParams,
    TraceConnectionCreateStartParams,
    TraceConnectionQueuedEndParams,
    TraceConnectionQueuedStartParams,
    TraceConnectionReuseconnParams,
    TraceDnsCacheHitParams,
    TraceDnsCacheMissParams,
    TraceDnsResolveHostEndParams,
    TraceDnsResolveHostStartParams,
    TraceInformationalReceivedParams,
    TraceRequestChunkSentParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestHeadersSentParams,
    TraceRequestRedirectParams,
    TraceRequestStartParams,
    TraceResponseChunkReceivedParams,
    TraceTlsHandshakeEndParams,
    TraceTlsHandshakeStartParams,
)
from .protocols import ResponseShape

__all__ = [
    "RequestTraces",
    "ResponseShape",
    "Signal",
    "Trace",
    "TraceBytesReadParams",
    "TraceBytesWrittenParams",
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceHandler",
    "TraceInformationalReceivedParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
    "TraceTlsHandshakeEndParams",
    "TraceTlsHandshakeStartParams",
    "__version__",
    "begin",
]
