"""tools.bench memory: contestants on a loop without I/O, and what the counts say."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.bench import _clients, _memory
from tools.bench._answers import answer, answers
from tools.bench._callgrind import self_costs
from tools.bench._clients import RawClient
from tools.bench._memory import MEMORY_CLIENTS, WORK, WrongSizeError, calls_per_request, grown
from tools.bench._memory_report import Cost, cost_table, load, over_budget, save, trimmed
from tools.bench._silent_loop import AnsweringServer, SilentLoop, StuckError, whole_requests

Peer = Callable[[bool, str], None]


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("tasks", [1, 4])
@pytest.mark.parametrize("client", MEMORY_CLIENTS)
def test_twenty_requests_run_on_the_silent_loop(
    client: str, tasks: int, work: str, peer: Peer
) -> None:
    """Every contestant gets its answers, whole, without a socket being connected."""
    peer(_clients.is_installed(client), f"pip install {client}")

    assert _memory.run_in_memory(client, 20, tasks=tasks, work=work) == 20


_GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("written", "whole", "left"),
    [
        (_GET, 1, b""),
        (_GET * 3, 3, b""),
        (_GET[:-1], 0, _GET[:-1]),
        (_POST, 0, _POST),
        (_POST + b"bod", 0, _POST + b"bod"),
        (_POST + b"body", 1, b""),
        ((_POST + b"\r\n\r\n") * 2 + _POST[:9], 2, _POST[:9]),
    ],
)
def test_request_is_whole_when_its_body_is(written: bytes, whole: int, left: bytes) -> None:
    """A head alone is a request only if it is a GET's; what looks like an end in a body is none."""
    assert whole_requests(written) == (whole, left)


