"""The targets by name: what each is fed and what is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from . import _bodies, _facade, _heads, _twins, _values


@dataclass(frozen=True)
class Target:
    """One parser under attack. `check` raises if what it promises does not hold for an input."""

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], object]


def targets() -> dict[str, Target]:
    """All of them; content codings only with their libraries, twins only where there are two."""
    codings = (
        Target(name, _bodies.coded_bodies(name), _bodies.check_coding) for name in _bodies.CODINGS
    )
    found = [
        Target("response-head", _heads.response_heads(), _heads.check_response_head),
        Target("request-head", _heads.request_heads(), _heads.check_request_head),
        Target("chunks", _bodies.chunked_streams(), _bodies.check_chunks),
        *codings,
        *(Target(name, _values.texts(name), check) for name, check in _values.VALUES.items()),
        Target("client", _facade.client_inputs(), _facade.check_client),
        Target("server", _facade.server_inputs(), _facade.check_server),
        *(Target(name, st.integers(0, 2**64), check) for name, check in _twins.twin_checks()),
    ]
    return {target.name: target for target in found}
