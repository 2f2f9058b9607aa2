"""The facts as plain values, read from `surface.json`. Knows nothing of wherry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]  # Any: one row of the JSON file, checked by what is built from it


@dataclass(frozen=True)
class Parameter:
    """One parameter; `default` is its text, None for one that must be given."""

    name: str
    kind: str
    default: str | None = None

    @property
    def is_variadic(self) -> bool:
        """Whether it is `*args` or `**kwargs`."""
        return self.kind.startswith("var-")


@dataclass(frozen=True)
class Method:
    """A method: "sync", "async", "class" or "async-generator", without its first parameter."""

    name: str
    kind: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Name:
    """One public name: the modules it must be in, and what is known of it."""

    name: str
    kind: str
    where: tuple[str, ...]
    bases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] | None = None
    """None if nothing is known of how it is called."""
    fields: tuple[str, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)
    methods: tuple[Method, ...] = ()
    properties: Mapping[str, bool] = field(default_factory=dict)
    """Property to whether it can be set."""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surface:
    """All of it."""

    names: tuple[Name, ...]
    not_provided: tuple[str, ...] = ()
    field_names: Mapping[str, str] = field(default_factory=dict)
    """Constants of `hdrs` that are `istr`."""
    method_names: Mapping[str, str] = field(default_factory=dict)
    """Constants of `hdrs` that are `str`."""
    method_sets: tuple[str, ...] = ()


def read_surface(path: Path) -> Surface:
    """The facts in a file. Raises OSError, KeyError or ValueError if it is not such a file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    of_requests = _parameters(data["request_parameters"])
    return Surface(
        names=tuple(_name(row, of_requests) for row in data["names"]),
        not_provided=tuple(data["not_provided"]),
        field_names=data["hdrs"]["istr"],
        method_names=data["hdrs"]["str"],
        method_sets=tuple(data["hdrs"]["sets"]),
    )


def _name(row: Row, of_requests: tuple[Parameter, ...]) -> Name:
    return Name(
        name=row["name"],
        kind=row["kind"],
        where=tuple(row["where"]),
        bases=tuple(row.get("bases", ())),
        parameters=_all_parameters(row, of_requests) if "parameters" in row else None,
        fields=tuple(row.get("fields", ())),
        members=row.get("members", {}),
        methods=tuple(
            Method(method["name"], method["kind"], _all_parameters(method, of_requests))
            for method in row.get("methods", ())
        ),
        properties={found["name"]: found["settable"] for found in row.get("properties", ())},
        attributes=tuple(row.get("attributes", ())),
    )


def _all_parameters(row: Row, of_requests: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The parameters of a row, those that every request takes put in for its `**kwargs`."""
    own = _parameters(row["parameters"])
    if not row.get("takes_request_parameters", False):
        return own
    own = tuple(parameter for parameter in own if parameter.kind != "var-keyword")
    known = {parameter.name for parameter in own}
    return own + tuple(parameter for parameter in of_requests if parameter.name not in known)


def _parameters(rows: list[Row]) -> tuple[Parameter, ...]:
    return tuple(Parameter(row["name"], row["kind"], row.get("default")) for row in rows)
