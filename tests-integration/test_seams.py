"""Each Protocol with an implementation of another package: the line that proves the fit.

`mypy --strict` checks the annotations; the tests run the pair. No package imports the other.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yarl import URL

import wherry
import wherry_cookies
import wherry_multipart
import wherry_payload
import wherry_pool
import wherry_tracing
import wherry_websocket
from wherry import protocols
from wherry_multipart import protocols as multipart_protocols
from wherry_payload import protocols as payload_protocols
from wherry_pool import protocols as pool_protocols
from wherry_websocket import protocols as websocket_protocols

if TYPE_CHECKING:
    from wherry_errors import ConnectionKeyShape, RequestInfoShape

    # wherry's seams, and who fills them.
    _jar: Callable[[], protocols.CookieJarProtocol] = wherry_cookies.CookieJar
    _no_jar: Callable[[], protocols.CookieJarProtocol] = wherry_cookies.DummyCookieJar
    _header: Callable[[], protocols.CookieHeaderSource] = wherry_cookies.CookieJar
    _tcp: Callable[[], protocols.ConnectorProtocol] = wherry_pool.TCPConnector
    _unix: Callable[[str], protocols.ConnectorProtocol] = wherry_pool.UnixConnector
    _body: Callable[[bytes], protocols.PayloadProtocol] = wherry_payload.BytesPayload
    _parts: Callable[[], protocols.PayloadProtocol] = wherry_multipart.MultipartWriter
    _form: Callable[[], protocols.PayloadProtocol] = wherry_multipart.FormData()
    _traces: Callable[..., protocols.RequestObserver] = wherry_tracing.RequestTraces

    # The pool's.
    _pool_traces: Callable[..., pool_protocols.PoolObserver] = wherry_tracing.RequestTraces
    _threads: Callable[[], pool_protocols.Resolver] = wherry_pool.ThreadedResolver
    _sent: Callable[[bytes], pool_protocols.RequestBody] = wherry_payload.BytesPayload
    _sent_parts: Callable[[], pool_protocols.RequestBody] = wherry_multipart.MultipartWriter

    # What the bottom packages ask of the session's objects.
    _frames: Callable[..., websocket_protocols.FrameTransport] = wherry_pool.UpgradedConnection
    _source: Callable[..., multipart_protocols.ByteSource] = wherry.StreamReader
    _stream: Callable[..., payload_protocols.ByteSource] = wherry.StreamReader
    _sink: Callable[..., payload_protocols.ByteSink] = wherry_pool.BodyWriter
    _info: Callable[..., RequestInfoShape] = wherry.RequestInfo
    _key: Callable[..., ConnectionKeyShape] = wherry_pool.ConnectionKey
    _response: Callable[..., wherry_tracing.ResponseShape] = wherry.ClientResponse
