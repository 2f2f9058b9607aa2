"""What of a request may be shown: the same request with `***` in place of its secrets (SEC-60)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from multidict import CIMultiDict

from wherry_errors import masked_headers, masked_url
from wherry_errors.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yarl import URL

Pairs = tuple[tuple[str, str], ...]

URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Redaction:
    """Hides secrets, unless `shows_secrets`: userinfo, Authorization, Proxy-Authorization, Cookie,
    Set-Cookie, what has a telling name in a query or a urlencoded form, and `secret_headers`.
    """

    shows_secrets: bool = False
    secret_headers: frozenset[str] = frozenset()
    """Names of more fields to hide, in lower case."""

    @staticmethod
    def of(shows_secrets: bool, secret_headers: Iterable[str]) -> Redaction:
        """One that hides the fields named, in any spelling, as well."""
        return Redaction(shows_secrets, frozenset(name.lower() for name in secret_headers))

    def url(self, url: URL | str) -> str:
        """The text of `url`."""
        return str(url) if self.shows_secrets else masked_url(url)

    def headers(self, headers: Pairs) -> Pairs:
        """The fields, one pair for each line."""
        if self.shows_secrets:
            return headers
        return tuple(
            (name, MASK if name.lower() in self.secret_headers else value)
            for name, value in masked_headers(CIMultiDict(headers))
        )

    def cookies(self, pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        """Names and values of cookies."""
        return [(name, value if self.shows_secrets else MASK) for name, value in pairs]

    def form(self, body: bytes, media_type: str) -> bytes:
        """A request body. Only those of HTML forms have places that are known to be secret."""
        if self.shows_secrets or media_type.partition(";")[0].strip().lower() != URLENCODED:
            return body
        return b"&".join(map(_masked_pair, body.split(b"&")))


def _masked_pair(pair: bytes) -> bytes:
    """`name=value` of a form, the value masked if in a query it would be."""
    name, equals, _ = pair.partition(b"=")
    start = f"?{name.decode('latin-1')}="
    is_secret = bool(equals) and masked_url(f"{start}x") == start + MASK
    return name + b"=" + MASK.encode() if is_secret else pair