def test_chunked_request_is_refused() -> None:
    """The harness would wait for ever for an end it does not look for."""
    with pytest.raises(ValueError, match="expected a Content-Length"):
        whole_requests(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_traced_work_calls_the_handlers() -> None:
    """Otherwise it would be a GET by another name."""
    traced = calls_per_request("wherry", few=5, many=15, work="traced")

    assert traced["_aiohttp_style.py _traced"] >= 4.0
    assert "_aiohttp_style.py _traced" not in calls_per_request("wherry", few=5, many=15)


def test_trimmed_cost_leaves_out_what_explains_nothing() -> None:
    """What is below a two-thousandth of the whole goes; numbers are rounded."""
    cost = Cost("wherry", 100_000.4, {"memcpy": 900.4, "free": 49.0}, {"_a.py f": 1.004})

    assert trimmed(cost) == Cost("wherry", 100_000, {"memcpy": 900}, {"_a.py f": 1.0})


def test_raw_client_reads_exactly_the_bodies() -> None:
    """The protocol that counts by Content-Length agrees with the answers."""
    canned = answers(5)

    async def sizes() -> list[int]:
        client = RawClient()
        found = [await client.get(_memory.URL) for _ in canned]
        await client.close()
        return found

    with asyncio.Runner(loop_factory=lambda: SilentLoop(AnsweringServer(canned))) as run:
        assert run.run(sizes()) == [len(body) - body.index(b"\r\n\r\n") - 4 for body in canned]


def test_client_that_reads_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As "floor", whole answers are expected; this client counts bodies alone."""
    monkeypatch.setattr(_memory, "IdleClient", RawClient)

    with pytest.raises(WrongSizeError, match="in 5 responses, floor read"):
        _memory.run_in_memory("floor", 5)


def test_answers_differ_in_every_field() -> None:
    """Eight header fields, none with the value it had before."""
    heads = [found.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:] for found in answers(50)]

    assert {len(fields) for fields in heads} == {8}
    for one, other in itertools.pairwise(heads):
        assert not set(one) & set(other)


def test_answer_states_its_length() -> None:
    """Content-Length is that of the body."""
    head, _, body = answer(3).partition(b"\r\n\r\n")

    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")


class _Collector(asyncio.Protocol):
    """Joins what it receives."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class _SmallBuffer(asyncio.BufferedProtocol):
    """Receives into three bytes at a time."""

    def __init__(self) -> None:
        self.data = b""
        self._buffer = bytearray(3)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self._buffer[:nbytes]


@pytest.mark.parametrize("protocol", [_Collector, _SmallBuffer])
def test_both_kinds_of_protocol_receive_whole_answers(
    protocol: type[_Collector] | type[_SmallBuffer],
) -> None:
    """Even when the request comes in pieces and the buffer is small."""

    async def exchange() -> bytes:
        loop = asyncio.get_running_loop()
        factory: Callable[[], _Collector | _SmallBuffer] = protocol
        transport, made = await loop.create_connection(factory, "example.test", 80)
        transport.write(b"GET / HTTP/1.1\r\n")
        transport.write(bytearray(b"Host: example.test\r\n\r\n"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        transport.close()
        await asyncio.sleep(0)
        return made.data

    with asyncio.Runner(loop_factory=lambda: SilentLoop(AnsweringServer([b"0123456789"]))) as run:
        assert run.run(exchange()) == b"0123456789"


def test_paused_protocol_receives_after_resuming() -> None:
    """Back-pressure works as on a real transport, and closing is reported."""

    async def exchange() -> tuple[bytes, bytes, bool]:
        loop = asyncio.get_running_loop()
        transport, made = await loop.create_connection(_Collector, "example.test", 80)
        transport.pause_reading()
        transport.write(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        before = made.data
        transport.resume_reading()
        await asyncio.sleep(0)
        transport.close()
        await asyncio.sleep(0)
        return before, made.data, made.lost

    with asyncio.Runner(loop_factory=lambda: SilentLoop(AnsweringServer([b"abc"]))) as run:
        assert run.run(exchange()) == (b"", b"abc", True)


def test_client_that_waits_forever_is_told_so() -> None:
    """A harness that hangs would be worse than one that fails."""

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    loop = SilentLoop(AnsweringServer([]))
    main = loop.create_task(wait())
    with pytest.raises(StuckError, match="waits for bytes"):
        loop.run_until_complete(main)
    main.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(main)
    loop.close()


def test_more_requests_than_answers_is_an_error() -> None:
    """The counts of two runs would not be comparable."""
    server = AnsweringServer([b"x"])
    server.answer()

    with pytest.raises(StuckError, match="expected 1 requests, got one more"):
        server.answer()


def test_calls_per_request_repeat() -> None:
    """Unlike time, the number of calls is the same every time."""
    once = calls_per_request("floor", few=5, many=15)

    assert once == calls_per_request("floor", few=5, many=15)
    assert once["_floor.py IdleProtocol.buffer_updated"] == 1.0


def test_grown_lists_the_greatest_growth_first() -> None:
    """What shrank or stayed is left out; what is new grew from nothing."""
    now = {"same": 1.0, "more": 3.0, "new": 5.0, "less": 1.0}

    found = grown(now, {"same": 1.0, "more": 2.0, "less": 2.0})

    assert found == [("new", 0.0, 5.0), ("more", 2.0, 3.0)]


def test_self_costs_leave_callees_out() -> None:
    """The line after calls= repeats the callee's cost; names are numbered."""
    text = """\
events: Ir
fl=(1) a.c
fn=(1) outer
10 5
cfn=(2) inner'2
calls=1 20
11 700
+2 3
fn=(2)
* 600
-1 100
fn=(3) inner
30 1
totals: 709
"""

    assert self_costs(text.splitlines()) == {"outer": 8, "inner": 701}


def test_table_compares_with_aiohttp() -> None:
    """How many times less, and a dash without the comparison."""
    costs = [Cost("wherry", 100_000.0, {}, {}), Cost("aiohttp", 325_000.0, {}, {})]

    assert "| wherry  |              100,000 |                    3.25 |" in cost_table(costs)
    assert "| wherry |              100,000 |                       - |" in cost_table(costs[:1])


def test_budget_is_an_upper_bound() -> None:
    """Exactly on budget is within it."""
    cost = Cost("wherry", 150_000.0, {}, {})

    assert over_budget(cost, 150_000, None) == ""
    assert over_budget(cost, 149_999, None).startswith(
        "wherry takes 150,000 instructions a request, 1 above the budget of 149,999."
    )


def test_exceeded_budget_says_what_grew(tmp_path: Path) -> None:
    """Against a saved baseline: more calls of a function, more instructions in C."""
    file = tmp_path / "baseline.json"
    save([Cost("wherry", 90_000.0, {"memcpy": 10.0}, {"_a.py f": 1.0, "_a.py g": 1.0})], file)
    now = Cost("wherry", 99_000.0, {"memcpy": 30.0}, {"_a.py f": 3.0, "_a.py g": 1.0})

    text = over_budget(now, 95_000, load(file)["wherry"])

    assert "What grew since the baseline of 90,000" in text
    assert "_a.py f" in text
    assert "_a.py g" not in text
    assert "+20.0" in text


def test_exceeded_budget_without_growth_says_so() -> None:
    """Then it is the budget that is too low."""
    cost = Cost("wherry", 100.0, {"memcpy": 10.0}, {"_a.py f": 1.0})

    text = over_budget(cost, 99, cost)

    assert "No Python function costs more calls than it did." in text
    assert "No C function costs more instructions than it did." in text
