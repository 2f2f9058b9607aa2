"""A list of handlers that can be closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_tracing import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry_tracing import TraceHandler


async def first(session: object, context: object, params: list[str]) -> None:
    params.append("first")


async def second(session: object, context: object, params: list[str]) -> None:
    params.append("second")


async def third(session: object, context: object, params: list[str]) -> None:
    params.append("third")


HANDLERS: list[TraceHandler[list[str]]] = [first, second, third]


def test_a_signal_behaves_like_a_list() -> None:
    """S-330."""
    signal = Signal[list[str]]()

    signal.append(first)
    signal.append(third)
    signal.insert(1, second)
    assert list(signal) == [first, second, third]
    assert len(signal) == 3
    assert signal[0] is first
    assert signal[1:] == [second, third]
    assert third in signal

    signal.remove(second)
    signal[0] = second
    del signal[1]
    assert list(signal) == [second]


def test_a_new_signal_is_open_and_empty() -> None:
    """S-330."""
    signal = Signal[list[str]]()

    assert not signal.frozen
    assert not signal


def test_freezing_twice_changes_nothing() -> None:
    """S-330: one config may serve several sessions, each of which freezes it."""
    signal = Signal[list[str]]([first])

    signal.freeze()
    signal.freeze()

    assert signal.frozen
    assert list(signal) == [first]


CHANGES: dict[str, Callable[[Signal[list[str]]], object]] = {
    "append": lambda s: s.append(third),
    "insert": lambda s: s.insert(0, third),
    "extend": lambda s: s.extend([third]),
    "add": lambda s: s.__iadd__([third]),
    "remove": lambda s: s.remove(first),
    "pop": lambda s: s.pop(),
    "clear": lambda s: s.clear(),
    "reverse": lambda s: s.reverse(),
    "set": lambda s: s.__setitem__(0, third),
    "set slice": lambda s: s.__setitem__(slice(0, 1), [third]),
    "delete": lambda s: s.__delitem__(0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_frozen_signal_refuses_every_change(
    change: Callable[[Signal[list[str]]], object],
) -> None:
    """S-330."""
    signal = Signal[list[str]]([first, second])
    signal.freeze()

    with pytest.raises(RuntimeError, match="before the session is made"):
        change(signal)

    assert list(signal) == [first, second]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["append", "insert", "remove", "pop", "set", "slice", "reverse"]),
            st.integers(-4, 4),
            st.sampled_from(HANDLERS),
        )
    )
)
def test_an_open_signal_does_what_a_list_does(
    steps: list[tuple[str, int, TraceHandler[list[str]]]],
) -> None:
    """S-330: for any series of changes, errors included."""
    signal, model = Signal[list[str]](), list[Any]()

    for step in steps:
        outcomes = [_outcome(target, *step) for target in (signal, model)]
        assert outcomes[0] == outcomes[1]

    assert list(signal) == model


def _outcome(target: Any, action: str, index: int, handler: object) -> object:
    """What `action` gives or raises on a signal or a list."""
    try:
        match action:
            case "append":
                target.append(handler)
            case "insert":
                target.insert(index, handler)
            case "remove":
                target.remove(handler)
            case "pop":
                return target.pop(index)
            case "set":
                target[index] = handler
            case "slice":
                target[index:] = [handler, handler]
            case _:
                target.reverse()
    except (IndexError, ValueError) as error:
        return type(error)
    return None


async def test_handlers_are_awaited_in_order_of_registration() -> None:
    """S-332."""
    signal = Signal[list[str]]([second, first, third])
    signal.freeze()
    calls: list[str] = []

    await signal.send("session", "context", calls)

    assert calls == ["second", "first", "third"]


async def test_a_handler_gets_session_context_and_parameters() -> None:
    """S-332."""
    got: list[object] = []

    async def handler(session: object, context: object, params: list[str]) -> None:
        got.extend((session, context, params))

    signal = Signal[list[str]]([handler])
    signal.freeze()

    await signal.send("session", "context", ["params"])

    assert got == ["session", "context", ["params"]]


async def test_the_first_exception_ends_the_sending() -> None:
    """S-332."""
    calls: list[str] = []

    async def failing(session: object, context: object, params: list[str]) -> None:
        raise LookupError("no such trace")

    signal = Signal[list[str]]([first, failing, third])
    signal.freeze()

    with pytest.raises(LookupError, match="no such trace"):
        await signal.send(None, None, calls)

    assert calls == ["first"]


async def test_an_open_signal_is_not_sent() -> None:
    """A handler could otherwise change the list while it is walked."""
    with pytest.raises(RuntimeError, match="freeze its TraceConfig"):
        await Signal[list[str]]([first]).send(None, None, [])


async def test_a_handler_that_is_not_async_is_named() -> None:
    def forgot(session: object, context: object, params: list[str]) -> None:
        pass

    signal = Signal[list[str]]([cast("TraceHandler[list[str]]", forgot)])
    signal.freeze()

    with pytest.raises(TypeError, match=r"forgot .* returned NoneType; write `async def`"):
        await signal.send(None, None, [])


def test_an_entry_that_cannot_be_called_is_refused() -> None:
    not_a_handler = cast("TraceHandler[list[str]]", "handler")
    signal = Signal[list[str]]([first])

    with pytest.raises(TypeError, match="got 'handler'"):
        signal.append(not_a_handler)
    with pytest.raises(TypeError, match="got 'handler'"):
        signal[0] = not_a_handler
    with pytest.raises(TypeError, match="got 'handler'"):
        signal[:] = [not_a_handler]

    assert list(signal) == [first]


def test_the_repr_shows_state_and_handlers() -> None:
    signal = Signal[list[str]]([first])

    assert repr(signal) == f"<Signal open [{first!r}]>"
    signal.freeze()
    assert repr(signal) == f"<Signal frozen [{first!r}]>"
