"""The rules between packages, each a function from the packages to its findings.

Decides nothing about modules inside a package (`_cycles`) and runs nothing (`_runtime`).
"""

import importlib.metadata
import sys
from collections.abc import Iterable, Iterator, Mapping

from tools.projects import normalized

from . import table
from ._model import Finding, Import, Package, Place, Reach, Requirement, is_private

Packages = Mapping[str, Package]


def imports_of(package: Package) -> Iterator[Import]:
    """Every import of every module of a package."""
    for module in package.modules.values():
        yield from module.imports


def siblings_by_import(packages: Packages) -> dict[str, Package]:
    """The packages by import name instead of distribution name."""
    return {package.import_name: package for package in packages.values()}


def sibling_imports(package: Package, packages: Packages) -> Iterator[tuple[Import, Package]]:
    """The imports of a package that reach another package of the repository."""
    by_import = siblings_by_import(packages)
    for found in imports_of(package):
        sibling = by_import.get(found.top)
        if sibling is not None and sibling is not package:
            yield found, sibling


def check_table(packages: Packages) -> Iterator[Finding]:
    """Every package has a layer and a source folder of the expected name."""
    for package in packages.values():
        place = Place(package.pyproject, 1)
        if package.distribution not in table.LAYERS:
            yield Finding(
                place,
                f"{package.distribution} has no layer; add it to LAYERS in"
                " tools/check_graph/table.py",
            )
        if package.import_name not in package.modules:
            yield Finding(
                place,
                f"expected {package.distribution} to be imported as {package.import_name};"
                f" add src/{package.import_name}/__init__.py",
            )


def check_declared(packages: Packages) -> Iterator[Finding]:
    """Imports between siblings, those for type checking too, follow declared dependencies."""
    for package in packages.values():
        declared = _names(package.dependencies)
        optional = _names(package.extras)
        for found, sibling in sibling_imports(package, packages):
            if sibling.distribution in declared:
                continue
            if sibling.distribution in optional and found.reach is not Reach.EAGER:
                continue
            yield Finding(
                found.place,
                f"{package.distribution} imports {found.dotted} and does not require"
                f" {sibling.distribution}; add {sibling.distribution} to dependencies of"
                f" {package.pyproject}, or move what is needed into a package both require",
            )


def check_used(packages: Packages) -> Iterator[Finding]:
    """A required sibling is imported somewhere; extras are free."""
    for package in packages.values():
        used = {sibling.distribution for _, sibling in sibling_imports(package, packages)}
        for requirement in package.dependencies:
            if requirement.distribution in packages and requirement.distribution not in used:
                yield Finding(
                    requirement.place,
                    f"nothing in {package.distribution} imports {requirement.distribution};"
                    f" remove {requirement.distribution} from dependencies",
                )


def check_layers(packages: Packages) -> Iterator[Finding]:
    """Imports and requirements point to a strictly lower layer."""
    for package in packages.values():
        for found, sibling in sibling_imports(package, packages):
            if not _is_below(sibling, package):
                yield Finding(found.place, _layer_text(package, sibling, f"imports {found.dotted}"))
        for requirement in package.dependencies:
            needed = packages.get(requirement.distribution)
            if needed is not None and not _is_below(needed, package):
                yield Finding(requirement.place, _layer_text(package, needed, "requires it"))


def _is_below(lower: Package, upper: Package) -> bool:
    """Whether the layers let `upper` import `lower`; no layer is `check_table`'s to report."""
    layers = table.LAYERS
    if lower.distribution not in layers or upper.distribution not in layers:
        return True
    return layers[lower.distribution] < layers[upper.distribution]


def _layer_text(package: Package, sibling: Package, does: str) -> str:
    here, there = table.LAYERS[package.distribution], table.LAYERS[sibling.distribution]
    remedy = f"declare a Protocol in {package.import_name} for what it calls"
    if min(here, there) > 0:
        remedy += f", or move the shared part to a package below layer {min(here, there)}"
    return (
        f"{package.distribution} (layer {here}) {does}, but {sibling.distribution} (layer {there})"
        f" is not below it; {remedy}"
    )


def check_private(packages: Packages) -> Iterator[Finding]:
    """No underscored module or name of a sibling is imported or reached."""
    by_import = siblings_by_import(packages)
    for package in packages.values():
        for found, sibling in sibling_imports(package, packages):
            private = next(filter(is_private, found.dotted.split(".")), None)
            if private is not None:
                yield _private_finding(found.place, package, found.dotted, private, sibling)
        for module in package.modules.values():
            for touch in module.touches:
                owner = by_import.get(touch.dotted.partition(".")[0])
                if owner is not None and owner is not package:
                    whole = f"{touch.dotted}.{touch.attribute}"
                    yield _private_finding(touch.place, package, whole, touch.attribute, owner)


def _private_finding(
    place: Place, package: Package, dotted: str, private: str, owner: Package
) -> Finding:
    return Finding(
        place,
        f"{package.distribution} reaches {dotted}, and {private} is private to"
        f" {owner.distribution}; use a public name of {owner.import_name},"
        " or add one to its __all__",
    )


def check_outside(packages: Packages) -> Iterator[Finding]:
    """Imports from outside the repository and the standard library are declared."""
    siblings = siblings_by_import(packages)
    providers = importlib.metadata.packages_distributions()
    for package in packages.values():
        for found in imports_of(package):
            if found.top not in siblings and not _is_standard(found.top):
                yield from _check_outside(package, found, providers.get(found.top, []))


def _is_standard(top: str) -> bool:
    return top in sys.stdlib_module_names or top in table.NEWER_STDLIB


def _check_outside(package: Package, found: Import, providers: Iterable[str]) -> Iterator[Finding]:
    names = _possible_distributions(found.dotted, providers)
    if names & _names(package.dependencies):
        return
    if found.reach is Reach.TYPING and names & table.TYPED_ONLY.get(
        package.distribution, frozenset()
    ):
        return
    if not names & _names(package.extras):
        yield Finding(
            found.place,
            f"{package.distribution} imports {found.dotted} from outside and does not require it;"
            f" add {min(names, key=len)} to dependencies of {package.pyproject}",
        )
    elif found.reach is Reach.EAGER:
        yield Finding(
            found.place,
            f"{package.distribution} declares {found.top} in an extra only; move the import into"
            " the function that needs it, or into try: … except ImportError:",
        )


def _possible_distributions(dotted: str, providers: Iterable[str]) -> set[str]:
    """The normalized names a distribution with this module may have.

    Installed metadata knows best; without it, `backports.zstd` comes from backports or
    backports-zstd.
    """
    parts = dotted.split(".")
    guesses = {normalized("-".join(parts[:length])) for length in (1, 2)}
    return guesses | {normalized(name) for name in providers}


def _names(requirements: Iterable[Requirement]) -> set[str]:
    return {requirement.distribution for requirement in requirements}
