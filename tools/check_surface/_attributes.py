"""What a class has, its instances included, without making one."""

import ast
import inspect
import textwrap
from functools import cache, cached_property

MISSING = object()


def found_on(owner: type, name: str) -> object:
    """The attribute as the class holds it, `MISSING` if only instances may have it."""
    return inspect.getattr_static(owner, name, MISSING)


def has_attribute(owner: type, name: str) -> bool:
    """Whether instances have `name`: on the class, annotated, or set by a method on `self`."""
    if found_on(owner, name) is not MISSING:
        return True
    return any(
        name in inspect.get_annotations(base) or name in _set_on_self(base)
        for base in owner.__mro__
    )


def is_settable(owner: type, name: str) -> bool:
    """Whether instances let `name` be set; what is not a property is taken to."""
    found = found_on(owner, name)
    return isinstance(found, cached_property) or getattr(found, "fset", found) is not None


@cache
def _set_on_self(owner: type) -> frozenset[str]:
    try:
        source = textwrap.dedent(inspect.getsource(owner))
    except (OSError, TypeError):  # built in: all it has is on the class
        return frozenset()
    return frozenset(
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )
