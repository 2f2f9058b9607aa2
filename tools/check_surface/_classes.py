"""Compares a class: bases, fields, members, methods, properties, attributes."""

import dataclasses
import enum
import inspect
from collections.abc import Callable, Iterator
from typing import cast

from ._attributes import MISSING, found_on, has_attribute, is_settable
from ._calls import compare_call, compare_special
from ._differences import Difference, missing, other
from ._facts import Method, Name
from ._signatures import named_in


def compare_class(fact: Name, found: type) -> Iterator[Difference]:
    """Everything that is known of a class."""
    yield from _compare_bases(fact, found)
    yield from _compare_fields(fact, found)
    yield from _compare_members(fact, found)
    if fact.parameters is not None and not issubclass(found, enum.Enum):
        yield from compare_call(fact.name, fact.parameters, found)
    for method in fact.methods:
        yield from _compare_method(fact.name, method, found)
    for name, settable in fact.properties.items():
        yield from _compare_property(f"{fact.name}.{name}", name, settable, found)
    for name in fact.attributes:
        if not has_attribute(found, name):
            yield missing(f"{fact.name}.{name}", "attribute", "add it")


def _compare_bases(fact: Name, found: type) -> Iterator[Difference]:
    known = {base.__name__ for base in found.__mro__}
    for base in fact.bases:
        if base.rpartition(".")[2] not in known:
            yield Difference(
                f"base {fact.name}({base})",
                f"expected {fact.name} to derive from {base}, got {' > '.join(sorted(known))}",
                f"derive it from {base}",
            )


def _compare_fields(fact: Name, found: type) -> Iterator[Difference]:
    fields: tuple[str, ...] = getattr(found, "_fields", ())
    if dataclasses.is_dataclass(found):
        fields = tuple(field.name for field in dataclasses.fields(found))
    if fields[: len(fact.fields)] != fact.fields:
        yield other("fields", fact.name, fact.fields, fields, "begin with these, in this order")


def _compare_members(fact: Name, found: type) -> Iterator[Difference]:
    members = {str(name): value.value for name, value in _members(found).items()}
    for name, value in fact.members.items():
        if members.get(name) != value:
            got = members.get(name, "none")
            yield other("member", f"{fact.name}.{name}", value, got, f"make it {name} = {value}")


def _members(found: type) -> dict[str, enum.Enum]:
    return dict(found.__members__) if issubclass(found, enum.Enum) else {}


def _compare_property(path: str, name: str, settable: bool, found: type) -> Iterator[Difference]:
    if not has_attribute(found, name):
        yield missing(path, "property", "add it")
    elif inspect.isfunction(found_on(found, name)):
        yield other("kind", path, "property", "method", "make it a property")
    elif settable and not is_settable(found, name):
        yield other("settable", path, "a setter", "none", "add a setter")


def _compare_method(owner: str, fact: Method, found: type) -> Iterator[Difference]:
    path = f"{owner}.{fact.name}"
    held = found_on(found, fact.name)
    if held is MISSING or (held is found_on(object, fact.name) and fact.name != "__init__"):
        yield missing(path, f"{fact.kind} method", "add it")
        return
    is_bound = isinstance(held, (staticmethod, classmethod))
    function = held.__func__ if isinstance(held, (staticmethod, classmethod)) else held
    if not callable(function):
        yield other("kind", path, "method", type(held).__name__, "make it a method")
        return
    yield from _compare_kind(path, fact, function, is_bound=is_bound)
    skip = 0 if isinstance(held, staticmethod) else 1
    if fact.name.startswith("__"):
        yield from compare_special(path, fact, function, skip=skip)
    else:
        yield from compare_call(path, fact.parameters, function, skip=skip)


def _compare_kind(
    path: str, fact: Method, function: Callable[..., object], *, is_bound: bool
) -> Iterator[Difference]:
    if fact.kind == "class" and not is_bound:
        yield other("kind", path, "class method", "method", "make it a classmethod")
    elif fact.kind == "async" and not _is_awaited(function):
        yield other("kind", path, "coroutine function", "function", "make it async")
    elif fact.kind == "sync" and inspect.iscoroutinefunction(function):
        yield other("kind", path, "function", "coroutine function", "make it a plain function")
    elif fact.kind == "async-generator" and not _is_iterated(function):
        yield other("kind", path, "async generator", "function", "make it an async generator")


def _is_awaited(function: Callable[..., object]) -> bool:
    """Whether a call can be awaited: a coroutine function, or one that says it returns such."""
    if inspect.iscoroutinefunction(function):
        return True
    name = _returned(function).partition("[")[0].rpartition(".")[2]
    return name in _AWAITABLES or hasattr(named_in(function, name), "__await__")


_AWAITABLES = ("Awaitable", "Coroutine")


def _is_iterated(function: Callable[..., object]) -> bool:
    return inspect.isasyncgenfunction(function) or "AsyncIter" in _returned(function)


def _returned(function: Callable[..., object]) -> str:
    annotations = cast("dict[str, object]", getattr(function, "__annotations__", {}))
    return str(annotations.get("return", ""))
