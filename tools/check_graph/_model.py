"""The graph as plain values: packages, modules, import statements, findings."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class Reach(enum.Enum):
    """When an import statement is carried out."""

    EAGER = "when the module is loaded"
    GUARDED = "when the module is loaded, and allowed to fail"
    TYPING = "never, it is for the type checker"
    LAZY = "when a function is called"


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Import:
    """One name of one import statement, relative names resolved.

    `module` is what stands after `import` or `from`; `name` is the imported name, None for `import
    module`.
    """

    place: Place
    module: str
    name: str | None
    reach: Reach

    @property
    def top(self) -> str:
        """The first part of the dotted module name."""
        return self.module.partition(".")[0]

    @property
    def dotted(self) -> str:
        """Module and name joined: what the statement reaches."""
        return self.module if self.name is None else f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Touch:
    """An underscored `attribute` reached through `dotted`, a name that was imported."""

    place: Place
    dotted: str
    attribute: str


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, what it imports, what it touches."""

    name: str
    path: Path
    imports: tuple[Import, ...]
    touches: tuple[Touch, ...]


@dataclass(frozen=True)
class Requirement:
    """One line of a dependency list: the normalized name and where it is declared."""

    distribution: str
    place: Place


@dataclass(frozen=True)
class Package:
    """One folder under packages/: what it is called, what it declares, its modules by name."""

    distribution: str
    import_name: str
    source: Path
    pyproject: Path
    dependencies: tuple[Requirement, ...]
    extras: tuple[Requirement, ...]
    modules: Mapping[str, Module]


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, what is wrong, and what to do."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def is_private(name: str) -> bool:
    """Whether a name is underscored; `__version__` and its like are public."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))
