"""From the arguments of a call to its plan: URL, payload, credentials, cookies, fields.

Everything here is synchronous and touches no connection, so that whatever is wrong with the
arguments is found before one is taken (S-029, S-370).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from multidict import CIMultiDict, getversion

from wherry_codec import HttpVersion, check_method
from wherry_cookies import (
    CookieJar,
    DummyCookieJar,
    encode_cookies,
    merge_cookie_headers,
)
from wherry_errors import warn_caller

from ._body import as_json_payload, as_payload
from ._compress import CompressedBody, check_coding
from ._fields import (
    Extras,
    add_own_fields,
    as_headers,
    compose_fields,
    leading_fields,
    merge_headers,
)
from ._head import HeadTemplate, PreparedHead
from ._options import CallPlan, RequestOptions, check_option_names, check_raise_for_status
from ._proxy import Proxy, check_proxy_auth, make_proxy
from ._request import ClientRequest, RequestSource
from ._target import Target, is_same_origin, parse_url, resolve_target, with_params
from .auth import BasicAuth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from yarl import URL

    from wherry_pool import SSLSetting

    from ._middleware import Middleware
    from ._response import ClientResponse
    from ._settings import CallSettings
    from .protocols import ConnectorProtocol, CookieJarProtocol, PayloadProtocol
    from .typedefs import JSONBytesEncoder, JSONEncoder, StrOrURL

MAX_TEMPLATES = 1024
"""How many plans of calls without keyword arguments are kept, and how many targets of others.
Beyond, the oldest go."""


_ONE_OF_A_KIND = frozenset(
    {"host", "cookie", "content-length", "transfer-encoding", "content-encoding", "expect"}
)
"""Fields of the caller that change how others are chosen: such heads are made one by one."""

_TargetKey = tuple["URL", bool, "SSLSetting", str | None, tuple[Proxy, str] | None]

_HeadKey = tuple[str, tuple[tuple[str, str], ...], frozenset[str], str | None]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a session adds to each of its calls."""

    settings: CallSettings
    headers: CIMultiDict[str]
    skip: frozenset[str]
    """Automatic fields to leave out, in lower case."""
    auth: BasicAuth | None
    base_url: URL | None
    version: HttpVersion
    middlewares: Sequence[Middleware]
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]]
    encode_json: JSONEncoder
    encode_json_bytes: JSONBytesEncoder | None
    proxy: StrOrURL | None = None
    proxy_auth: BasicAuth | None = None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What calls with a body to one URL have in common."""

    request: ClientRequest
    """Without a body: it would be kept in memory."""
    head: HeadTemplate
    middlewares: Sequence[Middleware]
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]]


class RequestFactory:
    """Makes plans and requests with the defaults, the cookies and the connector of a session."""

    def __init__(
        self,
        defaults: Defaults,
        cookie_jar: CookieJarProtocol,
        connector: ConnectorProtocol,
        request_class: type[ClientRequest] = ClientRequest,
    ) -> None:
        self._defaults = defaults
        self._request_class = request_class
        self._headers = defaults.headers
        self._cookie_jar = cookie_jar
        self._write_cookie_header = getattr(cookie_jar, "cookie_header", None)
        self._asks_empty_jar = not _is_silent_when_empty(cookie_jar)
        self._connector = connector
        self._heads: dict[_HeadKey, HeadTemplate] = {}
        self._patterns: dict[tuple[str, str, str], _Pattern] = {}
        self._templates: dict[tuple[str, str], CallPlan] = {}
        self._targets: dict[_TargetKey, Target] = {}

    def template(self, method: str, url: StrOrURL) -> CallPlan:
        """The plan of a call without keyword arguments, made once per method and URL.

        Made anew when the session's headers or the cookies for the URL have changed.
        """
        if type(url) is not str:
            return self.plan(self.source(method, url, {}, None), {})
        key = (method, url)
        plan = self._templates.get(key)
        version = getversion(self._headers)  # type: ignore[arg-type]  # its stub is invariant
        if plan is not None and self._is_current(plan.request, version):
            return plan
        plan = self.plan(self.source(method, url, {}, None), {})
        plan.request.headers_version = version
        plan.request.freeze()
        _remember(self._templates, key, plan)
        return plan

    def plan_with_body(self, method: str, url: StrOrURL, body: PayloadProtocol) -> CallPlan | None:
        """The plan of a call with nothing but `body`, after the pattern of one like it.

        All that differs is the body and its length. None for a body that is not in memory, or that
        brings fields of its own.
        """
        if type(url) is not str or body.in_memory is None or len(body.headers) != 1:
            return None
        key = (method, url, body.headers.get("Content-Type", ""))
        version = getversion(self._headers)  # type: ignore[arg-type]  # its stub is invariant
        pattern = self._patterns.get(key)
        if pattern is None or not self._is_current(pattern.request, version):
            plan = self.plan(self.source(method, url, {}, body), {})
            request = plan.request
            head = self._head_template(request.source, request.target)
            if head is not None:
                bare = request.with_body(None)
                bare.headers_version = version
                pattern = _Pattern(bare, head, plan.middlewares, plan.raise_for_status)
                _remember(self._patterns, key, pattern)
            return plan
        request = pattern.request
        prepared = self._fill(pattern.head, request.source, request.target, request.cookie, body)
        return CallPlan(
            request.with_body(body, prepared), pattern.middlewares, pattern.raise_for_status
        )

    def _is_current(self, request: ClientRequest, version: int) -> bool:
        """Whether a request that was kept is what would be made now, from the same arguments."""
        if request.headers_version != version:
            return False
        if not (self._asks_empty_jar or self._cookie_jar or request.cookie):
            return True
        return request.cookie == self._cookie_for(request.url)

    def source(
        self,
        method: str,
        url: StrOrURL,
        options: RequestOptions,
        body: PayloadProtocol | None,
    ) -> RequestSource:
        """What a call's arguments ask for; `body` is the payload made of them.

        Raises whatever is wrong with them: `ValueError`, `TypeError`, `InvalidURL`.
        """
        defaults = self._defaults
        check_option_names(options)
        method = method.upper()
        check_method(method)
        target_url = self._absolute_url(url, options)
        given = options.get("headers")
        headers = merge_headers(self._headers, as_headers(given)) if given else self._headers.copy()
        auth = self._auth_for(target_url, options.get("auth"), headers)
        compress = check_coding(options.get("compress"))
        if compress is not None and body is not None:
            body = None if body.size == 0 else CompressedBody(body, compress)
        skip, proxy_headers = options.get("skip_auto_headers"), options.get("proxy_headers")
        return RequestSource(
            method=method,
            url=target_url,
            headers=headers,
            body=body,
            cookies=options.get("cookies"),
            auth=auth,
            skip=defaults.skip | lower_names(skip) if skip else defaults.skip,
            is_chunked=_is_chunked(options.get("chunked")),
            expects_continue=bool(options.get("expect100")),
            compress=compress,
            proxy=self._proxy_for(options),
            has_own_proxy=(options.get("proxy") or defaults.proxy) is not None,
            proxy_headers=tuple(as_headers(proxy_headers).items()) if proxy_headers else (),
            trusts_netrc=auth is None and "Authorization" not in headers,
        )

    def plan(self, source: RequestSource, options: RequestOptions) -> CallPlan:
        """How the call for `source` is carried out. Raises what is wrong with the arguments."""
        defaults = self._defaults
        settings = defaults.settings.overridden(options)
        middlewares, check = options.get("middlewares"), options.get("raise_for_status")
        check_raise_for_status(check)
        return CallPlan(
            request=self.build_request(source, settings),
            middlewares=defaults.middlewares if middlewares is None else middlewares,
            raise_for_status=defaults.raise_for_status if check is None else check,
            trace_request_ctx=options.get("trace_request_ctx"),
        )

    def build_request(self, source: RequestSource, settings: CallSettings) -> ClientRequest:
        """A request with target, cookies, credentials and automatic fields added."""
        target = self._target(source, settings)
        cookie = self._cookie_for(target.url)
        head = self._head_template(source, target)
        headers, prepared = None, None
        if head is None:
            headers = self._compose(source, target, cookie)
        else:
            prepared = self._fill(head, source, target, cookie, source.body)
        return self._request_class(
            source,
            target,
            headers,
            settings,
            version=self._defaults.version,
            cookie=cookie,
            prepared=prepared,
        )

    def _fill(
        self,
        head: HeadTemplate,
        source: RequestSource,
        target: Target,
        cookie: str,
        body: PayloadProtocol | None,
    ) -> PreparedHead:
        return head.fill(
            source.method,
            target.request_target,
            target.host_field,
            minor=self._defaults.version.minor,
            cookie=cookie,
            authorization=_authorization(source),
            length=0 if body is None else body.size or 0,
        )

    def _head_template(self, source: RequestSource, target: Target) -> HeadTemplate | None:
        """What the head of `source` has in common with others; None for the unusual ones."""
        body = source.body
        if body is not None and (body.in_memory is None or len(body.headers) != 1):
            return None
        if not source.is_usual or target.key.proxy is not None:
            return None
        headers = source.headers
        key = (
            source.method,
            tuple(headers.items()),
            source.skip,
            None if body is None else body.headers.get("Content-Type", ""),
        )
        template = self._heads.get(key)
        if template is None:
            if not _ONE_OF_A_KIND.isdisjoint(map(str.lower, headers)):
                return None
            extras = self._extras(source, target, cookie="", authorization="")
            fields = leading_fields(headers, extras)
            lead = len(fields)
            add_own_fields(fields, source.method, body, extras)
            template = HeadTemplate(list(fields.items()), lead)
            _remember(self._heads, key, template)
        return template

    def _compose(self, source: RequestSource, target: Target, cookie: str) -> CIMultiDict[str]:
        """All fields, one by one."""
        if source.cookies or (cookie and "Cookie" in source.headers):
            own = encode_cookies(source.cookies or {}, quote_cookie=self._quote_cookie)
            cookie = merge_cookie_headers(*source.headers.getall("Cookie", ()), cookie, own)
        extras = self._extras(source, target, cookie, _authorization(source))
        return compose_fields(source.method, source.headers, source.body, extras)

    def _extras(
        self, source: RequestSource, target: Target, cookie: str, authorization: str
    ) -> Extras:
        return Extras(
            host=target.host_field,
            cookie=cookie,
            authorization=authorization,
            skip=source.skip,
            is_chunked=source.is_chunked,
            expects_continue=source.expects_continue,
            content_encoding=source.compress or "" if source.body is not None else "",
            proxy_authorization=_proxy_authorization(source, target),
            drops_proxy_authorization=target.key.proxy is not None and target.key.is_ssl,
            closes=self._connector.force_close,
            minor=self._defaults.version.minor,
        )

    def _target(self, source: RequestSource, settings: CallSettings) -> Target:
        """Where the request goes; checking a URL costs more than remembering that it is good."""
        key = (
            source.url,
            source.method == "CONNECT",
            settings.ssl,
            settings.server_hostname,
            None if source.proxy is None else (source.proxy, self._headers.get("User-Agent", "")),
        )
        target = self._targets.get(key)
        if target is None:
            target = resolve_target(
                source.url,
                method=source.method,
                allowed_schemes=self._connector.allowed_protocol_schema_set,
                ssl=settings.ssl,
                server_hostname=settings.server_hostname,
                proxy=source.proxy,
                user_agent=self._headers.get("User-Agent", ""),
            )
            _remember(self._targets, key, target)
        return target

    def _proxy_for(self, options: RequestOptions) -> Proxy | None:
        """The proxy that the call or the session names (S-461); the environment comes later."""
        defaults = self._defaults
        url = options.get("proxy") or defaults.proxy
        auth = options.get("proxy_auth") or defaults.proxy_auth
        if auth is not None:
            check_proxy_auth(auth)
        return None if url is None else make_proxy(url, auth, options.get("proxy_headers"))

    def _absolute_url(self, url: StrOrURL, options: RequestOptions) -> URL:
        parsed = parse_url(url)
        base = self._defaults.base_url
        if base is not None and not parsed.absolute:
            parsed = base.join(parsed)
        params = options.get("params")
        return with_params(parsed, params) if params else parsed

    def payload_of(self, options: RequestOptions) -> PayloadProtocol | None:
        """The payload for `data` or `json`. Close it if it is not used.

        Raises `ValueError` for both at once and `TypeError` for what cannot be a body.
        """
        data, json_value = options.get("data"), options.get("json")
        if json_value is not None:
            if data is not None:
                raise ValueError("data and json parameters can not be used at the same time")
            return as_json_payload(
                json_value, self._defaults.encode_json, self._defaults.encode_json_bytes
            )
        if data is None:
            return None
        given = as_headers(options.get("headers"))
        return as_payload(data, given.get("Content-Type", self._headers.get("Content-Type")))

    def _auth_for(
        self, url: URL, explicit: BasicAuth | None, headers: CIMultiDict[str]
    ) -> BasicAuth | None:
        if explicit is not None:
            check_auth(explicit)
        in_url = BasicAuth.from_url(url)
        if explicit is not None and in_url is not None:
            raise ValueError("credentials are given twice: by auth= and in the URL")
        auth = explicit or in_url or self._session_auth(url)
        if auth is not None and "Authorization" in headers:
            raise ValueError("credentials are given twice: by auth and by an Authorization header")
        return auth

    def _session_auth(self, url: URL) -> BasicAuth | None:
        """The session's credentials, which a `base_url` ties to its origin (S-446)."""
        auth, base = self._defaults.auth, self._defaults.base_url
        if auth is None or base is None:
            return auth
        return auth if is_same_origin(url, base) else None

    def _cookie_for(self, url: URL) -> str:
        if not (self._asks_empty_jar or self._cookie_jar):
            return ""
        if self._write_cookie_header is not None:
            header: str = self._write_cookie_header(url)
            return header
        chosen = self._cookie_jar.filter_cookies(url)
        return encode_cookies(chosen, quote_cookie=self._quote_cookie)

    @property
    def _quote_cookie(self) -> bool:
        return bool(getattr(self._cookie_jar, "quote_cookie", True))


