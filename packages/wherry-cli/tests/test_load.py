"""Repeated calls."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

import wherry
from wherry_cli._load import Load, run_load
from wherry_cli.demo._server import LocalServer
from wherry_codec.testing import RawPlan, ResponsePlan


async def test_every_call_is_counted_and_no_more_than_asked_for_run_at_a_time() -> None:
    """Its status, its bytes, its time."""
    running = most = 0

    async with (
        LocalServer(lambda *_: ResponsePlan(200, body=b"ahoy")) as server,
        wherry.ClientSession() as session,
    ):

        @asynccontextmanager
        async def send() -> AsyncIterator[wherry.ClientResponse]:
            nonlocal running, most
            running += 1
            most = max(most, running)
            async with session.get(server.url) as response:
                yield response
            running -= 1

        result = await run_load(send, Load(25, 4))

    assert result.latencies.statuses == {200: 25}
    assert len(result.latencies.seconds) == 25
    assert result.latencies.bytes_received == 100
    assert most == 4
    assert result.first_failure is None


async def test_failure_ends_nothing() -> None:
    """It is counted, and kept to be told at the end."""
    plans: list[ResponsePlan | RawPlan] = [RawPlan([b"nonsense\r\n\r\n"]), *[ResponsePlan(200)] * 5]
    answers = iter(plans)
    async with (
        LocalServer(lambda *_: next(answers)) as server,
        wherry.ClientSession() as session,
    ):

        @asynccontextmanager
        async def send() -> AsyncIterator[wherry.ClientResponse]:
            async with session.get(server.url) as response:
                yield response

        result = await run_load(send, Load(6, 1))

    assert result.latencies.statuses == {200: 5}
    assert result.latencies.failures.total() == 1
    assert isinstance(result.first_failure, wherry.ClientError)


async def test_bug_comes_out() -> None:
    """What is no failure of the client is not counted as one."""

    def send() -> AbstractAsyncContextManager[wherry.ClientResponse]:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        await run_load(send, Load(2, 2))

    assert caught.group_contains(ZeroDivisionError)
