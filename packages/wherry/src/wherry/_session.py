"""The session: keeps what requests share, and turns a call into requests."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Unpack

from multidict import CIMultiDict, istr

from wherry_codec import HttpVersion, HttpVersion11, Limits
from wherry_cookies import CookieJar
from wherry_errors import ClientError, ClientOSError, warn_caller
from wherry_pool import ClientTimeout, check_setting
from wherry_tracing import begin
from wherry_websocket import ClientWebSocketResponse

from ._closing import close_payload, close_payloads
from ._context import RequestContextManager, WSRequestContextManager
from ._environ import with_environment
from ._factory import Defaults, RequestFactory, check_auth, lower_names
from ._fields import as_headers
from ._options import UNSET, check_raise_for_status, settle
from ._proxy import check_proxy_auth, make_proxy
from ._reconnect import DEFAULT_BACKOFF, Backoff, reconnect
from ._request import ClientRequest
from ._response import ClientResponse
from ._session_arguments import check_loop, checked_base_url, own_connector, session_timeout
from ._settings import DEFAULT_READ_BUFSIZE, CallSettings
from ._stages.call import Call, session_closed
from ._stages.cookies import store_cookies
from ._stages.redirect import REDIRECT_STATUSES, follow_redirects
from ._stages.retry import DEAD_CONNECTION, retry
from ._ws import WSOptions, connect

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from wherry_pool import SSLSetting
    from wherry_tracing import TraceConfig

    from ._middleware import Middleware
    from ._options import CallPlan, RequestOptions, Unset
    from ._request import RequestSource
    from ._response import CharsetResolver
    from .auth import BasicAuth
    from .protocols import ConnectorProtocol, CookieJarProtocol
    from .typedefs import JSONBytesEncoder, JSONEncoder, LooseCookies, LooseHeaders, StrOrURL

DEBUG = sys.flags.dev_mode or (
    not sys.flags.ignore_environment and bool(os.environ.get("PYTHONASYNCIODEBUG"))
)
"""Debug mode (S-011), which must not cost anything where it is off."""


class ClientSession:
    """Makes requests; owns connections, cookies and defaults. Close it, or use `async with`.

    Needs a running loop. `connector` is closed with the session unless `connector_owner` is False.
    `timeout` is a `ClientTimeout`; the default is 300 s in all and 30 s to connect.
    """

    _connector: ConnectorProtocol | None = None
    """Of the class, so that `__del__` finds it whatever the constructor failed on (S-358)."""

    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        connector: ConnectorProtocol | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        ssl: SSLSetting = True,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: JSONEncoder = json.dumps,
        json_serialize_bytes: JSONBytesEncoder | None = None,
        request_class: type[ClientRequest] = ClientRequest,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: type[ClientWebSocketResponse] = ClientWebSocketResponse,
        version: HttpVersion = HttpVersion11,
        cookie_jar: CookieJarProtocol | None = None,
        connector_owner: bool = True,
        raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] = False,
        read_timeout: float | Unset | None = UNSET,
        conn_timeout: float | None = None,
        timeout: ClientTimeout | Unset | None = UNSET,
        auto_decompress: bool = True,
        trust_env: bool = False,
        requote_redirect_url: bool = True,
        trace_configs: Sequence[TraceConfig] | None = None,
        read_bufsize: int = DEFAULT_READ_BUFSIZE,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        max_body_size: int | None = None,
        fallback_charset_resolver: CharsetResolver | None = None,
        middlewares: Sequence[Middleware] = (),
        ssl_shutdown_timeout: float | Unset | None = UNSET,
        max_redirects: int = 10,
        secret_headers: Iterable[str] = (),
        allow_downgrade: bool = True,
    ) -> None:
        self.running_loop: asyncio.AbstractEventLoop = loop or asyncio.get_running_loop()
        check_auth(auth)
        check_proxy_auth(proxy_auth)
        if proxy is not None:
            make_proxy(proxy, proxy_auth)  # what is wrong with it is said here and now
        check_raise_for_status(raise_for_status)
        self._defaults = Defaults(
            settings=CallSettings(
                timeout=session_timeout(timeout, read_timeout, conn_timeout),
                max_redirects=max_redirects,
                read_bufsize=read_bufsize,
                auto_decompress=auto_decompress,
                limits=Limits(
                    max_line_size=max_line_size,
                    max_field_size=max_field_size,
                    max_headers=max_headers,
                ),
                max_body_size=max_body_size,
                ssl=check_setting(ssl),
                allows_downgrade=allow_downgrade,
                secret_fields=lower_names(secret_headers),
            ),
            headers=as_headers(headers),
            skip=lower_names(skip_auto_headers),
            auth=auth,
            base_url=checked_base_url(base_url),
            version=version,
            middlewares=tuple(middlewares),
            raise_for_status=raise_for_status,
            encode_json=json_serialize,
            encode_json_bytes=json_serialize_bytes,
            proxy=proxy,
            proxy_auth=proxy_auth,
        )
        self.response_class = response_class
        self._ws_response_class = ws_response_class
        self.fallback_charset_resolver = fallback_charset_resolver
        self._requote_redirect_url = requote_redirect_url
        self._trust_env = trust_env
        self._trace_configs = list(trace_configs or ())
        for config in self._trace_configs:
            config.freeze()
        self._closings: set[asyncio.Task[None]] = set()
        self._cookie_jar: CookieJarProtocol = CookieJar() if cookie_jar is None else cookie_jar
        if cookies:
            self._cookie_jar.update_cookies(cookies)
        self._connector_owner = connector_owner
        self._source_traceback = (
            traceback.extract_stack() if self.running_loop.get_debug() else None
        )
        if connector is None:
            connector = own_connector(self.running_loop, ssl_shutdown_timeout)
        check_loop(connector, self.running_loop)
        self._factory = RequestFactory(self._defaults, self._cookie_jar, connector, request_class)
        self.build_request: Callable[[RequestSource, CallSettings], ClientRequest] = (
            self._factory.build_request
        )
        self._connector = connector

    def __repr__(self) -> str:
        return f"<ClientSession {'closed' if self.closed else self._connector!r}>"

    def __del__(self) -> None:
        if self.closed:
            return
        warnings.warn(
            f"Unclosed client session {self!r}", ResourceWarning, stacklevel=2, source=self
        )
        context: dict[str, object] = {
            "client_session": self,
            "message": "Unclosed client session",
        }
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self.running_loop.call_exception_handler(context)

    def __init_subclass__(cls) -> None:
        """Warn: middlewares and request classes do what subclasses were made for (S-356)."""
        super().__init_subclass__()
        warn_caller(
            f"{cls.__name__} inherits from ClientSession, which is discouraged: compose it, or use "
            "middlewares"
        )

    if DEBUG:

        def __setattr__(self, name: str, value: object) -> None:
            """Warn about attributes that the class does not know (S-357)."""
            # The constructor sets the connector last: what is new after that is the user's.
            if self._connector is not None and not hasattr(self, name):
                warn_caller(f"setting the custom attribute ClientSession.{name} is discouraged")
            super().__setattr__(name, value)

    # --- properties ----------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the session, or its connector, was closed."""
        return self._connector is None or self._connector.closed

    @property
    def connector(self) -> ConnectorProtocol | None:
        """The connector; None once the session is closed."""
        return self._connector

    @property
    def cookie_jar(self) -> CookieJarProtocol:
        """The cookie jar."""
        return self._cookie_jar

    @property
    def headers(self) -> CIMultiDict[str]:
        """The default fields; changing them affects later requests."""
        return self._defaults.headers

    @property
    def version(self) -> HttpVersion:
        """The HTTP version of requests."""
        return self._defaults.version

    @property
    def timeout(self) -> ClientTimeout:
        """The limits of requests that bring none of their own."""
        return self._defaults.settings.timeout

    @property
    def skip_auto_headers(self) -> frozenset[istr]:
        """Automatic fields that are left out."""
        return frozenset(istr(name) for name in self._defaults.skip)

    @property
    def auth(self) -> BasicAuth | None:
        """Credentials for the origin of each request's URL."""
        return self._defaults.auth

    @property
    def json_serialize(self) -> JSONEncoder:
        """The JSON encoder."""
        return self._defaults.encode_json

    @property
    def connector_owner(self) -> bool:
        """Whether closing the session closes the connector."""
        return self._connector_owner

    @property
    def raise_for_status(self) -> bool | Callable[[ClientResponse], Awaitable[None]]:
        """What happens for a status of 400 or above."""
        return self._defaults.raise_for_status

    @property
    def auto_decompress(self) -> bool:
        """Whether bodies are decoded."""
        return self._defaults.settings.auto_decompress

    @property
    def trust_env(self) -> bool:
        """Whether proxies and logins are taken from the environment."""
        return self._trust_env

    @property
    def requote_redirect_url(self) -> bool:
        """Whether redirect targets are canonicalised. Setting it is deprecated."""
        return self._requote_redirect_url

    @requote_redirect_url.setter
    def requote_redirect_url(self, value: bool) -> None:
        warn_caller("session.requote_redirect_url = … is deprecated: give it to the constructor")
        self._requote_redirect_url = value

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop. Deprecated: `running_loop` is the same."""
        warn_caller("ClientSession.loop is deprecated: use asyncio.get_running_loop()")
        return self.running_loop

    @property
    def trace_configs(self) -> list[TraceConfig]:
        """Who is told of each request."""
        return self._trace_configs

    # --- making requests -----------------------------------------------------------------------

    def request(
        self, method: str, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A request with any method. Nothing happens before the result is awaited.

        Raises, from the await: `ValueError` and `TypeError` for arguments, `ClientError` and
        `TimeoutError` for what goes wrong on the way, `RuntimeError` if the session is closed.
        """
        return RequestContextManager(self._request(method, url, options))

    def get(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A GET request."""
        return RequestContextManager(self._request("GET", url, options))

    def options(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """An OPTIONS request."""
        return RequestContextManager(self._request("OPTIONS", url, options))

    def head(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A HEAD request; it does not follow redirects unless told to."""
        options.setdefault("allow_redirects", False)
        return RequestContextManager(self._request("HEAD", url, options))

    def post(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A POST request."""
        return RequestContextManager(self._request("POST", url, options))

    def put(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A PUT request."""
        return RequestContextManager(self._request("PUT", url, options))

    def patch(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A PATCH request."""
        return RequestContextManager(self._request("PATCH", url, options))

    def delete(
        self, url: StrOrURL, **options: Unpack[RequestOptions]
    ) -> RequestContextManager[ClientResponse]:
        """A DELETE request."""
        return RequestContextManager(self._request("DELETE", url, options))

    def ws_connect(
        self, url: StrOrURL, **options: Unpack[WSOptions]
    ) -> WSRequestContextManager[ClientWebSocketResponse]:
        """A WebSocket, opened when awaited, closed at the end of `async with`.

        Raises what `request` raises, and `WSServerHandshakeError` if the server refuses.
        """
        return WSRequestContextManager(
            connect(
                self._request,
                url,
                options,
                self._ws_response_class,
                getattr(self._connector, "timeout_ceil_threshold", 5.0),
            )
        )

    def ws_reconnect(
        self, url: StrOrURL, *, backoff: Backoff = DEFAULT_BACKOFF, **options: Unpack[WSOptions]
    ) -> AsyncGenerator[ClientWebSocketResponse, None]:
        """WebSockets to `url`, one after the other: `async for ws in session.ws_reconnect(url)`.

        Each is opened after the one before has ended, with growing waits in between, and closed
        when the next one is asked for. Ends by raising the failure that no other attempt can
        mend; see `Backoff`. Use `contextlib.aclosing` around it to leave the loop early.
        """
        if options.get("headers"):
            options["headers"] = as_headers(options["headers"])  # read more than once
        return reconnect(
            lambda: self.ws_connect(url, **options), backoff, clock=self.running_loop.time
        )

    async def _request(self, method: str, url: StrOrURL, options: RequestOptions) -> ClientResponse:
        connector = self._connector
        if connector is None:
            raise session_closed()
        started = self.running_loop.time()
        if options or self._trust_env:
            plan = await self._plan(method, url, options)
        else:
            plan = self._factory.template(method, url)
        call = Call(self, connector, plan, started)
        if plan.needs_care or self._trace_configs:
            return await self._request_with_care(plan, call)
        return await self._carry_out(plan.request, plan, call)

    async def _plan(self, method: str, url: StrOrURL, options: RequestOptions) -> CallPlan:
        if self.closed:
            raise session_closed()
        settle(options)
        body = self._factory.payload_of(options)
        try:
            if body is not None and len(options) == 1 and not self._trust_env:
                plan = self._factory.plan_with_body(method, url, body)
                if plan is not None:
                    return plan
            source = self._factory.source(method, url, options, body)
            if self._trust_env:
                source = await with_environment(source)
            return self._factory.plan(source, options)
        except BaseException:
            await close_payload(body)
            raise

    async def _carry_out(
        self, request: ClientRequest, plan: CallPlan, call: Call
    ) -> ClientResponse:
        """The way of every call: send, retry, cookies, redirects, status."""
        try:
            response = await call.handler(request)
        except DEAD_CONNECTION as error:
            response = await retry(request, call, error)
        if response.head.has_set_cookie:
            store_cookies(self._cookie_jar, response)
        if response.status in REDIRECT_STATUSES and call.settings.allow_redirects:
            response = await follow_redirects(request, response, call)
        if plan.raise_for_status:
            await _check_status(response, plan.raise_for_status)
        return response

    async def _request_with_care(self, plan: CallPlan, call: Call) -> ClientResponse:
        """The same for requests that middlewares change, tracers watch, or that carry a body."""
        configs = self._trace_configs
        traces = begin(configs, self, plan.trace_request_ctx) if configs else None
        if not traces:
            request = self._own_copy(plan, call) if plan.middlewares else plan.request
            carry_out = self._carry_out_closing if plan.needs_care else self._carry_out
            return await carry_out(request, plan, call)
        request = self._own_copy(plan, call)
        call.observer = traces if traces.hears_of_exchanges else None
        call.pool_observer = traces if traces.hears_of_connections else None
        method, url = request.method, request.original_url
        try:
            await traces.request_start(method, url, request.headers)
        except BaseException:
            await close_payload(request.payload)
            raise
        try:
            response = await self._carry_out_closing(request, plan, call)
            try:
                await traces.request_end(
                    response.method, response.real_url, request.headers, response
                )
            except BaseException:
                response.release()  # the caller will not get it
                raise
        except BaseException as error:
            await traces.request_exception(method, url, request.headers, error)
            raise
        return response

    def _own_copy(self, plan: CallPlan, call: Call) -> ClientRequest:
        """A request that may be changed, and that knows its session and its deadline."""
        request = plan.request.copy()
        request.session = self
        request.deadline = call.deadline
        return request

    async def _carry_out_closing(
        self, request: ClientRequest, plan: CallPlan, call: Call
    ) -> ClientResponse:
        try:
            response = await self._carry_out(request, plan, call)
        except BaseException as error:
            await close_payloads(request, call)
            if _is_raw(error):
                raise ClientOSError(*error.args) from error
            raise
        if call.settings.on_download_progress is not None:
            response.call_on_progress(call.settings.on_download_progress)
        sender = response.exchange.sender
        if sender is None or sender.done():
            await close_payloads(request, call)
        else:
            self._close_later(sender, request, call)
        return response

    # --- closing -------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close the session, and its connector if it owns it. May be called again."""
        connector, self._connector = self._connector, None
        if connector is not None and self._connector_owner and not connector.closed:
            await connector.close()
            # Uploads were cancelled with their connections; their files are closed right after.
            if self._closings:
                await asyncio.wait(self._closings)

    def detach(self) -> None:
        """Give the connector up without closing it; the session is closed then."""
        self._connector = None

    def __enter__(self) -> None:
        raise TypeError("Use async with instead")

    def __exit__(self, *args: object) -> None:
        """Never reached: `__enter__` raises."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _close_later(self, sender: asyncio.Task[None], request: ClientRequest, call: Call) -> None:
        """Close the payload when its upload, which outlasts the response head, is over."""

        async def close_after_sending() -> None:
            await asyncio.wait((sender,))
            await close_payloads(request, call)

        task = self.running_loop.create_task(close_after_sending())
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)


def _is_raw(error: BaseException) -> bool:
    """Whether a middleware let an error of the operating system through as it was (S-473)."""
    if not isinstance(error, OSError) or isinstance(error, ClientError):
        return False
    return not isinstance(error, TimeoutError) or error.errno is not None


async def _check_status(
    response: ClientResponse, check: bool | Callable[[ClientResponse], Awaitable[None]]
) -> None:
    """Raise for a bad status, by the built-in rule or the caller's; release if it raises."""
    try:
        if check is True:
            response.raise_for_status()
        elif check:
            await check(response)
    except BaseException:
        response.release()
        raise
