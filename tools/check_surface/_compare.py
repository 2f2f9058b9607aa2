"""Compares the modules with the facts, name by name."""

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType

from multidict import istr

from ._calls import compare_call
from ._classes import compare_class
from ._differences import Difference, missing, other
from ._facts import Name, Surface

TOP = "wherry"


def compare(surface: Surface) -> list[Difference]:
    """Every difference, in the order of the facts, each once."""
    found = list(_compare_not_provided(surface)) + list(_compare_hdrs(surface))
    for fact in surface.names:
        found += _compare_name(fact)
    return list(dict.fromkeys(found))


def _module(name: str) -> ModuleType | None:
    """A module by its dotted name, None if there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name != name:
            raise
        return None


def _compare_not_provided(surface: Surface) -> Iterator[Difference]:
    module = _module(TOP)
    for name in surface.not_provided:
        if hasattr(module, name):
            yield Difference(f"unwanted {name}", "it is for servers", "remove it")


def _compare_hdrs(surface: Surface) -> Iterator[Difference]:
    module = _module(f"{TOP}.hdrs")
    if module is None:
        yield missing("hdrs", "module", f"make {TOP}.hdrs a module that can be imported")
        module = getattr(_module(TOP), "hdrs", None)
    for expected, kind in ((surface.field_names, istr), (surface.method_names, str)):
        for name, value in expected.items():
            got = getattr(module, name, None)
            if str(got) != value or type(got) is not kind:
                remedy = f"make it {kind.__name__}({value!r})"
                yield other("value", f"hdrs.{name}", repr(value), repr(got), remedy)
    for name in surface.method_sets:
        if not isinstance(getattr(module, name, None), (set, frozenset)):
            yield missing(f"hdrs.{name}", "set", "add it")


def _compare_name(fact: Name) -> Iterator[Difference]:
    objects = []
    for where in fact.where:
        path = fact.name if where == TOP else f"{where.removeprefix(TOP + '.')}.{fact.name}"
        module = _module(where)
        if module is None or not hasattr(module, fact.name):
            yield missing(path, fact.kind, f"export it from {where}")
            continue
        objects.append(getattr(module, fact.name))
        if fact.name not in getattr(module, "__all__", ()):
            yield missing(f"__all__ of {where}: {fact.name}", "name", "list it")
    if objects:
        if any(found is not objects[0] for found in objects):
            yield other("object", fact.name, "one object", "several", "export the same everywhere")
        yield from _compare_object(fact, objects[0])


def _compare_object(fact: Name, found: object) -> Iterator[Difference]:
    if fact.kind in ("constant", "type-alias"):
        return
    if isinstance(found, type):
        yield from compare_class(fact, found)
    elif fact.kind != "function" or not callable(found):
        yield other("kind", fact.name, fact.kind, type(found).__name__, f"make it a {fact.kind}")
    elif fact.parameters is not None:
        yield from compare_call(fact.name, fact.parameters, found)
