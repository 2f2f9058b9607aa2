"""A thousand requests of every kind at once, and the order of their signals against a table.

Ten workers share one session. Each has a server of its own, so that what happens to one request
follows from what it is, and not from what the others do (S-335 to S-343, S-348, C-22, C-23).
"""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from multidict import CIMultiDict

import wherry
from wherry.abc import AbstractResolver, ResolveResult
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import RawPlan, ResponsePlan
from wherry_tracing.testing import SentSignal, record
from wherry_websocket.testing import EchoServer

pytestmark = pytest.mark.network

WORKERS = 10
REQUESTS = 1000
LARGE = bytes(500_000)
"""More than a response takes in before it is read, so that it keeps its connection."""

# How a request comes by a connection, how it goes on, how it ends.
NEW = "connection_create_start dns_cache_miss dns_resolvehost_start dns_resolvehost_end connection_create_end"  # noqa: E501
HIT = "connection_create_start dns_cache_hit connection_create_end"
LITERAL = "connection_create_start connection_create_end"
REUSED = "connection_reuseconn"
QUEUED = "connection_queued_start connection_queued_end"
SENT = "request_headers_sent"
END = "request_end response_chunk_received"
FAILED = "request_exception"

ORDERS = {
    "new connection, DNS miss": f"{NEW} {SENT} {END}",
    "new connection, DNS hit": f"{HIT} {SENT} {END}",
    "new connection, IP literal": f"{LITERAL} {SENT} {END}",
    "reused": f"{REUSED} {SENT} {END}",
    "reused, with a body": f"{REUSED} {SENT} request_chunk_sent {END}",
    "reused, with a body in pieces": f"{REUSED} {SENT} request_chunk_sent request_chunk_sent {END}",
    "reused, read in pieces": f"{REUSED} {SENT} {END} response_chunk_received",
    "reused, not read": f"{REUSED} {SENT} request_end",
    "queued, then reused": f"{QUEUED} {REUSED} {SENT} {END}",
    "queued, then new": f"{QUEUED} {HIT} {SENT} {END}",
    "redirected": f"{REUSED} {SENT} request_redirect {REUSED} {SENT} {END}",
    "redirected to a new host": f"{REUSED} {SENT} request_redirect {NEW} {SENT} {END}",
    "redirected too often": f"{REUSED} {SENT} request_redirect {REUSED} {SENT} request_redirect {FAILED}",  # noqa: E501
    "sent again": f"{REUSED} {SENT} {HIT} {SENT} {END}",
    "through a proxy with a name": f"{NEW} {SENT} {END}",
    "WebSocket": f"{REUSED} {SENT} request_end",
    "DNS failure": f"connection_create_start dns_cache_miss dns_resolvehost_start {FAILED}",
    "connection refused": f"connection_create_start {FAILED}",
    "cancelled in DNS": f"connection_create_start dns_cache_miss dns_resolvehost_start {FAILED}",
    "cancelled in the queue": f"connection_queued_start {FAILED}",
    "bad status": f"{REUSED} {SENT} {FAILED}",
    "closed session": None,
    "bad URL": None,
}
"""The signals after `request_start`; None: not even that (S-341)."""


