"""What `session.get(...)` returns: await it, or use it with `async with`."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType


class Releasable(Protocol):
    """A result that `async with` lets go of at the end."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...


R = TypeVar("R", bound=Releasable)


class RequestContextManager(Coroutine[Any, Any, R]):  # Any: what coroutines yield to the loop
    """A call that has not begun. It begins when awaited; it is a coroutine as well (S-366)."""

    __slots__ = ("_coroutine", "_result")

    def __init__(self, coroutine: Coroutine[Any, Any, R]) -> None:
        self._coroutine = coroutine
        self._result: R | None = None

    def send(self, value: object, /) -> Any:  # what the coroutine yields
        """Step the coroutine."""
        return self._coroutine.send(value)

    def throw(self, *args: Any) -> Any:  # the forms `throw` has had over the versions
        """Raise inside the coroutine."""
        return self._coroutine.throw(*args)

    def close(self) -> None:
        """Close the coroutine; nothing has been sent if it was never awaited."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, R]:
        return self._coroutine.__await__()

    def __iter__(self) -> Generator[Any, Any, R]:
        return self.__await__()

    async def __aenter__(self) -> R:
        self._result = result = await self._coroutine
        await result.__aenter__()
        return result

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._result is not None:
            await self._result.__aexit__(exc_type, exc_val, exc_tb)
