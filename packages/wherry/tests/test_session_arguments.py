"""`_session_arguments`: what a session cannot be made with, and the old ways to say things."""

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from wherry import ClientSession, ClientTimeout, InvalidURL
from wherry.testing import FakeConnector

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


@pytest.mark.parametrize("base_url", ["/relative/", "http://h/no-slash"])
async def test_a_base_url_that_cannot_be_joined_to_is_refused(base_url: str) -> None:
    """S-351."""
    with pytest.raises(ValueError, match="base_url"):
        ClientSession(base_url)
    async with ClientSession("http://bare-host"):
        pass


async def test_a_connector_of_another_loop_is_refused() -> None:
    """S-9, S-358."""
    other = asyncio.new_event_loop()
    connector = FakeConnector(lambda head, body: None, loop=other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="loop"):
            ClientSession(connector=connector)
        gc.collect()
    other.close()


async def test_limits_of_old_names_are_those_of_a_timeout() -> None:
    """S-353, S-568."""
    with pytest.warns(DeprecationWarning, match=r"ClientTimeout\(total"):
        async with ClientSession(read_timeout=7) as session:
            assert session.timeout == ClientTimeout(total=7, sock_connect=30)
    with pytest.warns(DeprecationWarning, match=r"ClientTimeout\(connect"):
        async with ClientSession(conn_timeout=3) as session:
            assert session.timeout == ClientTimeout(total=300, connect=3, sock_connect=30)
    with pytest.raises(ValueError, match="read_timeout"):
        ClientSession(timeout=ClientTimeout(), read_timeout=7)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ValueError, {"proxy": "ftp://p"}),
        (InvalidURL, {"proxy": "http://p:x"}),
        (TypeError, {"raise_for_status": 5}),
    ],
)
async def test_what_every_call_would_fail_with_fails_at_once(
    error: type[Exception], arguments: dict[str, Any]
) -> None:
    """S-358, S-422, S-461: a session is not made to fail later."""
    with pytest.raises(error):
        ClientSession(**arguments)


async def test_what_a_call_does_about_statuses_is_checked_before_it_is_sent(fake: Fake) -> None:
    """S-370, S-422."""
    session, connector = fake()
    with pytest.raises(TypeError, match="raise_for_status"):
        await session.get("http://h/", raise_for_status=5)  # type: ignore[arg-type]
    assert connector.transports == []
