"""Heads on the way out (RFC 9112 §3-§6; RFC 9110 §5, §7.2).

Everything a caller can inject through is checked here, before any connection is touched.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from multidict import MultiMapping

from . import _abnf
from ._errors import LocalProtocolError, quote
from ._framing import CHUNKED

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_find_control_or_blank = re.compile(r"[\x00-\x20\x7f]").search
# The authority of a target in absolute-form or authority-form, RFC 9112 §3.2.
_find_authority = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+://)?([^/?#]*+)").match
_is_digits = re.compile(r"[0-9]++").fullmatch
# Host = uri-host [ ":" port ], RFC 9110 §7.2
_is_host = re.compile(_abnf.URI_HOST.decode("ascii") + r"(?::(?P<port>[0-9]{0,5}))?").fullmatch


@lru_cache(maxsize=1024)
def _check_field_name(name: str) -> None:
    if _is_token(name) is None:
        raise LocalProtocolError(
            f"header name is not a token (letters, digits and !#$%&'*+-.^_`|~): {quote(name)}"
        )


def check_method(method: str) -> None:
    """Raise `LocalProtocolError` unless `method` is a token (RFC 9110 §9.1)."""
    if _is_token(method) is None:
        raise LocalProtocolError(f"method is not a token such as GET: {quote(method)}")


def _refuse_control(fields: Iterable[tuple[str, str]]) -> None:
    for name, value in fields:
        found = _find_control(value)
        if found is not None:
            raise LocalProtocolError(
                f"value of header {name!r} has the control character {found.group()!r} at "
                f"position {found.start()}; remove it, or encode the value"
            )


def write_fields(fields: Iterable[tuple[str, str]]) -> str:
    """Field lines, each ended by CRLF, in the order and spelling given.

    Raises `TypeError` for a name or value that is not text and `LocalProtocolError` for a name
    that is no token or a value with a control character other than tab. A value is never shown in
    full where it may be a secret: the message names the field and the character.
    """
    pairs = list(fields)
    lines = []
    for name, value in pairs:
        # Said at run time too, for callers without a type checker.
        if not isinstance(name, str) or not isinstance(value, str):  # type: ignore[redundant-expr]
            raise TypeError(
                f"header names and values must be str, got {type(name).__name__} and "
                f"{type(value).__name__} for {name!r}"
            )
        _check_field_name(str.__str__(name))  # not a subclass's own idea of it
        # join, not an f-string: that would ask a subclass of str, whose text was not checked.
        lines.append("".join((name, ": ", value, "\r\n")))
    # One search for all: a tab is allowed in values and cannot hide anything between them.
    if _find_control("\t".join([value for _, value in pairs])) is not None:
        _refuse_control(pairs)
    return "".join(lines)


def write_request_head(
    method: str, target: str, fields: Iterable[tuple[str, str]], minor: int = 1
) -> bytes:
    """The request line, the field lines and the empty line, encoded as UTF-8.

    `target` is the request target in the form that fits (RFC 9112 §3.2); it must hold no blank, no
    control character and no userinfo, and its host, if it has one, must be a host. Raises
    `LocalProtocolError` or `TypeError`, see `write_fields`.
    """
    check_method(method)
    found = _find_control_or_blank(target)
    if found is not None or not target:
        what = f"has {found.group()!r} in it" if found else "is empty"
        raise LocalProtocolError(f"request target {what}: {quote(target)}")
    if target[0] != "/":
        _check_target_authority(method, target)
    return _encode(f"{method} {target} HTTP/1.{minor}\r\n{write_fields(fields)}\r\n")


def _check_target_authority(method: str, target: str) -> None:
    match = _find_authority(target)
    scheme, authority = match.groups() if match is not None else (None, "")
    if "@" in authority:
        # Not shown: it may be a password.
        raise LocalProtocolError("request target has userinfo in it; send an Authorization field")
    if (scheme is not None or method == "CONNECT") and _is_host(authority) is None:
        raise LocalProtocolError(
            f"request target has no host with an optional port in it: {quote(target)}"
        )


def write_response_head(
    status: int, fields: Iterable[tuple[str, str]], reason: str | None = None
) -> bytes:
    """The status line of HTTP/1.1, the field lines and the empty line, encoded as UTF-8.

    `reason` None means the usual phrase for the status, if it has one. Raises `LocalProtocolError`
    for a status outside 100 to 999 or a control character in the reason, and what `write_fields`
    raises.
    """
    if not 100 <= status <= 999:
        raise LocalProtocolError(f"status code is not between 100 and 999: {status}")
    phrase = _reason_phrase(status) if reason is None else reason
    found = _find_control(phrase)
    if found is not None:
        raise LocalProtocolError(f"reason phrase has {found.group()!r} in it: {quote(phrase)}")
    return _encode(f"HTTP/1.1 {status} {phrase}\r\n{write_fields(fields)}\r\n")


def declared_body_length(fields: MultiMapping[str]) -> int | None:
    """How the fields of an outgoing message frame its body: bytes, `CHUNKED`, or None if not.

    Raises `LocalProtocolError` for more than one Content-Length, one that is no number, one
    together with Transfer-Encoding, or transfer codings that do not end in a single `chunked`.
    """
    lengths = fields.getall("Content-Length", [])
    codings = fields.getall("Transfer-Encoding", [])
    if codings:
        if lengths:
            raise LocalProtocolError("Content-Length and Transfer-Encoding exclude each other")
        names = [name.strip(" \t").lower() for name in ",".join(codings).split(",")]
        if names[-1] != "chunked" or names.count("chunked") > 1:
            raise LocalProtocolError(f"Transfer-Encoding does not end in chunked: {codings!r}")
        return CHUNKED
    if not lengths:
        return None
    if len(lengths) > 1 or _is_digits(lengths[0]) is None:
        raise LocalProtocolError(f"Content-Length must be one decimal number, got {lengths!r}")
    return int(lengths[0])


def check_host(fields: MultiMapping[str], minor: int = 1) -> None:
    """Raise `LocalProtocolError` unless there is one Host (or none, in 1.0), and it is a host.

    That is a name, an IPv4 address or an IPv6 address in brackets, with an optional port up to
    65535 (RFC 9110 §7.2, RFC 3986 §3.2.2); or empty, for a target without a host. A name that is
    not ASCII has to be given in its IDNA form.
    """
    hosts = fields.getall("Host", [])
    if len(hosts) != 1 and (hosts or minor > 0):
        raise LocalProtocolError(f"a request needs exactly one Host field, got {len(hosts)}")
    if hosts:
        _check_host_value(hosts[0])


def _check_host_value(host: str) -> None:
    match = _is_host(host)
    if match is None:
        if "@" in host:
            # Not shown: it may be a password.
            raise LocalProtocolError("Host has userinfo in it; send an Authorization field")
        raise LocalProtocolError(
            f"Host is not a host with an optional port, such as example.com:8080: {quote(host)}"
        )
    if int(match["port"] or 0) > 65535:
        raise LocalProtocolError(f"port in Host is over 65535: {quote(host)}")


def _reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as exc:
        raise LocalProtocolError(
            f"head has a lone surrogate, {text[exc.start]!r}, which has no UTF-8 form"
        ) from exc
