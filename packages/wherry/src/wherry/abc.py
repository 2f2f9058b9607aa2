"""Base classes for parts of one's own. The Protocols in `wherry.protocols` need no base class."""

from wherry_cookies import AbstractCookieJar, ClearCookiePredicate
from wherry_pool import AbstractResolver, ResolveResult

__all__ = ["AbstractCookieJar", "AbstractResolver", "ClearCookiePredicate", "ResolveResult"]
