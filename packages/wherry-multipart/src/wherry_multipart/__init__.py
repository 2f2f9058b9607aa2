"""Forms and multipart bodies: write and read, in memory or streamed."""

from ._disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    ContentDisposition,
    content_disposition,
    content_disposition_filename,
    parse_content_disposition,
    safe_filename,
)
from ._errors import InvalidPartHeader
from ._parser import End, MultipartParser, PartData, PartEnd, PartHead
from ._part import BodyPartReader
from ._part_payload import BodyPartReaderPayload
from ._reader import MultipartReader, MultipartResponseWrapper
from ._version import __version__
from ._writer import MultipartWriter
from .form import FormData
from .protocols import ByteSource, MultipartResponse

__all__ = [
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "ByteSource",
    "ContentDisposition",
    "End",
    "FormData",
    "InvalidPartHeader",
    "MultipartParser",
    "MultipartReader",
    "MultipartResponse",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "PartData",
    "PartEnd",
    "PartHead",
    "__version__",
    "content_disposition",
    "content_disposition_filename",
    "parse_content_disposition",
    "safe_filename",
]
