"""Heads from templates: what requests to different URLs have in common is written once.

A template has the fields of one method, one set of the caller's fields and one kind of body. A
request adds its target, its Host, its Cookie, its Authorization and the length of its body. What
is added is checked each time, what the template has only when it is made (SEC-1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from multidict import CIMultiDict

from wherry_codec import write_fields, write_request_head

if TYPE_CHECKING:
    from collections.abc import Sequence

_END = b"\r\n"


class HeadTemplate:
    """All fields of a request but those of its target, in the order of the wire.

    `items` begin with Host; behind the first `lead` of them stand Cookie and Authorization, and
    right after those Content-Length, if `items` has one. Raises `ValueError` or `TypeError` for
    fields that cannot be sent.
    """

    __slots__ = ("_after", "_before", "_has_length", "_items", "_lead")

    def __init__(self, items: Sequence[tuple[str, str]], lead: int) -> None:
        self._items = items
        self._lead = lead
        behind = items[lead:]
        self._has_length = bool(behind) and behind[0][0] == "Content-Length"
        self._before = write_fields(items[1:lead]).encode("utf-8", "surrogateescape")
        after = write_fields(behind[1:] if self._has_length else behind)
        self._after = after.encode("utf-8", "surrogateescape") + _END

    def fill(
        self,
        method: str,
        target: str,
        host: str,
        *,
        minor: int = 1,
        cookie: str = "",
        authorization: str = "",
        length: int = 0,
    ) -> PreparedHead:
        """The head of one request. Raises `ValueError` for what cannot be sent."""
        added = []
        if cookie:
            added.append(("Cookie", cookie))
        if authorization:
            added.append(("Authorization", authorization))
        middle = write_fields(added).encode("utf-8", "surrogateescape") if added else b""
        if self._has_length:
            added.append(("Content-Length", str(length)))
            middle += b"Content-Length: %d\r\n" % length
        start = _start(method, target, host, minor)
        data = b"%b%b%b%b" % (start, self._before, middle, self._after)
        return PreparedHead(data, self, host, added)

    def fields(self, host: str, added: Sequence[tuple[str, str]]) -> CIMultiDict[str]:
        """The fields of a head made by `fill`, as a multidict of its own."""
        lead = self._lead
        behind = self._items[lead + self._has_length :]
        return CIMultiDict([("Host", host), *self._items[1:lead], *added, *behind])


@lru_cache(maxsize=1024)
def _start(method: str, target: str, host: str, minor: int) -> bytes:
    """Request line and Host."""
    return write_request_head(method, target, (("Host", host),), minor)[: -len(_END)]


class PreparedHead:
    """A finished head, whose fields are made when somebody asks for them."""

    __slots__ = ("_added", "_host", "_template", "data")

    def __init__(
        self, data: bytes, template: HeadTemplate, host: str, added: Sequence[tuple[str, str]]
    ) -> None:
        self.data: bytes = data
        self._template = template
        self._host = host
        self._added = added

    def fields(self) -> CIMultiDict[str]:
        """The fields in `data`."""
        return self._template.fields(self._host, self._added)
