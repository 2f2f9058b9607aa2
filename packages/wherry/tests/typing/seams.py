"""Must type-check: every part fits the Protocol it is used through."""

from wherry import (
    BytesPayload,
    ClientRequest,
    ClientResponse,
    ClientSession,
    CookieJar,
    DummyCookieJar,
    FormData,
    Handler,
    JsonPayload,
    Middleware,
    MultipartWriter,
    NamedPipeConnector,
    StreamReader,
    TCPConnector,
    UnixConnector,
)
from wherry.protocols import (
    ConnectorProtocol,
    CookieHeaderSource,
    CookieJarProtocol,
    PayloadProtocol,
    RequestObserver,
)
from wherry.testing import FakeConnector, RecordingObserver
from wherry_errors import RequestInfoShape
from wherry_multipart import ByteSource, MultipartResponse
from wherry_payload.protocols import ByteSource as PayloadByteSource
from wherry_payload.protocols import SendablePayload
from wherry_pool import UpgradedConnection
from wherry_pool.protocols import HttpConnection, PoolObserver, RequestBody
from wherry_tracing import RequestTraces
from wherry_tracing.protocols import ResponseShape
from wherry_websocket import FrameTransport

_jar: CookieJarProtocol = CookieJar()
_dummy_jar: CookieJarProtocol = DummyCookieJar()
_header_source: CookieHeaderSource = CookieJar()

_bytes: PayloadProtocol = BytesPayload(b"")
_json: PayloadProtocol = JsonPayload(None)
_form: PayloadProtocol = FormData()()
_writer: PayloadProtocol = MultipartWriter()

_observer: RequestObserver = RecordingObserver()
_pool_observer: PoolObserver = RecordingObserver()
_traces: RequestObserver = RequestTraces(())
_pool_traces: PoolObserver = RequestTraces(())


def connectors() -> list[ConnectorProtocol]:
    """Each of them needs a running loop."""
    return [
        TCPConnector(),
        UnixConnector("/path"),
        NamedPipeConnector(r"\\.\pipe\x"),
        FakeConnector(lambda head, body: b""),
    ]


def streams(reader: StreamReader) -> tuple[ByteSource, PayloadByteSource]:
    """A body can be read by the multipart reader and sent as a payload."""
    return reader, reader


def responses(
    response: ClientResponse,
) -> tuple[MultipartResponse, ResponseShape, RequestInfoShape]:
    """What the packages below read of a response."""
    return response, response, response.request_info


def bodies(payload: PayloadProtocol) -> tuple[RequestBody, SendablePayload]:
    """What the session takes can be sent by the pool."""
    return payload, payload


def upgraded(connection: UpgradedConnection, plain: HttpConnection) -> FrameTransport:
    """What the pool hands over can carry WebSocket frames."""
    return connection


async def pass_on(request: ClientRequest, handler: Handler) -> ClientResponse:
    """A function can be a middleware."""
    return await handler(request)


class Counting:
    """So can an object."""

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        return await handler(request)


_function: Middleware = pass_on
_object: Middleware = Counting()


def session() -> ClientSession:
    """Parts of one's own in their places."""
    return ClientSession(
        connector=FakeConnector(lambda head, body: b""),
        cookie_jar=DummyCookieJar(),
        middlewares=[pass_on, Counting()],
    )
