"""Addresses that swallow packets: what Happy Eyeballs (RFC 8305) is for.

A socket that listens, but accepts nothing and has no room in its queue, drops what else comes in:
to a client that looks like a host behind a silent firewall.
"""

import socket
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

import wherry
from wherry.testing import LoopbackServer, ResponsePlan
from wherry_pool.testing import FakeResolver

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(sys.platform != "linux", reason="full queues answer elsewhere"),
]

HERE, HOLE = "127.0.0.1", "127.0.0.2"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Of a server at `HERE`."""
    async with LoopbackServer(lambda request, body: ResponsePlan()) as server:
        yield server.port


@pytest.fixture
def hole(port: int) -> Iterator[str]:
    """An address that answers nothing at the same port."""
    with socket.socket() as listening:
        listening.bind((HOLE, port))
        listening.listen(0)
        filling = [socket.socket() for _ in range(4)]
        for client in filling:
            client.setblocking(False)
            client.connect_ex((HOLE, port))
        yield HOLE
        for client in filling:
            client.close()


async def outcome(
    port: int, addresses: list[str], delay: float | None, timeout: wherry.ClientTimeout
) -> str:
    """What becomes of a request to a host with these addresses."""
    connector = wherry.TCPConnector(
        resolver=FakeResolver({"h.test": addresses}), happy_eyeballs_delay=delay
    )
    async with wherry.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            async with session.get(f"http://h.test:{port}/") as response:
                return f"{response.status}"
        except wherry.ConnectionTimeoutError as error:
            return f"{error.phase} {error.limit}"


@pytest.mark.parametrize("addresses", [[HOLE, HERE], [HERE, HOLE], [HOLE, "127.0.0.3", HERE]])
async def test_an_address_that_answers_is_found_among_those_that_do_not(
    port: int, hole: str, addresses: list[str]
) -> None:
    """S-149: after the delay the next one is tried as well."""
    assert await outcome(port, addresses, 0.02, wherry.ClientTimeout(total=10)) == "200"


@pytest.mark.parametrize("phase", ["sock_connect", "connect"])
async def test_a_host_that_swallows_everything_is_given_up(
    port: int, hole: str, phase: str
) -> None:
    """S-151, S-126, S-531: each limit under its own name."""
    limit = wherry.ClientTimeout(**{phase: 0.1})
    assert await outcome(port, [hole], 0.02, limit) == f"{phase} 0.1"


async def test_without_a_delay_addresses_are_tried_one_after_another(port: int, hole: str) -> None:
    """S-149, S-151: one that swallows packets uses up the limit of the round."""
    limit = wherry.ClientTimeout(sock_connect=0.1)
    assert await outcome(port, [hole, HERE], None, limit) == "sock_connect 0.1"
