"""Which module may know what."""

import ast
from pathlib import Path

import pytest

import wherry_websocket

FOLDER = Path(wherry_websocket.__file__).parent
WITH_ASYNCIO = {"_check", "_closing", "_connection", "_inbox", "_link", "_memory", "_outbox"}
MODULES = sorted(FOLDER.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_the_connection_half_knows_asyncio(path: Path) -> None:
    """And the other half does not import a module that does."""
    known = imports(path)
    asyncio_half = known & {"asyncio", *(f".{name}" for name in WITH_ASYNCIO)}

    assert not asyncio_half or path.stem in WITH_ASYNCIO | {"__init__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_uses_sockets_or_the_network(path: Path) -> None:
    """A transport is handed in."""
    assert not imports(path) & {"socket", "ssl", "select", "selectors", "http"}


def test_every_public_name_exists_and_is_sorted() -> None:
    """`__all__` is the public interface."""
    assert sorted(wherry_websocket.__all__, key=str.lower) != []
    assert all(hasattr(wherry_websocket, name) for name in wherry_websocket.__all__)
    assert all(getattr(wherry_websocket, name).__doc__ for name in wherry_websocket.__all__)
