"""Request heads, for the server role.

Decides whether bytes are a request head, strictly: whoever sends requests can be expected to know
the grammar, and a server that guesses is a server that can be fooled. Knows nothing about what is
served. RFC 9112 §2.2, §3, §6.3; RFC 9110 §7.2, §10.1.1.
"""

import re
from typing import Literal

from . import _abnf
from ._errors import BadRequestLine, InvalidHeader, quote
from ._limits import DEFAULT_LIMITS, Limits
from ._lines import HeadLines
from ._message_head import MessageHead
from ._ruling import apply_ruling_fields

TargetForm = Literal["origin", "absolute", "authority", "asterisk"]
"""The four forms of a request target, RFC 9112 §3.2."""

_match_request_line = re.compile(
    rb"(" + _abnf.TOKEN + rb") ([\x21-\x7e]++) HTTP/([0-9])\.([0-9])"
).fullmatch

# Host = uri-host [ ":" port ], RFC 9110 §7.2; no userinfo.
_is_host = re.compile(_abnf.URI_HOST + rb"(?::[0-9]*+)?").fullmatch
_is_authority_form = re.compile(_abnf.URI_HOST + rb":[0-9]++").fullmatch
_is_origin_form = re.compile(rb"/[^#]*+").fullmatch
_is_absolute_form = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*+:[^#]++").fullmatch


class VersionNotSupported(BadRequestLine):
    """The request is for a major version other than 1."""

    code = 505


class TransferCodingNotSupported(InvalidHeader):
    """The request body is wrapped in a transfer coding other than chunked (RFC 9112 §6.1)."""

    code = 501


class RequestHead(MessageHead):
    """A request line and its fields; see `MessageHead` for what is read from the fields."""

    method = ""
    """The method, as sent."""

    target = ""
    """The request target, as sent; ASCII without blanks."""

    target_form: TargetForm = "origin"
    """Which of the four forms the target has."""

    expects_continue = False
    """Whether the client waits for 100 (Continue) before it sends the body."""

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target!r} HTTP/1.{self.minor}>"

    @property
    def body_length(self) -> int | None:
        """Bytes of body, 0 if there is none; None for a chunked one. RFC 9112 §6.3."""
        return None if self.is_chunked else self.content_length or 0


class RequestHeadReader:
    """Reads one request head from bytes that arrive in pieces of any size.

    Feed it until it returns a head; then the bytes that came after the head are in `surplus`. After
    an error, answer with the error's `code` and close the connection.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._head = RequestHead()
        self._lines = HeadLines(limits, strict=True, take_start_line=self._take_request_line)
        self._request_line = b""
        self._surplus = b""

    @property
    def surplus(self) -> bytes:
        """The bytes after the head; valid once `feed` has returned a head."""
        return self._surplus

    @property
    def has_begun(self) -> bool:
        """Whether anything but empty lines has been taken."""
        return self._lines.has_begun

    def feed(self, data: bytes) -> RequestHead | None:
        """Take the next bytes; the head once it is whole, None while it is not.

        Raises `BadRequestLine`, `InvalidHeader` or `LineTooLong`.
        """
        end = self._lines.feed(data)
        if not self._lines.is_done:
            return None
        self._surplus = data[end:]
        head = self._head
        head.raw = b"\r\n".join((self._request_line, *self._lines.fields, b"", b""))
        apply_ruling_fields(head, self._lines, strict=True)
        _check_body_is_delimited(head)
        _apply_request_fields(head, self._lines)
        return head

    def _take_request_line(self, line: bytes) -> None:
        match = _match_request_line(line)
        if match is None:
            raise BadRequestLine(f"expected a method, a target and HTTP/1.1, got {quote(line)}")
        method, target, major, minor = match.groups()
        if major != b"1":
            raise VersionNotSupported(f"expected HTTP/1.1 or HTTP/1.0, got {quote(line)}")
        self._request_line = line
        head = self._head
        head.minor = int(minor)
        head.method = method.decode("ascii")
        head.target = target.decode("ascii")
        head.target_form = find_target_form(method, target)


def find_target_form(method: bytes, target: bytes) -> TargetForm:
    """Which form the target has; raises `BadRequestLine` if it has none that fits the method."""
    if method == b"CONNECT":
        if _is_authority_form(target) is not None:
            return "authority"
    elif _is_origin_form(target) is not None:
        return "origin"
    elif target == b"*" and method == b"OPTIONS":
        return "asterisk"
    elif _is_absolute_form(target) is not None:
        return "absolute"
    raise BadRequestLine(f"request target {quote(target)} does not fit the method {quote(method)}")


def _check_body_is_delimited(head: RequestHead) -> None:
    # A response may run to the end of the connection, a request cannot (RFC 9112 §6.3); and
    # HTTP/1.0 has no transfer codings, whoever sends one has forwarded what it did not know (§6.1).
    if head.transfer_encoding is None:
        return
    if head.minor == 0:
        raise InvalidHeader("HTTP/1.0 request has a Transfer-Encoding")
    codings = quote(head.transfer_encoding)
    if not head.is_chunked:
        raise InvalidHeader(f"Transfer-Encoding of a request does not end in chunked: {codings}")
    if head.transfer_encoding.lower() != b"chunked":
        raise TransferCodingNotSupported(f"only the transfer coding chunked is known: {codings}")


def _apply_request_fields(head: RequestHead, lines: HeadLines) -> None:
    hosts = []
    for name, value in lines.names_and_values():
        name = name.lower()
        if name == b"host":
            hosts.append(value)
        elif name == b"expect" and value.lower() == b"100-continue":
            # HTTP/1.0 clients do not know it, whatever they send (RFC 9110 §10.1.1).
            head.expects_continue = head.minor > 0
    if len(hosts) != 1 and (hosts or head.minor > 0):
        raise InvalidHeader(f"expected one Host field, got {len(hosts)}")
    if hosts and _is_host(hosts[0]) is None:
        raise InvalidHeader(f"Host is no host with an optional port: {quote(hosts[0])}")
