"""What each signal carries: frozen data classes, compared by value.

The first sixteen are those of aiohttp's client; the last five are additions.

`headers` of start, end, exception and redirect is the multidict the request is built from, not a
copy: a handler of `on_request_start` may add to it. Everything else is to be read only.
"""

from dataclasses import dataclass

from multidict import CIMultiDict, MultiMapping
from yarl import URL

from .protocols import ResponseShape


@dataclass(frozen=True, slots=True)
class TraceRequestStartParams:
    """The call begins; `url` is the requested one with its query and fragment."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class TraceRequestHeadersSentParams:
    """The head is about to be written; `headers` are final, `url` has no fragment."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class TraceRequestChunkSentParams:
    """A piece of the request body, before compression and framing; `url` has no fragment."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceResponseChunkReceivedParams:
    """A piece of the response body, decoded; `url` has no fragment."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True)
class TraceRequestRedirectParams:
    """A redirect is about to be followed: the hop that was answered, and its answer."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ResponseShape


@dataclass(frozen=True, slots=True)
class TraceRequestEndParams:
    """Head and redirects are done, the body is not read yet; method and URL of the last hop."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ResponseShape


@dataclass(frozen=True, slots=True)
class TraceRequestExceptionParams:
    """The call failed, time-outs and cancellation included."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    exception: BaseException


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedStartParams:
    """The request begins to wait for a place in the pool."""


@dataclass(frozen=True, slots=True)
class TraceConnectionQueuedEndParams:
    """The wait for a place is over."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateStartParams:
    """A new connection is about to be made."""


@dataclass(frozen=True, slots=True)
class TraceConnectionCreateEndParams:
    """The new connection is ready, TLS included."""


@dataclass(frozen=True, slots=True)
class TraceConnectionReuseconnParams:
    """An idle connection was taken."""


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostStartParams:
    """The resolver is about to be asked for `host`."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsResolveHostEndParams:
    """The resolver has answered for `host`."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheHitParams:
    """The addresses of `host` were known, or are being looked up for another request."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceDnsCacheMissParams:
    """The addresses of `host` were not known."""

    host: str


# --- additions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TraceTlsHandshakeStartParams:
    """A TLS handshake with `host`, the origin's or a proxy's name, is about to begin."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceTlsHandshakeEndParams:
    """The TLS handshake with `host` has succeeded."""

    host: str


@dataclass(frozen=True, slots=True)
class TraceInformationalReceivedParams:
    """A 1xx response came before the final one; `url` has no fragment."""

    method: str
    url: URL
    status: int
    reason: str
    headers: MultiMapping[str]


@dataclass(frozen=True, slots=True)
class TraceBytesWrittenParams:
    """So many bytes of this request have been written by now: head, coding and framing included.

    `url` has no fragment.
    """

    method: str
    url: URL
    total: int


@dataclass(frozen=True, slots=True)
class TraceBytesReadParams:
    """So many bytes of the response body have been read by now, before they were decoded.

    `url` has no fragment.
    """

    method: str
    url: URL
    total: int
