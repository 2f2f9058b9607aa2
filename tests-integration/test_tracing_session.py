"""TraceConfig at work in a session: what handlers get, and what they can do (S-329 to S-349)."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

import wherry
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import RawPlan, ResponsePlan
from wherry_tracing.testing import SentSignal, record

pytestmark = pytest.mark.network


class Site:
    """A server that remembers its requests."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.url = ""

    def answer(self, request: Request, body: bytes) -> ResponsePlan | RawPlan:
        self.seen.append(request)
        if request.target.startswith("/redirect"):
            return ResponsePlan(302, [("Location", "/end")])
        if request.target == "/drop" and len(self.seen) == 1:
            return RawPlan([])
        return ResponsePlan(200, body=b"answer")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    async with LocalServer(site.answer) as server:
        site.url = server.url
        yield site


async def traced(url: str, *configs: wherry.TraceConfig, **options: Any) -> wherry.ClientResponse:
    """The response to one request of a session of its own, read."""
    async with wherry.ClientSession(trace_configs=list(configs)) as session:
        response = await session.get(url, **options)
        await response.read()
        return response


def find(sent: list[SentSignal], name: str) -> SentSignal:
    return next(signal for signal in sent if signal.name == name)


def teller(order: list[str], name: str) -> Callable[..., Any]:
    async def handler(session: object, context: object, params: object) -> None:
        order.append(name)

    return handler


async def test_signals_have_their_names_and_default_context(site: Site) -> None:
    """S-329: `SimpleNamespace(trace_request_ctx=…)`."""
    config = wherry.TraceConfig()
    sent = record(config)

    await traced(site.url, config, trace_request_ctx={"any": "object"})

    assert sent[0].trace_config_ctx == SimpleNamespace(trace_request_ctx={"any": "object"})


async def test_giving_a_config_to_sessions_freezes_it(site: Site) -> None:
    """S-330: one may serve several."""
    config = wherry.TraceConfig()
    sent = record(config)

    await traced(site.url, config)
    count = len(sent)
    await traced(site.url, config)

    assert len(sent) == 2 * count
    assert sent[0].session is not sent[-1].session
    with pytest.raises(RuntimeError, match="frozen"):
        config.on_request_end.append(teller([], "late"))


@pytest.mark.parametrize("path", ["/redirect", "/drop"])
async def test_context_is_one_object_through_redirects_and_retries(site: Site, path: str) -> None:
    """S-331."""
    config = wherry.TraceConfig()
    sent = record(config)

    await traced(site.url + path, config)

    assert len(site.seen) == 2
    assert len({id(signal.trace_config_ctx) for signal in sent}) == 1


async def test_handlers_run_in_order_of_registration_and_of_configs(site: Site) -> None:
    """S-332."""
    one, two = wherry.TraceConfig(), wherry.TraceConfig()
    order: list[str] = []
    two.on_request_start.append(teller(order, "c"))
    one.on_request_start.extend([teller(order, "a"), teller(order, "b")])

    await traced(site.url, one, two)

    assert order == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("signal", "is_told"),
    [
        ("on_request_start", False),
        ("on_connection_create_start", True),
        ("on_connection_create_end", True),
        ("on_request_headers_sent", True),
        ("on_request_end", True),
    ],
)
async def test_exception_of_a_handler_fails_the_request(
    site: Site, signal: str, is_told: bool
) -> None:
    """S-332: told by `on_request_exception`, and the place in the pool is free again."""

    async def fail(session: object, context: Any, params: object) -> None:
        if context.trace_request_ctx == "fail":
            raise LookupError(signal)

    config = wherry.TraceConfig()
    getattr(config, signal).append(fail)
    sent = record(config)
    connector = wherry.TCPConnector(limit=1)
    async with wherry.ClientSession(connector=connector, trace_configs=[config]) as session:
        with pytest.raises(LookupError, match=signal):
            await session.get(site.url, trace_request_ctx="fail")
        told = [s for s in sent if s.name == "request_exception"]
        async with session.get(site.url) as response:
            assert await response.read() == b"answer"

    assert bool(told) == is_told
    assert all(isinstance(s.params.exception, LookupError) for s in told)


async def test_without_configs_no_context_is_made(site: Site) -> None:
    """S-333."""
    made: list[object] = []
    wherry.TraceConfig(lambda trace_request_ctx: made.append(trace_request_ctx))

    await traced(site.url)

    assert made == []


async def test_handler_of_request_start_may_change_the_headers(site: Site) -> None:
    """S-334: they are those the request is built from."""

    async def add(session: object, context: object, params: wherry.TraceRequestStartParams) -> None:
        params.headers["X-Trace"] = "17"

    config = wherry.TraceConfig()
    config.on_request_start.append(add)
    sent = record(config)

    await traced(site.url, config)

    assert site.seen[0].headers["X-Trace"] == "17"
    assert find(sent, "request_end").params.headers["X-Trace"] == "17"


async def test_request_ends_before_its_body_is_read(site: Site) -> None:
    """S-342: `response_chunk_received` can only follow."""
    config = wherry.TraceConfig()
    sent = record(config)
    async with (
        wherry.ClientSession(trace_configs=[config]) as session,
        session.get(site.url) as response,
    ):
        before = [signal.name for signal in sent]
        await response.read()

    assert before[-1] == "request_end"
    assert [signal.name for signal in sent[len(before) :]] == ["response_chunk_received"]


async def test_headers_sent_are_those_on_the_wire(site: Site) -> None:
    """S-345: final, automatic ones included, in their order."""
    config = wherry.TraceConfig()
    sent = record(config)

    await traced(site.url, config, headers={"X-A": "1"}, cookies={"c": "d"})

    told = find(sent, "request_headers_sent").params.headers
    assert list(told.items()) == list(site.seen[0].headers.items())


async def test_urls_of_the_call_and_of_the_wire(site: Site) -> None:
    """S-346: query as requested; fragment only where the call is meant. S-347: upper case."""
    config = wherry.TraceConfig()
    sent = record(config)
    async with wherry.ClientSession(trace_configs=[config]) as session:
        url = f"{site.url}/p?a=1#frag"
        async with session.request("get", url, params={"a": "2"}) as response:
            await response.read()

    whole, on_wire = f"{site.url}/p?a=1&a=2#frag", f"{site.url}/p?a=1&a=2"
    assert str(find(sent, "request_start").params.url) == whole
    assert str(find(sent, "request_end").params.url) == whole
    assert str(find(sent, "request_headers_sent").params.url) == on_wire
    assert str(find(sent, "response_chunk_received").params.url) == on_wire
    assert {s.params.method for s in sent if hasattr(s.params, "method")} == {"GET"}


async def test_redirect_tells_of_the_hop_and_end_of_the_last(site: Site) -> None:
    """S-339: start and end come once."""
    config = wherry.TraceConfig()
    sent = record(config)

    response = await traced(f"{site.url}/redirect#f", config)

    told = find(sent, "request_redirect").params
    assert (told.url.path, told.response.status) == ("/redirect", 302)
    assert find(sent, "request_end").params.url.path == "/end"
    assert find(sent, "request_end").params.response is response
    names = [signal.name for signal in sent]
    assert (names.count("request_start"), names.count("request_end")) == (1, 1)
