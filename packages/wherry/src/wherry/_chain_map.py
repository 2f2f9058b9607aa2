"""`ChainMapProxy`: several mappings read as one (S-016)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final


@final
class ChainMapProxy(Mapping[Any, Any]):  # Any: keys and values of whatever mappings it is given
    """A read-only view of `maps`; of equal keys the first mapping's counts.

    Subclassing it raises `TypeError`.
    """

    __slots__ = ("_maps",)

    def __init__(self, maps: Iterable[Mapping[Any, Any]]) -> None:
        self._maps = tuple(maps)

    def __init_subclass__(cls) -> None:
        raise TypeError(f"ChainMapProxy cannot be subclassed, as {cls.__name__} tries to")

    def __getitem__(self, key: object) -> Any:
        for mapping in self._maps:
            if key in mapping:
                return mapping[key]
        raise KeyError(key)

    def __len__(self) -> int:
        return len(set().union(*self._maps))

    def __iter__(self) -> Iterator[Any]:
        # A dict keeps the order, a set would not.
        return iter(dict.fromkeys(key for mapping in reversed(self._maps) for key in mapping))

    def __contains__(self, key: object) -> bool:
        return any(key in mapping for mapping in self._maps)

    def __bool__(self) -> bool:
        return any(self._maps)

    def __repr__(self) -> str:
        return f"ChainMapProxy({', '.join(map(repr, self._maps))})"
