"""A sans-I/O HTTP/1.1 codec: heads, framing, chunks, content codings, client and server role."""

from . import coding, field_names, fields
from ._chunk_extensions import ChunkExtensions
from ._chunked import LAST_CHUNK, ChunkDecoder, encode_chunk
from ._client_connection import ClientConnection
from ._connection import Connection
from ._errors import (
    BadRequestLine,
    BadStatusLine,
    ContentEncodingError,
    ContentLengthError,
    InvalidHeader,
    LineTooLong,
    LocalProtocolError,
    PayloadEncodingError,
    ProtocolError,
    RemoteProtocolError,
    TransferEncodingError,
    quote,
)
from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Request,
    Response,
    Upgraded,
)
from ._framing import CHUNKED, TUNNEL, UNTIL_CLOSE, message_body_length
from ._head import ResponseHead, match_response_head
from ._head_slow import ResponseHeadReader
from ._limits import DEFAULT_LIMITS, Limits
from ._message_head import HttpVersion, HttpVersion10, HttpVersion11, MessageHead
from ._request_head import (
    RequestHead,
    RequestHeadReader,
    TransferCodingNotSupported,
    VersionNotSupported,
)
from ._server_connection import ServerConnection
from ._state import Role, State
from ._transfer_coding import make_transfer_decoder
from ._version import __version__
from ._write import (
    check_host,
    check_method,
    declared_body_length,
    write_fields,
    write_request_head,
    write_response_head,
)

__all__ = [
    "CHUNKED",
    "DEFAULT_LIMITS",
    "LAST_CHUNK",
    "TUNNEL",
    "UNTIL_CLOSE",
    "BadRequestLine",
    "BadStatusLine",
    "ChunkDecoder",
    "ChunkExtensions",
    "ClientConnection",
    "Connection",
    "ConnectionClosed",
    "ContentEncodingError",
    "ContentLengthError",
    "Data",
    "EndOfMessage",
    "Event",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "InformationalResponse",
    "InvalidHeader",
    "Limits",
    "LineTooLong",
    "LocalProtocolError",
    "MessageHead",
    "PayloadEncodingError",
    "ProtocolError",
    "RemoteProtocolError",
    "Request",
    "RequestHead",
    "RequestHeadReader",
    "Response",
    "ResponseHead",
    "ResponseHeadReader",
    "Role",
    "ServerConnection",
    "State",
    "TransferCodingNotSupported",
    "TransferEncodingError",
    "Upgraded",
    "VersionNotSupported",
    "__version__",
    "check_host",
    "check_method",
    "coding",
    "declared_body_length",
    "encode_chunk",
    "field_names",
    "fields",
    "make_transfer_decoder",
    "match_response_head",
    "message_body_length",
    "quote",
    "write_fields",
    "write_request_head",
    "write_response_head",
]