def _authorization(source: RequestSource) -> str:
    return "" if source.auth is None else source.auth.encode()


def _proxy_authorization(source: RequestSource, target: Target) -> str:
    """For a proxy that the request itself goes to; a tunnel's goes with the CONNECT (S-164)."""
    proxy = source.proxy
    if proxy is None or target.key.is_ssl or not proxy.speaks_http:
        return ""
    return proxy.authorization


def _is_chunked(chunked: object) -> bool:
    """The value of `chunked=`; anything but a bool counts as true and is deprecated (S-395)."""
    if chunked is not None and not isinstance(chunked, bool):
        warn_caller(
            f"chunked must be True, False or None, got {type(chunked).__name__}; it counts as True"
        )
        return True
    return bool(chunked)


def _remember(cache: dict[K, V], key: K, value: V) -> None:
    """Keep `value`, and let the oldest go when there are too many.

    Many at a time: each search for the oldest runs over the gaps that those before it have left.
    """
    if len(cache) >= MAX_TEMPLATES:
        for oldest in list(islice(cache, MAX_TEMPLATES // 8)):
            del cache[oldest]
    cache[key] = value


def _is_silent_when_empty(jar: CookieJarProtocol) -> bool:
    """Whether an empty jar need not be asked: true of our own, not of one that makes cookies up."""
    return getattr(type(jar), "filter_cookies", None) in (
        CookieJar.filter_cookies,
        DummyCookieJar.filter_cookies,
    )


def check_auth(auth: object) -> None:
    """Raise `TypeError` for an `auth=` that is no `BasicAuth`."""
    if auth is not None and not isinstance(auth, BasicAuth):
        raise TypeError(f"auth must be a BasicAuth, got {type(auth).__name__}")


def lower_names(names: Iterable[str] | None) -> frozenset[str]:
    """Field names for comparing."""
    return frozenset(name.lower() for name in names or ())
