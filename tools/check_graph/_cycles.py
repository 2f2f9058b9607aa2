"""Cycles: between packages, and between the modules of one package.

Imports for type checking count, because a reader follows them too. Imports inside functions do not:
they happen after loading, which is what makes a late import or a PEP 562 `__getattr__` possible.
"""

from collections.abc import Callable, Iterator, Mapping

from ._model import Finding, Import, Package, Reach
from ._rules import Packages, sibling_imports

Graph = Mapping[str, Mapping[str, Import]]
"""Node to the nodes it imports, each with the statement that does so."""

Counts = Callable[[Import], bool]
"""Whether an import is an edge of the graph in question."""


def check_package_cycles(packages: Packages) -> Iterator[Finding]:
    """No package reaches itself through the imports of others, lazy ones too."""
    graph: dict[str, dict[str, Import]] = {name: {} for name in packages}
    for package in packages.values():
        for found, sibling in sibling_imports(package, packages):
            graph[package.distribution].setdefault(sibling.distribution, found)
    for cycle in cycles(graph):
        yield _finding(
            cycle, graph, "declare a Protocol in the lower package for what it calls above"
        )


def check_module_cycles(packages: Packages) -> Iterator[Finding]:
    """No module of a package reaches itself while it is being loaded or type-checked."""
    for package in packages.values():
        graph = module_graph(package, lambda found: found.reach is not Reach.LAZY)
        for cycle in cycles(graph):
            yield _finding(
                cycle,
                graph,
                "move what both need into a module below them, or import it inside a function",
            )


def module_graph(package: Package, counts: Counts) -> dict[str, dict[str, Import]]:
    """The modules of a package and the imports between them that `counts` accepts."""
    graph: dict[str, dict[str, Import]] = {name: {} for name in package.modules}
    for module in package.modules.values():
        for found in filter(counts, module.imports):
            target = reached_module(found, package)
            if target is not None and target != module.name:
                graph[module.name].setdefault(target, found)
    return graph


def reached_module(found: Import, package: Package) -> str | None:
    """The module of `package` an import reaches, None if it leaves the package.

    `from package import name` reaches package.name where that is a module, else the package itself.
    """
    if found.dotted in package.modules:
        return found.dotted
    return found.module if found.module in package.modules else None


def cycles(graph: Graph) -> Iterator[list[str]]:
    """One shortest cycle for each knot of nodes that reach each other."""
    seen: set[str] = set()
    for node in sorted(graph):
        if node not in seen:
            cycle = _shortest_cycle(node, graph)
            if cycle:
                seen |= _reachable(node, graph) & _reaching(node, graph)
                yield cycle


def _shortest_cycle(start: str, graph: Graph) -> list[str]:
    """The nodes from `start` back to `start`, which is named once; empty without a way back."""
    paths = {start: [start]}
    queue = [start]
    for node in queue:
        for following in sorted(graph[node]):
            if following == start:
                return paths[node]
            if following not in paths:
                paths[following] = [*paths[node], following]
                queue.append(following)
    return []


def _reachable(start: str, graph: Graph) -> set[str]:
    found = {start}
    queue = [start]
    for node in queue:
        fresh = set(graph[node]) - found
        found |= fresh
        queue.extend(fresh)
    return found


def _reaching(end: str, graph: Graph) -> set[str]:
    return {node for node in graph if end in _reachable(node, graph)}


def _finding(cycle: list[str], graph: Graph, remedy: str) -> Finding:
    steps = [graph[one][other] for one, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
    chain = " → ".join([*cycle, cycle[0]])
    places = ", ".join(str(step.place) for step in steps)
    return Finding(steps[0].place, f"cycle {chain} (at {places}); {remedy}")
