"""Request body types for HTTP clients: bytes, text, JSON, files, async iterables."""

from ._async_iterable import (
    AsyncIterablePayload,
    StreamerPayload,
    StreamReaderPayload,
    WriterCall,
    streamer,
)
from ._base import Payload
from ._disposition import QuoteFields, content_disposition_header
from ._file import BufferedReaderPayload, BytesIOPayload, IOBasePayload
from ._file_facts import file_name
from ._memory import (
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    StringIOPayload,
    StringPayload,
)
from ._path import PathPayload
from ._registry import (
    PAYLOAD_REGISTRY,
    LookupError,  # noqa: A004 - the name is aiohttp's
    Order,
    PayloadRegistry,
    get_payload,
    payload_type,
    register_payload,
)
from ._text_file import TextIOPayload
from ._version import __version__
from .protocols import ByteSink, ByteSource, SendablePayload

__all__ = [
    "PAYLOAD_REGISTRY",
    "AsyncIterablePayload",
    "BufferedReaderPayload",
    "ByteSink",
    "ByteSource",
    "BytesIOPayload",
    "BytesPayload",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "LookupError",
    "Order",
    "PathPayload",
    "Payload",
    "PayloadRegistry",
    "QuoteFields",
    "SendablePayload",
    "StreamReaderPayload",
    "StreamerPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "WriterCall",
    "__version__",
    "content_disposition_header",
    "file_name",
    "get_payload",
    "payload_type",
    "register_payload",
    "streamer",
]
