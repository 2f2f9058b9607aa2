"""For tests of code that uses this package: fakes for its Protocols, and checks for real ones.

Nothing here but `FakeProxy` opens a socket, and nothing waits for time to pass. The checks raise
`AssertionError` with a sentence that says what was expected.
"""

from ._checks import (
    check_address_policy,
    check_dialer,
    check_dialer_asks_policy,
    check_http_connection,
    check_request_body,
    check_resolver,
)
from ._clock import ManualClock
from ._fakes import (
    FakeAddressPolicy,
    FakeBody,
    FakeConnection,
    FakeResolver,
    MemorySink,
    RecordingObserver,
    RecordingOwner,
)
from ._memory import MemoryDialer, MemoryTransport, Step
from ._proxies import FakeProxy, ProxyRequest

__all__ = [
    "FakeAddressPolicy",
    "FakeBody",
    "FakeConnection",
    "FakeProxy",
    "FakeResolver",
    "ManualClock",
    "MemoryDialer",
    "MemorySink",
    "MemoryTransport",
    "ProxyRequest",
    "RecordingObserver",
    "RecordingOwner",
    "Step",
    "check_address_policy",
    "check_dialer",
    "check_dialer_asks_policy",
    "check_http_connection",
    "check_request_body",
    "check_resolver",
]
