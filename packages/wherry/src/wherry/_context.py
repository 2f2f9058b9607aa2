"""What `session.get(...)` returns: await it, or use it with `async with`."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from types import TracebackType


# `await` is content with any iterator, and one that is exhausted stays so: it is made once. The
# type checker knows generators only.
_EXHAUSTED = cast("Generator[None, None, None]", iter(()))


class Done:
    """An awaitable that is done. Cheaper than a coroutine that has nothing to do."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return _EXHAUSTED


DONE = Done()


class Manageable(Protocol):
    """A result that `async with` lets go of at the end."""

    is_managed: bool
    """Whether it is inside `async with`."""

    def release(self) -> Awaitable[None]:
        """Let go, within this call; awaiting the result is optional."""
        ...


class Closable(Protocol):
    """A result that takes time to close."""

    async def close(self) -> object:
        """Close it. May be repeated."""
        ...


T = TypeVar("T")
R = TypeVar("R", bound=Manageable)
C = TypeVar("C", bound=Closable)


class PendingCall(Coroutine[Any, Any, T]):  # Any: what coroutines yield to the loop
    """A call that has not begun. It begins when awaited; it is a coroutine as well (S-366)."""

    __slots__ = ("_coroutine", "_result")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._result: T | None = None

    def send(self, value: object, /) -> Any:  # what the coroutine yields
        """Step the coroutine."""
        return self._coroutine.send(value)

    def throw(self, *args: Any) -> Any:  # the forms `throw` has had over the versions
        """Raise inside the coroutine."""
        return self._coroutine.throw(*args)

    def close(self) -> None:
        """Close the coroutine; nothing has been sent if it was never awaited."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coroutine.__await__()

    def __iter__(self) -> Generator[Any, Any, T]:
        return self.__await__()


class RequestContextManager(PendingCall[R]):
    """A request: await it, or use `async with`, which releases the response at the end."""

    __slots__ = ()

    async def __aenter__(self) -> R:
        self._result = result = await self._coroutine
        result.is_managed = True
        return result

    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> Awaitable[None]:
        return DONE if self._result is None else self._result.release()


class WSRequestContextManager(PendingCall[C]):
    """A WebSocket to be opened; `async with` closes it at the end, closing handshake included."""

    __slots__ = ()

    async def __aenter__(self) -> C:
        self._result = result = await self._coroutine
        return result

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._result is not None:
            await self._result.close()
