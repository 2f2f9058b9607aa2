"""A signal: a list of handlers that are awaited one after another, closed once a session uses it.

It decides the order of calls and when the list may change. What a signal means, and when it is
sent, is the business of others.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, MutableSequence
from typing import Any, Generic, TypeAlias, TypeVar, overload

ParamsT = TypeVar("ParamsT")

# The session is a class of a package above and the context whatever the user's factory makes, so
# users annotate both with their own types, which only Any lets them do.
TraceHandler: TypeAlias = Callable[[Any, Any, ParamsT], Awaitable[None]]
"""`async def handler(session, trace_config_ctx, params) -> None`."""


class Signal(MutableSequence[TraceHandler[ParamsT]], Generic[ParamsT]):
    """A list of handlers for one kind of event.

    Handlers may be appended, inserted, replaced and removed until `freeze()`; from then on every
    change raises RuntimeError. An entry that cannot be called raises TypeError.
    """

    __slots__ = ("_frozen", "_handlers")

    def __init__(self, handlers: Iterable[TraceHandler[ParamsT]] = ()) -> None:
        self._frozen = False
        self._handlers: list[TraceHandler[ParamsT]] = []
        self.extend(handlers)

    @property
    def frozen(self) -> bool:
        """Whether the list is closed."""
        return self._frozen

    def freeze(self) -> None:
        """Close the list; doing it again changes nothing."""
        self._frozen = True

    async def send(self, session: object, trace_config_ctx: object, params: ParamsT) -> None:
        """Await each handler in order of registration; the first exception ends it and comes out.

        Raises RuntimeError unless the list is closed, because a handler could change it midway.
        """
        if not self._frozen:
            raise RuntimeError("the signal is open for changes; freeze its TraceConfig, then send")
        for handler in self._handlers:
            answer = handler(session, trace_config_ctx, params)
            if not inspect.isawaitable(answer):
                raise TypeError(
                    f"expected an async function as trace handler, but {handler!r} "
                    f"returned {type(answer).__name__}; write `async def`"
                )
            await answer

    @overload
    def __getitem__(self, index: int) -> TraceHandler[ParamsT]: ...
    @overload
    def __getitem__(self, index: slice) -> list[TraceHandler[ParamsT]]: ...
    def __getitem__(
        self, index: int | slice
    ) -> TraceHandler[ParamsT] | list[TraceHandler[ParamsT]]:
        return self._handlers[index]

    @overload
    def __setitem__(self, index: int, value: TraceHandler[ParamsT]) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[TraceHandler[ParamsT]]) -> None: ...
    def __setitem__(self, index: int | slice, value: Any) -> None:
        handlers = self._open_list()
        if isinstance(index, slice):
            handlers[index] = [_checked(handler) for handler in value]
        else:
            handlers[index] = _checked(value)

    def __delitem__(self, index: int | slice) -> None:
        del self._open_list()[index]

    def __len__(self) -> int:
        return len(self._handlers)

    def insert(self, index: int, value: TraceHandler[ParamsT]) -> None:
        """Put `value` before position `index`."""
        self._open_list().insert(index, _checked(value))

    def __repr__(self) -> str:
        return f"<Signal {'frozen' if self._frozen else 'open'} {self._handlers!r}>"

    def _open_list(self) -> list[TraceHandler[ParamsT]]:
        if self._frozen:
            raise RuntimeError(
                "the signal is frozen because a session uses its TraceConfig; "
                "register handlers before the session is made"
            )
        return self._handlers


def _checked(handler: TraceHandler[ParamsT]) -> TraceHandler[ParamsT]:
    if not callable(handler):
        raise TypeError(
            f"expected an async function of session, context and params, got {handler!r}"
        )
    return handler
