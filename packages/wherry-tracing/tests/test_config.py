"""TraceConfig: its signals and its context."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from wherry_tracing import Signal, TraceConfig
from wherry_tracing._config import ADDED_SIGNAL_NAMES, SIGNAL_NAMES

if TYPE_CHECKING:
    from wherry_tracing import TraceRequestStartParams

ALL_NAMES = SIGNAL_NAMES + ADDED_SIGNAL_NAMES


async def handler(session: object, context: SimpleNamespace, params: object) -> None:
    """Fits every signal."""


@pytest.mark.parametrize("name", ALL_NAMES)
def test_a_signal_is_an_attribute_that_stays_the_same(name: str) -> None:
    """S-329."""
    config = TraceConfig()

    assert isinstance(getattr(config, name), Signal)
    assert getattr(config, name) is getattr(config, name)
    with pytest.raises(AttributeError):
        setattr(config, name, Signal())


def test_there_are_sixteen_signals_and_five_additions_all_different() -> None:
    """S-329."""
    config = TraceConfig()

    assert len(SIGNAL_NAMES) == 16
    assert len({id(getattr(config, name)) for name in ALL_NAMES}) == 21
    assert {n for n in dir(TraceConfig) if n.startswith("on_")} == set(ALL_NAMES)


def test_freezing_closes_every_signal() -> None:
    """S-330."""
    config = TraceConfig()

    config.freeze()
    config.freeze()

    assert all(getattr(config, name).frozen for name in ALL_NAMES)
    with pytest.raises(RuntimeError, match="frozen"):
        config.on_request_start.append(handler)


def test_two_configs_share_nothing() -> None:
    """S-330."""
    one, other = TraceConfig(), TraceConfig()

    one.on_request_start.append(handler)
    one.freeze()

    assert list(other.on_request_start) == []
    assert not other.on_request_start.frozen


def test_the_context_is_a_namespace_by_default() -> None:
    """S-329, S-331."""
    context = TraceConfig().trace_config_ctx(trace_request_ctx={"id": 1})

    assert context == SimpleNamespace(trace_request_ctx={"id": 1})


def test_the_context_of_a_request_without_a_value_has_none() -> None:
    """S-331."""
    assert TraceConfig().trace_config_ctx() == SimpleNamespace(trace_request_ctx=None)


def test_a_factory_makes_a_fresh_context_per_request() -> None:
    """S-331."""
    made: list[object] = []

    def factory(trace_request_ctx: object) -> list[object]:
        made.append(trace_request_ctx)
        return []

    config = TraceConfig(factory)

    assert config.trace_config_ctx("a") is not config.trace_config_ctx("b")
    assert made == ["a", "b"]


def test_handlers_may_name_the_types_they_expect() -> None:
    """The type checker accepts a handler with a session class of its own."""

    class Session:
        pass

    async def start(
        session: Session, context: SimpleNamespace, params: TraceRequestStartParams
    ) -> None:
        params.headers["X-Trace"] = "1"

    config = TraceConfig()

    config.on_request_start.append(start)

    expected: list[Any] = [start]
    assert list(config.on_request_start) == expected


def test_signals_that_are_heard_are_known_from_freezing_on() -> None:
    """Until then any may yet get a handler."""
    config = TraceConfig()
    config.on_dns_cache_hit.append(handler)
    assert config.heard == set(ALL_NAMES)

    config.freeze()

    assert config.heard == {"on_dns_cache_hit"}
