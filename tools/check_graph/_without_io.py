"""The packages that do without asyncio and ssl: by reading them, and by importing them.

Reading finds the line; importing, in an interpreter of its own, also finds what third parties load.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import table
from ._cycles import module_graph
from ._model import Finding, Package, Place, Reach, is_private
from ._rules import Packages

_PROBE = """
import importlib, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print(",".join(sorted(set(sys.argv[2].split(",")) & set(sys.modules))))
"""


def check_without_io(packages: Packages) -> Iterator[Finding]:
    """No module of these imports asyncio or ssl, but for a lazy one the table allows."""
    for package in _concerned(packages):
        allowed = table.LAZY_IO.get(package.distribution, frozenset())
        loaded = eager_modules(package)
        for module in package.modules.values():
            for found in module.imports:
                lazy = module.name not in loaded or found.reach is Reach.TYPING
                if found.top in table.IO_MODULES and not (lazy and found.top in allowed):
                    yield Finding(found.place, _text(package, found.top, allowed))


def _text(package: Package, imported: str, allowed: Iterable[str]) -> str:
    remedy = "move the code that needs it to a package above"
    if imported in allowed:
        remedy = "move the import to a module that only __getattr__ of the package loads"
    return f"{package.distribution} must do without {imported}; {remedy}"


def eager_modules(package: Package) -> set[str]:
    """The modules that loading the package or one of its public modules loads."""
    graph = module_graph(package, lambda found: found.reach in {Reach.EAGER, Reach.GUARDED})
    queue = list(public_modules(package))
    seen = set(queue)
    for name in queue:
        fresh = set(graph[name]) - seen
        seen |= fresh
        queue.extend(fresh)
    return seen


def public_modules(package: Package) -> list[str]:
    """The modules of a package with no underscored part in their name."""
    return [name for name in sorted(package.modules) if not any(map(is_private, name.split(".")))]


def check_loaded(packages: Packages, root: Path) -> Iterator[Finding]:
    """Importing the public modules of these leaves asyncio and ssl out of `sys.modules`."""
    path = os.pathsep.join(str(package.source.parent) for package in packages.values())
    for package in _concerned(packages):
        names = public_modules(package)
        if names:
            yield from _probe(package, names, path, root)


def _probe(package: Package, names: list[str], path: str, root: Path) -> Iterator[Finding]:
    place = Place(package.pyproject.parent / "src" / package.import_name / "__init__.py", 1)
    wanted = ",".join(sorted(table.IO_MODULES))
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE, ",".join(names), wanted],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        yield Finding(
            place, f"importing {', '.join(names)} failed: {last}; install its dependencies"
        )
    elif ran.stdout.strip():
        yield Finding(
            place,
            f"importing {', '.join(names)} loads {ran.stdout.strip()}; find the import with"
            f" python -X importtime -c 'import {package.import_name}'"
            " and move it to a package above",
        )


def _concerned(packages: Packages) -> Iterator[Package]:
    return (package for name, package in packages.items() if name in table.WITHOUT_IO)
