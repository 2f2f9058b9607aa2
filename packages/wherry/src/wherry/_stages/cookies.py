"""Cookies of a response go into the jar before anything else happens with it (S-207)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._response import ClientResponse
    from ..protocols import CookieJarProtocol


def store_cookies(jar: CookieJarProtocol, response: ClientResponse) -> None:
    """Hand the Set-Cookie fields of `response` to the jar."""
    if response.head.has_set_cookie:
        jar.update_cookies_from_headers(response.headers.getall("Set-Cookie"), response.url)
