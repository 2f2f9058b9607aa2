"""The parameters of a function as its caller may use them.

`**options: Unpack[SomeTypedDict]` counts as the keywords of that TypedDict. The annotation is read
as text, because the name is often imported for the type checker only.
"""

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Unpack, get_args, get_origin

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Unknown:
    """The default of a keyword of a TypedDict, which a signature does not show."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Taken:
    """One parameter: its kind in the words of the facts, its default, its place in a call."""

    kind: str
    default: object
    position: int | None


_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional-or-keyword",
    inspect.Parameter.KEYWORD_ONLY: "keyword-only",
    inspect.Parameter.VAR_POSITIONAL: "var-positional",
    inspect.Parameter.VAR_KEYWORD: "var-keyword",
}


def parameters_of(function: Callable[..., object], *, skip: int = 0) -> dict[str, Taken]:
    """The parameters by name, without the first `skip`.

    Raises ValueError if Python cannot tell, as for some classes of the standard library.
    """
    found: dict[str, Taken] = {}
    given = list(inspect.signature(function).parameters.values())[skip:]
    for position, parameter in enumerate(given):
        kind = _KINDS[parameter.kind]
        options = _typed_dict(parameter.annotation, function) if kind == "var-keyword" else None
        if options is not None:
            found |= _keywords(options)
        else:
            place = position if kind.startswith("positional") else None
            found[parameter.name] = Taken(kind, parameter.default, place)
    return found


def _keywords(options: type) -> dict[str, Taken]:
    required: frozenset[str] = getattr(options, "__required_keys__", frozenset())
    return {
        name: Taken("keyword-only", REQUIRED if name in required else UNKNOWN, None)
        for name in inspect.get_annotations(options)
    }


def _typed_dict(annotation: object, function: Callable[..., object]) -> type | None:
    """The TypedDict inside `Unpack[…]`, None for any other annotation.

    LookupError if the module of the function does not tell where the TypedDict is.
    """
    if isinstance(annotation, str):
        if not annotation.partition("[")[0].endswith("Unpack"):
            return None
        found = named_in(function, annotation.removesuffix("]").rpartition("[")[2])
    elif get_origin(annotation) is Unpack:
        found = get_args(annotation)[0]
    else:
        return None
    if not isinstance(found, type):
        raise LookupError(f"expected a TypedDict in {annotation} of {function!r}, got {found!r}")
    return found


def named_in(function: Callable[..., object], name: str) -> object:
    """What `name` means in the annotations of a function, None if that cannot be told."""
    module = sys.modules.get(inspect.unwrap(function).__module__)
    if module is None or hasattr(module, name):
        return getattr(module, name, None)
    origin = _typing_imports(module).get(name)
    return None if origin is None else getattr(importlib.import_module(origin), name, None)


def _typing_imports(module: ModuleType) -> Mapping[str, str]:
    """Where a module imports each name from, imports for the type checker among them."""
    return dict(_imports(ast.parse(inspect.getsource(module)), module.__package__ or ""))


def _imports(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, importlib.util.resolve_name(relative, package)