class Names(AbstractResolver):
    """`*.none.test` has no address, `*.slow.test` none in time, all others are this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host.endswith(".none.test"):
            raise OSError(None, "no such name")
        if host.endswith(".slow.test"):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


def listen(config: wherry.TraceConfig) -> dict[tuple[object, str], asyncio.Event]:
    """An event for each mark and signal of interest, set when it has come."""
    heard: dict[tuple[object, str], asyncio.Event] = {}

    def setter(name: str) -> Callable[..., Awaitable[None]]:
        async def set_event(session: object, context: Any, params: object) -> None:
            heard.setdefault((context.trace_request_ctx, name), asyncio.Event()).set()

        return set_event

    config.on_connection_queued_start.append(setter("connection_queued_start"))
    config.on_dns_resolvehost_start.append(setter("dns_resolvehost_start"))
    return heard


class Site:
    """The server. Origins that begin with `new` or `hit` close after each answer."""

    def __init__(self) -> None:
        self.port = 0
        self._dropped: set[str] = set()

    def answer(self, request: Request, body: bytes) -> ResponsePlan | RawPlan:
        path, _, number = request.target.rpartition("/")
        path = path.rpartition("/")[2]
        if path == "drop" and number not in self._dropped:
            self._dropped.add(number)
            return RawPlan([])
        if path == "redirect":
            return ResponsePlan(302, [("Location", "/end/0")])
        if path == "away":
            return ResponsePlan(302, [("Location", f"http://new-{number}.test:{self.port}/end/0")])
        if path == "again":
            return ResponsePlan(307, [("Location", "/again/0")])
        if path == "chat":
            key = request.headers["Sec-WebSocket-Key"]
            return ResponsePlan(101, upgrade_fields(key), takeover=lambda data: None)
        fields = [("Connection", "close")] if "//new" in _origin(request) else []
        if path == "large":
            return ResponsePlan(200, fields, LARGE)
        return ResponsePlan(500 if path == "bad" else 200, fields, b"answer")


def _origin(request: Request) -> str:
    host = request.headers["Host"]
    closes = host.startswith(("new", "hit", "127.", "px"))
    return f"//new {host}" if closes else f"// {host}"


def upgrade_fields(key: str) -> list[tuple[str, str]]:
    """What accepts a WebSocket."""
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
    }
    return EchoServer().accept_handshake(CIMultiDict(fields))


class Worker:
    """Makes requests of every kind at origins of its own, one after the other."""

    def __init__(
        self,
        number: int,
        session: wherry.ClientSession,
        port: int,
        heard: dict[tuple[object, str], asyncio.Event],
    ) -> None:
        self.number = number
        self.session = session
        self.port = port
        self.heard = heard
        self.fresh = 0

    def url(self, host: str, path: str = "end/0") -> str:
        return f"http://{host}:{self.port}/{path}"

    def own(self, path: str = "end/0") -> str:
        """Of the origin that has an idle connection."""
        return self.url(f"own-{self.number}.test", path)

    def unheard(self, suffix: str = "test") -> str:
        self.fresh += 1
        return f"new-{self.number}-{self.fresh}.{suffix}"

    async def warm_up(self) -> None:
        """Have an idle connection at one origin, and two names in the cache."""
        await self.get(self.own(), "")
        await self.get(self.url(f"hit-{self.number}.test"), "")

    async def get(self, url: str, mark: str, **options: object) -> None:
        async with self.session.get(url, trace_request_ctx=mark, **options) as response:  # type: ignore[arg-type]  # any option
            await response.read()

    async def send(self, kind: str, mark: str) -> None:
        """A request of that kind, marked so that its signals are found again."""
        await self.kinds[kind](self, mark)
        if kind in ("sent again", "WebSocket", "queued, then new"):
            await self.get(self.own(), "")  # the connection is gone; have another

    async def new(self, mark: str) -> None:
        await self.get(self.url(self.unheard()), mark)

    async def hit(self, mark: str) -> None:
        await self.get(self.url(f"hit-{self.number}.test"), mark)

    async def literal(self, mark: str) -> None:
        await self.get(self.url("127.0.0.1"), mark)

    async def reused(self, mark: str) -> None:
        await self.get(self.own(), mark)

    async def with_body(self, mark: str) -> None:
        async with self.session.post(self.own(), data=b"x", trace_request_ctx=mark) as response:
            await response.read()

    async def with_pieces(self, mark: str) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        async with self.session.put(self.own(), data=pieces(), trace_request_ctx=mark) as response:
            await response.read()

    async def read_in_pieces(self, mark: str) -> None:
        async with self.session.get(self.own(), trace_request_ctx=mark) as response:
            assert await response.content.readexactly(3) == b"ans"
            assert await response.content.readexactly(3) == b"wer"

    async def not_read(self, mark: str) -> None:
        async with self.session.get(self.own(), trace_request_ctx=mark):
            pass

    async def redirected(self, mark: str) -> None:
        await self.get(self.own("redirect/0"), mark)

    async def redirected_away(self, mark: str) -> None:
        self.fresh += 1
        await self.get(self.own(f"away/{self.number}-{self.fresh}"), mark)

    async def redirected_too_often(self, mark: str) -> None:
        with pytest.raises(wherry.TooManyRedirects):
            await self.get(self.own("again/0"), mark, max_redirects=2)

    async def sent_again(self, mark: str) -> None:
        await self.get(self.own(f"drop/{mark}"), mark)

    async def queued(self, mark: str) -> None:
        """A second request, where one connection is the limit and the first one has it."""
        holder = await self.session.get(self.own("large/0"))
        waiter = asyncio.create_task(self.get(self.own(), mark))
        await self.until(mark, "connection_queued_start")
        await holder.read()
        await waiter

    async def queued_then_new(self, mark: str) -> None:
        holder = await self.session.get(self.own("large/0"))
        waiter = asyncio.create_task(self.get(self.own(), mark))
        await self.until(mark, "connection_queued_start")
        holder.close()
        await waiter

    async def cancelled_in_queue(self, mark: str) -> None:
        holder = await self.session.get(self.own("large/0"))
        waiter = asyncio.create_task(self.get(self.own(), mark))
        await self.until(mark, "connection_queued_start")
        await self.cancel(waiter)
        await holder.read()

    async def cancelled_in_dns(self, mark: str) -> None:
        waiter = asyncio.create_task(self.get(self.url(self.unheard("slow.test")), mark))
        await self.until(mark, "dns_resolvehost_start")
        await self.cancel(waiter)

    async def through_proxy(self, mark: str) -> None:
        proxy = self.url(self.unheard(), "").replace("new-", "px-")
        await self.get(f"http://new-origin-{self.number}.test/end/0", mark, proxy=proxy)

    async def websocket(self, mark: str) -> None:
        async with self.session.ws_connect(self.own("chat/0"), trace_request_ctx=mark):
            pass

    async def no_name(self, mark: str) -> None:
        with pytest.raises(wherry.ClientConnectorDNSError):
            await self.get(self.url(self.unheard("none.test")), mark)

    async def refused(self, mark: str) -> None:
        with socket.socket() as taken:  # and nobody listens
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(wherry.ClientConnectorError):
                await self.get(f"http://127.0.0.1:{taken.getsockname()[1]}/", mark)

    async def bad_status(self, mark: str) -> None:
        with pytest.raises(wherry.ClientResponseError):
            await self.get(self.own("bad/0"), mark, raise_for_status=True)

    async def closed_session(self, mark: str) -> None:
        session = wherry.ClientSession(trace_configs=self.session.trace_configs)
        await session.close()
        with pytest.raises(RuntimeError, match="closed"):
            await session.get(self.own(), trace_request_ctx=mark)

    async def bad_url(self, mark: str) -> None:
        with pytest.raises(wherry.InvalidURL):
            await self.get("http://[", mark)

    async def until(self, mark: str, name: str) -> None:
        """Wait until that signal of that request has come."""
        await self.heard.setdefault((mark, name), asyncio.Event()).wait()

    async def cancel(self, task: "asyncio.Task[None]") -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    kinds: ClassVar[dict[str, Callable[["Worker", str], Awaitable[None]]]] = {
        "new connection, DNS miss": new,
        "new connection, DNS hit": hit,
        "new connection, IP literal": literal,
        "reused": reused,
        "reused, with a body": with_body,
        "reused, with a body in pieces": with_pieces,
        "reused, read in pieces": read_in_pieces,
        "reused, not read": not_read,
        "queued, then reused": queued,
        "queued, then new": queued_then_new,
        "redirected": redirected,
        "redirected to a new host": redirected_away,
        "redirected too often": redirected_too_often,
        "sent again": sent_again,
        "through a proxy with a name": through_proxy,
        "WebSocket": websocket,
        "DNS failure": no_name,
        "connection refused": refused,
        "cancelled in DNS": cancelled_in_dns,
        "cancelled in the queue": cancelled_in_queue,
        "bad status": bad_status,
        "closed session": closed_session,
        "bad URL": bad_url,
    }


def _mark_of(signal: SentSignal) -> object:
    return signal.trace_config_ctx.trace_request_ctx


def expected(kind: str) -> list[str]:
    """The signals of a request of that kind."""
    order = ORDERS[kind]
    return [] if order is None else ["request_start", *order.split()]


async def test_signals_of_a_thousand_mixed_requests_come_in_the_order_of_the_table() -> None:
    """S-335 to S-344, S-348 with C-23, S-349; S-341: none has an end and an exception."""
    config = wherry.TraceConfig()
    sent = record(config)
    heard = listen(config)
    kinds = [kind for kind in ORDERS for _ in range(REQUESTS // len(ORDERS) + 1)][:REQUESTS]
    random.Random(9).shuffle(kinds)

    connector = wherry.TCPConnector(resolver=Names(), limit=0, limit_per_host=1, ttl_dns_cache=None)

    async with wherry.ClientSession(connector=connector, trace_configs=[config]) as session:

        async def work(number: int) -> None:
            site = Site()
            async with LocalServer(site.answer) as server:
                site.port = int(server.url.rpartition(":")[2])
                worker = Worker(number, session, site.port, heard)
                await worker.warm_up()
                for position in range(number, REQUESTS, WORKERS):
                    await worker.send(kinds[position], str(position))

        await asyncio.gather(*map(work, range(WORKERS)))

    seen: dict[object, list[str]] = {}
    for signal in sent:
        seen.setdefault(_mark_of(signal), []).append(signal.name)
    wrong = Counter(
        (kind, " ".join(seen.get(str(position), [])))
        for position, kind in enumerate(kinds)
        if seen.get(str(position), []) != expected(kind)
    )
    assert wrong == {}
    assert len(kinds) == REQUESTS
    assert set(Worker.kinds) == set(ORDERS) == set(kinds)


async def test_a_name_that_is_being_looked_up_for_another_request_is_a_hit() -> None:
    """S-336."""
    config = wherry.TraceConfig()
    sent = record(config)
    async with (
        LocalServer(Site().answer) as server,
        wherry.ClientSession(
            connector=wherry.TCPConnector(resolver=Names()), trace_configs=[config]
        ) as session,
    ):
        worker = Worker(0, session, int(server.url.rpartition(":")[2]), {})
        await asyncio.gather(worker.get(worker.own(), "a"), worker.get(worker.own(), "b"))

    orders = {m: [s.name for s in sent if _mark_of(s) == m] for m in ("a", "b")}
    assert sorted(orders.values(), key=len) == [
        ["request_start", *f"{HIT} {SENT} {END}".split()],
        ["request_start", *f"{NEW} {SENT} {END}".split()],
    ]
