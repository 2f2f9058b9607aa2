"""Ready-made middlewares: what nearly every program that talks to servers writes for itself.

They are built from public parts alone, so each is an example as well. In a session's list the first
is the outermost; an order that serves most is `[Retry(), BearerToken(…), RateLimit(…),
LogRequests(), SsrfGuard()]`.
"""

from ._logging import LogRequests
from ._rate_limit import RateLimit, TokenBucket
from ._retry import RETRY_STATUSES, Retry, RetryBudget
from ._ssrf import SsrfGuard
from ._token import BearerToken, Token

__all__ = [
    "RETRY_STATUSES",
    "BearerToken",
    "LogRequests",
    "RateLimit",
    "Retry",
    "RetryBudget",
    "SsrfGuard",
    "Token",
    "TokenBucket",
]
