"""Compares how something is called: parameters, their kinds, their defaults."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ._defaults import is_default
from ._differences import Difference, missing, other
from ._facts import Method, Parameter
from ._signatures import REQUIRED, UNKNOWN, Taken, parameters_of


def compare_call(
    path: str, facts: Sequence[Parameter], function: Callable[..., object], *, skip: int = 0
) -> Iterator[Difference]:
    """What a caller would notice; `skip` parameters of the function are not the caller's."""
    try:
        taken = parameters_of(function, skip=skip)
    except ValueError:  # no signature to be had: nothing that could be compared
        return
    yield from _compare_given(path, facts, taken)
    known = {fact.name for fact in facts}
    takes_any = any(fact.kind == "var-keyword" for fact in facts)
    for name, parameter in taken.items():
        if name in known or parameter.kind.startswith("var-"):
            continue
        if parameter.default is REQUIRED or not takes_any:
            yield _extra(f"{path}({name})", parameter)


def _compare_given(
    path: str, facts: Sequence[Parameter], taken: Mapping[str, Taken]
) -> Iterator[Difference]:
    places = [fact.name for fact in facts if fact.kind == "positional-or-keyword"]
    known = {fact.name for fact in facts}
    for fact in facts:
        found = taken.get(fact.name)
        place = f"{path}({fact.name})"
        if fact.is_variadic:
            if not _takes_more(fact, known, taken):
                yield missing(place, "parameter", f"let it take {_STARS[fact.kind]}{fact.name}")
        elif found is None:
            yield missing(place, "parameter", f"add {_as_text(fact)}")
        else:
            index = places.index(fact.name) if fact.name in places else None
            yield from _compare_parameter(place, fact, index, found)


_STARS = {"var-positional": "*", "var-keyword": "**"}


def _takes_more(fact: Parameter, known: set[str], taken: Mapping[str, Taken]) -> bool:
    """Whether `*args` or `**kwargs` has a counterpart: itself, or parameters with names."""
    for name, parameter in taken.items():
        by_place = fact.kind == "var-positional" and parameter.position is not None
        by_name = fact.kind == "var-keyword" and not parameter.kind.startswith("var-")
        if parameter.kind == fact.kind or ((by_place or by_name) and name not in known):
            return True
    return False


def _compare_parameter(
    path: str, fact: Parameter, position: int | None, found: Taken
) -> Iterator[Difference]:
    if position is not None and found.position != position:
        what = "keyword-only" if found.position is None else f"number {found.position + 1}"
        yield other(
            "place", path, f"positional number {position + 1}", what, "give it the same place"
        )
    if found.kind == "positional-only":
        yield other("kind", path, fact.kind, found.kind, "let it be given by name")
    if fact.default is None or found.default is UNKNOWN:
        return
    if found.default is REQUIRED:
        yield other("default", path, fact.default, "none", f"make it {_as_text(fact)}")
    elif not is_default(fact.default, found.default):
        yield other("default", path, fact.default, repr(found.default), f"make it {_as_text(fact)}")


def _as_text(fact: Parameter) -> str:
    default = "" if fact.default is None else f"={fact.default}"
    by_keyword = " (keyword-only)" if fact.kind == "keyword-only" else ""
    return f"{fact.name}{default}{by_keyword}"


def _extra(path: str, parameter: Taken) -> Difference:
    if parameter.default is REQUIRED:
        return Difference(
            f"extra {path}",
            "callers of aiohttp do not give this parameter, and it is required",
            "give it a default",
        )
    return Difference(
        f"extra {path}",
        "aiohttp has no such parameter",
        "say in deviations.toml what it is for, or remove it",
    )


def compare_special(
    path: str, fact: Method, function: Callable[..., object], *, skip: int
) -> Iterator[Difference]:
    """Special methods are called by position: only the count matters, not the names."""
    try:
        taken = parameters_of(function, skip=skip).values()
    except ValueError:  # a slot wrapper: Python knows how it is called
        return
    if any(parameter.is_variadic for parameter in fact.parameters):
        return
    if any(parameter.kind == "var-positional" for parameter in taken):
        return
    required = sum(parameter.default is REQUIRED for parameter in taken)
    possible = sum(parameter.position is not None for parameter in taken)
    given = len(fact.parameters)
    if not required <= given <= possible:
        got = f"{required} to {possible}"
        yield other("parameters", path, given, got, f"take {given} arguments by position")
