"""Which payload class a value gets.

Decides by type only; making the payload is the business of the class that was found.
"""

import enum
import io
import pathlib
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Any, TypeVar

from ._async_iterable import AsyncIterablePayload, StreamerPayload, WriterCall, streamer
from ._base import Payload
from ._file import BufferedReaderPayload, BytesIOPayload, IOBasePayload
from ._memory import BytesPayload, StringIOPayload, StringPayload
from ._path import PathPayload
from ._text_file import TextIOPayload

PayloadFactory = Callable[..., Payload]
_F = TypeVar("_F", bound=PayloadFactory)
_Entry = tuple[PayloadFactory, type]


class LookupError(Exception):  # noqa: A001 - the name is aiohttp's
    """No payload class is registered for the type of a value. Not the builtin of that name."""


class Order(enum.StrEnum):
    """When a registration is tried."""

    normal = "normal"
    """By exact type first, then among the others in the order of registration."""
    try_first = "try_first"
    """Before everything else, by `isinstance`."""
    try_last = "try_last"
    """After the normal ones, by `isinstance`."""


class PayloadRegistry:
    """A table from types to payload classes."""

    def __init__(self) -> None:
        self._first: list[_Entry] = []
        self._exact: dict[type, PayloadFactory] = {}
        self._normal: list[_Entry] = []
        self._last: list[_Entry] = []

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """The payload for `data`; further arguments go to its class.

        A `Payload` is returned as it is. Raises `LookupError` of this module if no class fits.
        """
        factory = self._find(data)
        if factory is not None:
            return factory(data, *args, **kwargs)
        if isinstance(data, Payload):
            return data
        raise LookupError(
            f"no payload class for {type(data).__name__}; pass bytes, str, a file, a path or an "
            "async iterable, or register a class with payload_type"
        )

    def _find(self, data: object) -> PayloadFactory | None:
        found = _match(data, self._first) or self._exact.get(type(data))
        if found is not None or isinstance(data, Payload):
            return found
        return _match(data, self._normal) or _match(data, self._last)

    def register(
        self,
        factory: PayloadFactory,
        type: type | Iterable[type],  # noqa: A002 - the keyword is aiohttp's
        *,
        order: Order = Order.normal,
    ) -> None:
        """Use `factory` for values of `type` (or of several types).

        Raises `ValueError` for an order that is no `Order`.
        """
        entries = [(factory, each) for each in _types(type)]
        if order is Order.try_first:
            self._first += entries
        elif order is Order.normal:
            self._normal += entries
            self._exact.update((each, factory) for each in _types(type))
        elif order is Order.try_last:
            self._last += entries
        else:
            raise ValueError(f"order must be Order.normal, try_first or try_last, got {order!r}")


def _types(given: type | Iterable[type]) -> tuple[type, ...]:
    return (given,) if isinstance(given, type) else tuple(given)


def _match(data: object, entries: list[_Entry]) -> PayloadFactory | None:
    for factory, registered in entries:
        if isinstance(data, registered):
            return factory
    return None


PAYLOAD_REGISTRY = PayloadRegistry()
"""The registry the session and the multipart writer ask."""


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """The payload for `data` from `PAYLOAD_REGISTRY`; see `PayloadRegistry.get`."""
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(
    factory: PayloadFactory,
    type: type | Iterable[type],  # noqa: A002 - the keyword is aiohttp's
    *,
    order: Order = Order.normal,
) -> None:
    """Add to `PAYLOAD_REGISTRY`; see `PayloadRegistry.register`."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:  # noqa: N801 - the name is aiohttp's
    """Class decorator that registers a payload class for a type."""

    def __init__(
        self,
        type: type | Iterable[type],  # noqa: A002 - the keyword is aiohttp's
        *,
        order: Order = Order.normal,
    ) -> None:
        self.type = type
        self.order = order

    def __call__(self, factory: _F) -> _F:
        """Register and return the class."""
        register_payload(factory, self.type, order=self.order)
        return factory


# The order matters for subclasses: the narrower type comes first.
PAYLOAD_REGISTRY.register(BytesPayload, (bytes, bytearray, memoryview))
PAYLOAD_REGISTRY.register(StringPayload, str)
PAYLOAD_REGISTRY.register(StringIOPayload, io.StringIO)
PAYLOAD_REGISTRY.register(TextIOPayload, io.TextIOBase)
PAYLOAD_REGISTRY.register(BytesIOPayload, io.BytesIO)
PAYLOAD_REGISTRY.register(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
PAYLOAD_REGISTRY.register(IOBasePayload, io.IOBase)
PAYLOAD_REGISTRY.register(PathPayload, pathlib.Path)
PAYLOAD_REGISTRY.register(StreamerPayload, (streamer, WriterCall))
PAYLOAD_REGISTRY.register(AsyncIterablePayload, AsyncIterable, order=Order.try_last)
