"""Reads pyproject files and sources into the model; runs nothing of what it reads.

Decides what counts as an import and when it happens: `import` and `from` statements anywhere, and
calls of `import_module` or `__import__` with a constant name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.projects import Project, read_projects, required_name

from ._model import Import, Module, Package, Place, Reach, Requirement, Touch, is_private

_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_IMPORT_CALLS = frozenset({"import_module", "__import__"})


def read_packages(root: Path) -> dict[str, Package]:
    """Every package under root/packages, by distribution name.

    Paths in the result are relative to `root` where they lie below it. Raises OSError, SyntaxError
    or tomllib.TOMLDecodeError for files that cannot be read.
    """
    return {name: read_package(project, root) for name, project in read_projects(root).items()}


def read_package(project: Project, root: Path) -> Package:
    """One package: its declared dependencies and its modules."""
    pyproject = project.folder / "pyproject.toml"
    rows = pyproject.read_text(encoding="utf-8").splitlines()
    shown = pyproject.relative_to(root)
    extras = [line for lines in project.extras.values() for line in lines]
    return Package(
        distribution=project.distribution,
        import_name=project.import_name,
        source=project.folder / "src" / project.import_name,
        pyproject=shown,
        dependencies=tuple(_requirement(line, rows, shown) for line in project.dependencies),
        extras=tuple(_requirement(line, rows, shown) for line in extras),
        modules=_read_modules(project.folder / "src", root),
    )


def _requirement(line: str, rows: list[str], shown: Path) -> Requirement:
    at = next((number for number, row in enumerate(rows, 1) if line in row), 1)
    return Requirement(required_name(line), Place(shown, at))


def _read_modules(source: Path, root: Path) -> dict[str, Module]:
    modules = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules[name] = read_module(name, path, root, is_package=is_package)
    return modules


def read_module(name: str, path: Path, root: Path, *, is_package: bool) -> Module:
    """One source file, parsed. Raises SyntaxError if it is not Python."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    shown = path.relative_to(root)
    here = name if is_package else name.rpartition(".")[0]
    imports = tuple(_imports(tree, Reach.EAGER, here, shown))
    return Module(name, shown, imports, tuple(_touches(tree, here, shown)))


def _imports(node: ast.AST, reach: Reach, here: str, path: Path) -> Iterator[Import]:
    yield from _imports_of(node, reach, here, path)
    for child, inner in _children(node, reach):
        yield from _imports(child, inner, here, path)


def _imports_of(node: ast.AST, reach: Reach, here: str, path: Path) -> Iterator[Import]:
    """The imports this very node makes, its children left out."""
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield Import(Place(path, node.lineno), alias.name, None, reach)
        case ast.ImportFrom(names=names):
            module = _absolute(node.module or "", node.level, here)
            for alias in names:
                yield Import(Place(path, alias.lineno), module, alias.name, reach)
        case ast.Call(args=[ast.Constant(value=str(written)), *_]) if _is_import_call(node.func):
            level = len(written) - len(written.lstrip("."))
            yield Import(
                Place(path, node.lineno), _absolute(written.lstrip("."), level, here), None, reach
            )


def _children(node: ast.AST, reach: Reach) -> Iterator[tuple[ast.AST, Reach]]:
    """The children of a node, each with the reach of the imports in it."""
    body_reach = _body_reach(node, reach)
    for field, value in ast.iter_fields(node):
        inner = body_reach if field == "body" else reach
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, inner


def _body_reach(node: ast.AST, reach: Reach) -> Reach:
    if reach in {Reach.LAZY, Reach.TYPING}:
        return reach
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return Reach.LAZY
        case ast.If(test=test) if _last_name(test) == "TYPE_CHECKING":
            return Reach.TYPING
        case ast.Try(handlers=handlers) if any(_catches_import(h.type) for h in handlers):
            return Reach.GUARDED
        case _:
            return reach


def _catches_import(caught: ast.expr | None) -> bool:
    options = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(option is not None and _last_name(option) in _IMPORT_ERRORS for option in options)


def _is_import_call(func: ast.expr) -> bool:
    return _last_name(func) in _IMPORT_CALLS


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _absolute(module: str, level: int, here: str) -> str:
    """The dotted name of a module written relative to the package `here`, `level` dots up."""
    if level == 0:
        return module
    parts = here.split(".")
    base = parts[: len(parts) - (level - 1)]
    return ".".join([*base, module] if module else base)


def _touches(tree: ast.AST, here: str, path: Path) -> Iterator[Touch]:
    bound = dict(_bound_names(tree, here))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            dotted = _dotted(node.value, bound)
            if dotted is not None:
                yield Touch(Place(path, node.lineno), dotted, node.attr)


def _bound_names(tree: ast.AST, here: str) -> Iterator[tuple[str, str]]:
    """Local names that import statements bind, with the dotted name each stands for."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (top, top)
            case ast.ImportFrom(names=names):
                module = _absolute(node.module or "", node.level, here)
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"


def _dotted(node: ast.expr, bound: dict[str, str]) -> str | None:
    """What a chain of attributes on an imported name spells, or None for anything else."""
    match node:
        case ast.Name(id=name):
            return bound.get(name)
        case ast.Attribute(value=value, attr=attr):
            base = _dotted(value, bound)
            return None if base is None else f"{base}.{attr}"
        case _:
            return None
