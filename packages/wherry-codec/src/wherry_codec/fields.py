"""Field values: what they are made of, and those worth a parser of their own.

Nothing here raises for what a peer sent: a malformed value gives None, or is left out where there
are several. Every function takes time linear in its input. Values are texts as `headers` holds
them; where a field may come on several lines, pass the line or all of them. Times and moments are
seconds; `now` is passed in.

Content-Disposition is not here: it is part of wherry-multipart, with the file names it is for.
"""

from ._challenge import Challenge, parse_challenges
from ._charset import known_charset
from ._content_range import ContentRange, parse_content_range
from ._etag import ETag, format_etag, parse_etag, parse_etag_list
from ._ext_value import decode_ext_value
from ._field_syntax import (
    connection_options,
    is_token,
    parse_parameters,
    quote_string,
    split_list,
    unquote_string,
)
from ._http_date import format_http_date, parse_http_date
from ._keep_alive import KeepAlive, parse_keep_alive
from ._link import Link, parse_links
from ._media_type import UNKNOWN_MEDIA_TYPE, MediaType, parse_media_type
from ._retry_after import parse_retry_after

__all__ = [
    "UNKNOWN_MEDIA_TYPE",
    "Challenge",
    "ContentRange",
    "ETag",
    "KeepAlive",
    "Link",
    "MediaType",
    "connection_options",
    "decode_ext_value",
    "format_etag",
    "format_http_date",
    "is_token",
    "known_charset",
    "parse_challenges",
    "parse_content_range",
    "parse_etag",
    "parse_etag_list",
    "parse_http_date",
    "parse_keep_alive",
    "parse_links",
    "parse_media_type",
    "parse_parameters",
    "parse_retry_after",
    "quote_string",
    "split_list",
    "unquote_string",
]
