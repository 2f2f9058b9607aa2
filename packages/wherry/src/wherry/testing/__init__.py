"""What tests of a client, and of parts for it, need: fakes, a loopback server, conformance checks.

`FakeConnector` answers requests from a function, without sockets. `LoopbackServer` answers them
over a real socket. `make_response` makes a response without a request. Each Protocol of
`wherry.protocols`, and the handler and the middleware, has a `check_…` that raises `AssertionError`
with the rule that an implementation breaks.

Checks for payloads and cookie jars, and the recording observer, are those of the packages below.
"""

from wherry_codec.testing import RawPlan, ResponsePlan
from wherry_cookies.testing import check_cookie_jar
from wherry_payload.testing import check_payload
from wherry_tracing.testing import RecordingObserver

from ._checks import check_connector, check_handler, check_middleware, check_request_observer
from ._fake import FakeConnector, SeenRequest, response_bytes
from ._responses import make_response
from ._server import LoopbackConnection, LoopbackServer

__all__ = [
    "FakeConnector",
    "LoopbackConnection",
    "LoopbackServer",
    "RawPlan",
    "RecordingObserver",
    "ResponsePlan",
    "SeenRequest",
    "check_connector",
    "check_cookie_jar",
    "check_handler",
    "check_middleware",
    "check_payload",
    "check_request_observer",
    "make_response",
    "response_bytes",
]
