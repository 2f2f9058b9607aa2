"""What passes between two peers, as values.

Each is what a caller of the façade sends, or is told about. Only data; when which of them may
follow is in `_state`. RFC 9112 §2.1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from multidict import CIMultiDict, CIMultiDictProxy

from ._chunk_extensions import ChunkExtensions
from ._message_head import HttpVersion, HttpVersion11

Fields = Mapping[str, str] | Iterable[tuple[str, str]]
"""Header or trailer fields as a caller may give them: a (multi)dict, or pairs."""


def _multidict(fields: Fields) -> CIMultiDictProxy[str]:
    if isinstance(fields, CIMultiDictProxy):
        return fields
    return CIMultiDictProxy(CIMultiDict(fields))


@dataclass(frozen=True, slots=True, init=False)
class Request:
    """A request line and its header fields. `Data` and one `EndOfMessage` follow."""

    method: str
    target: str
    """The request target in the form that fits the method, e.g. `/path?query`."""
    headers: CIMultiDictProxy[str]
    version: HttpVersion

    def __init__(
        self,
        method: str,
        target: str,
        headers: Fields = (),
        version: HttpVersion = HttpVersion11,
    ) -> None:
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "headers", _multidict(headers))
        object.__setattr__(self, "version", version)


@dataclass(frozen=True, slots=True, init=False)
class InformationalResponse:
    """A 1xx response, which has no body; the final response is still to come (but after 101)."""

    status: int
    headers: CIMultiDictProxy[str]
    reason: str | None
    """The reason phrase; None, when sending, for the usual one."""
    version: HttpVersion

    def __init__(
        self,
        status: int,
        headers: Fields = (),
        reason: str | None = None,
        version: HttpVersion = HttpVersion11,
    ) -> None:
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", _multidict(headers))
        object.__setattr__(self, "reason", reason)
        object.__setattr__(self, "version", version)


@dataclass(frozen=True, slots=True, init=False)
class Response:
    """The status line and header fields of a final response.

    `Data` and one `EndOfMessage` follow.
    """

    status: int
    headers: CIMultiDictProxy[str]
    reason: str | None
    """The reason phrase; None, when sending, for the usual one."""
    version: HttpVersion

    def __init__(
        self,
        status: int,
        headers: Fields = (),
        reason: str | None = None,
        version: HttpVersion = HttpVersion11,
    ) -> None:
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", _multidict(headers))
        object.__setattr__(self, "reason", reason)
        object.__setattr__(self, "version", version)


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of body, without their framing. How a body is cut into `Data` means nothing."""

    data: bytes
    extensions: tuple[ChunkExtensions, ...] = ()
    """Of the chunks that begin in these bytes and have some. Only received: they are for this
    connection, so an event that is sent on goes without (RFC 9112 §7.1.1)."""


@dataclass(frozen=True, slots=True, init=False)
class EndOfMessage:
    """The body is complete."""

    trailers: CIMultiDictProxy[str]
    """Fields after a chunked body; nearly always empty."""
    ended_by_close: bool
    """Whether only the end of the connection ended the body, so that it may have been cut off."""
    extensions: tuple[ChunkExtensions, ...]
    """Of the last chunk, which has no bytes. Only received, as with `Data`."""

    def __init__(
        self,
        trailers: Fields = (),
        ended_by_close: bool = False,
        extensions: tuple[ChunkExtensions, ...] = (),
    ) -> None:
        object.__setattr__(self, "trailers", _multidict(trailers))
        object.__setattr__(self, "ended_by_close", ended_by_close)
        object.__setattr__(self, "extensions", extensions)


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """No more bytes come from this side."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The connection belongs to another protocol from here on (101, or 2xx to CONNECT).

    Hand the socket and `leftover` to its new owner; the façade takes no more bytes.
    """

    leftover: bytes = field(default=b"")
    """Bytes of the new protocol that had arrived already."""


Event = (
    Request | InformationalResponse | Response | Data | EndOfMessage | ConnectionClosed | Upgraded
)
"""Everything `next_event` may return."""
