"""Redirects: whether one is followed, and what the next request is (RFC 9110 §15.4, S-436…S-450).

`next_source` is the decision; `follow_redirects` the loop around it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from yarl import URL

from wherry_errors import (
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    TooManyRedirects,
)

from .._environ import with_environment
from .._fields import CONTENT_FIELDS
from .._request import not_replayable
from .._target import is_same_origin
from ..auth import BasicAuth
from .cookies import store_cookies
from .retry import DEAD_CONNECTION, retry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._request import ClientRequest, RequestSource
    from .._response import ClientResponse
    from .call import Call

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

SECRET_FIELDS = ("Authorization", "Cookie", "Proxy-Authorization")
"""Never taken along to another origin (SEC-21)."""

_find_control = re.compile(r"[\x00-\x1f\x7f]").search
_find_control_or_blank = re.compile(r"[\x00-\x20\x7f]").search


def is_redirect(response: ClientResponse) -> bool:
    """Whether the response names another URL to go to."""
    return response.status in REDIRECT_STATUSES and location_of(response) is not None


def location_of(response: ClientResponse) -> str | None:
    """The Location field, or else the obsolete URI field."""
    return response.headers.get("Location") or response.headers.get("URI")


def redirect_url(base: URL, location: str, *, requote: bool) -> URL:
    """The target URL. `InvalidUrlRedirectClientError`, `NonHttpUrlRedirectClientError`."""
    forbidden = _find_control if requote else _find_control_or_blank
    found = forbidden(location)
    if found is not None:
        raise InvalidUrlRedirectClientError(
            location, f"the redirect target has {found.group()!r} at position {found.start()}"
        )
    try:
        parsed = URL(location, encoded=not requote)
        url = base.with_fragment(None).join(parsed)
    except ValueError as error:
        # Without the parser's own words: what it takes for the port may be part of a password.
        raise InvalidUrlRedirectClientError(location, "the redirect target is no URL") from error
    if url.scheme not in ("http", "https"):
        raise NonHttpUrlRedirectClientError(url)
    if not url.raw_host:
        raise InvalidUrlRedirectClientError(url, "the redirect target has no host")
    return url


def redirect_method(method: str, status: int) -> str:
    """The method of the next request, as the fetch standard does it (S-437)."""
    if status == 303 and method != "HEAD":
        return "GET"
    if status in (301, 302) and method == "POST":
        return "GET"
    return method


def next_source(
    source: RequestSource, status: int, url: URL, secret_fields: Iterable[str] = ()
) -> RequestSource:
    """What is asked of `url`, the target of a redirect with `status`.

    `secret_fields` are kept from another origin in addition to `SECRET_FIELDS`.
    """
    method = redirect_method(source.method, status)
    headers = source.headers.copy()
    auth = source.auth
    cookies = source.cookies
    if method != source.method or status == 303:
        for name in CONTENT_FIELDS:
            headers.popall(name, None)
    if not is_same_origin(source.url, url):
        # A Host of the caller's names the origin that is left.
        for name in (*SECRET_FIELDS, "Host", *secret_fields):
            headers.popall(name, None)
        auth = cookies = None
        if source.url.scheme == "https" and url.scheme == "http":
            headers.popall("Referer", None)
    own_auth = BasicAuth.from_url(url)
    if own_auth is not None:
        headers.popall("Authorization", None)
    keeps_body = method == source.method and status != 303
    return replace(
        source,
        method=method,
        url=url.with_user(None),
        headers=headers,
        body=source.body if keeps_body else None,
        auth=own_auth or auth,
        cookies=cookies,
        is_chunked=source.is_chunked and keeps_body,
        expects_continue=source.expects_continue and keeps_body,
    )


async def follow_redirects(
    request: ClientRequest, response: ClientResponse, call: Call
) -> ClientResponse:
    """The response at the end of the chain that begins with `response`."""
    first = request
    while is_redirect(response):
        call.history += (response,)
        try:
            if call.observer is not None:
                await call.observer.request_redirect(
                    request.method, request.original_url, request.headers, response
                )
        finally:
            response.release()
        _check_count(first, response, call)
        request = await _next_request(request, response, call)
        call.last_request = request
        call.check_deadline(request)
        try:
            response = await call.handler(request)
        except DEAD_CONNECTION as error:
            response = await retry(request, call, error)
        store_cookies(call.session.cookie_jar, response)
    return response


async def _next_request(
    request: ClientRequest, response: ClientResponse, call: Call
) -> ClientRequest:
    location = location_of(response) or ""
    url = redirect_url(request.url, location, requote=call.session.requote_redirect_url)
    settings = call.settings
    if request.is_ssl() and url.scheme == "http" and not settings.allows_downgrade:
        raise InvalidUrlRedirectClientError(
            url, "the redirect leads from https to http, which allow_downgrade=False forbids"
        )
    # The body that was sent: a middleware may have replaced, and closed, the caller's.
    sent = replace(request.source, body=request.payload)
    source = next_source(sent, response.status, url, settings.secret_fields)
    if source.body is not None and not source.body.replayable:
        raise not_replayable(request)
    if call.session.trust_env:
        source = await with_environment(source, is_redirect=True)
    next_request = call.session.build_request(source, call.settings)
    next_request.session = request.session
    next_request.deadline = call.deadline
    return next_request


def _check_count(first: ClientRequest, response: ClientResponse, call: Call) -> None:
    limit = call.settings.max_redirects
    if limit and len(call.history) >= limit:
        raise TooManyRedirects(
            first.request_info,
            call.history,
            status=response.status,
            message=response.reason,
            headers=response.headers,
        )
