"""tools.check_surface: each kind of difference is found, and each needs its reason."""

import enum
import functools
import itertools
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypedDict, Unpack

import pytest

from tools.check_surface._attributes import has_attribute, is_settable
from tools.check_surface._calls import compare_call
from tools.check_surface._classes import compare_class
from tools.check_surface._compare import compare
from tools.check_surface._defaults import is_default
from tools.check_surface._deviations import judge, read_deviations
from tools.check_surface._differences import Difference
from tools.check_surface._facts import Method, Name, Parameter, Surface, read_surface
from tools.check_surface._run import HERE, main
from tools.check_surface._signatures import UNKNOWN, parameters_of

PLACE = "positional-or-keyword"
KEYWORD = "keyword-only"


class Marker(enum.Enum):
    """The type of a private marker."""

    UNSET = "unset"


class Version(NamedTuple):
    """A named tuple, as some defaults are."""

    major: int
    minor: int


class Options(TypedDict, total=False):
    """Keyword arguments by way of a TypedDict."""

    timeout: float


# --- defaults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("None", None),
        ("'utf-8'", "utf-8"),
        ("10.0", 10),
        ("()", ()),
        ("<unset>", Marker.UNSET),
        ("<unset>", object()),
        ("<session>", Marker.UNSET),
        ("<function>", len),
        ("Marker.UNSET", Marker.UNSET),
        ("<Marker.UNSET: 'unset'>", Marker.UNSET),
        ("Version(1, 1)", Version(1, 1)),
        ("json.dumps", json.dumps),
        ("itertools.chain", itertools.chain),
        ("ValueError", ValueError),
    ],
)
def test_default_is_recognised_by_its_text(text: str, value: object) -> None:
    """By literal, by name, or as a private marker."""
    assert is_default(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("None", False), ("0", False), ("1", True), ("'a'", "b"), ("<unset>", None), ("<unset>", 5)],
)
def test_another_default_is_told_apart(text: str, value: object) -> None:
    """Truth values are no numbers, and a marker is nothing a caller would pass."""
    assert not is_default(text, value)


# --- signatures -----------------------------------------------------------------------------------


def test_keywords_of_a_typed_dict_count_as_parameters() -> None:
    """`**options: Unpack[Options]`, without defaults that could be seen."""

    def call(url: str, **options: Unpack[Options]) -> None: ...

    found = parameters_of(call)

    assert list(found) == ["url", "timeout"]
    assert found["timeout"].default is UNKNOWN


def test_typed_dict_that_only_the_type_checker_imports_is_found() -> None:
    """As in the session, whose options are imported under TYPE_CHECKING."""
    from wherry import ClientSession

    assert "max_redirects" in parameters_of(ClientSession.get, skip=1)


# --- calls ----------------------------------------------------------------------------------------


def keys(found: Iterator[Difference]) -> list[str]:
    """The keys of differences."""
    return [difference.key for difference in found]


def facts(*names: str, kind: str = PLACE, default: str | None = None) -> tuple[Parameter, ...]:
    """Parameters of one kind."""
    return tuple(Parameter(name, kind, default) for name in names)


def test_equal_signatures_have_no_differences() -> None:
    """Names, kinds, places and defaults."""

    def call(a: int, b: int = 1, *, c: int | None = None) -> None: ...

    expected = facts("a") + facts("b", default="1") + facts("c", kind=KEYWORD, default="None")

    assert keys(compare_call("f", expected, call)) == []


def test_missing_and_added_parameters_are_found() -> None:
    """An added one needs a reason even if it has a default."""

    def call(a: int, *, d: int = 0) -> None: ...

    assert keys(compare_call("f", facts("a", "b"), call)) == ["missing f(b)", "extra f(d)"]


def test_added_parameter_without_a_default_says_so() -> None:
    """It would break every caller."""

    def call(a: int, b: int) -> None: ...

    [found] = compare_call("f", facts("a"), call)

    assert found.remedy == "give it a default"


def test_moved_parameter_is_found() -> None:
    """Callers give it by place."""

    def call(b: int, a: int) -> None: ...

    assert keys(compare_call("f", facts("a", "b"), call)) == ["place f(a)", "place f(b)"]


def test_parameter_that_became_keyword_only_is_found() -> None:
    """The other way round is no difference to a caller."""

    def strict(*, a: int) -> None: ...
    def loose(a: int) -> None: ...

    assert keys(compare_call("f", facts("a"), strict)) == ["place f(a)"]
    assert keys(compare_call("f", facts("a", kind=KEYWORD), loose)) == []


def test_another_default_and_a_lost_one_are_found() -> None:
    """A default more is no difference."""

    def call(a: int = 2, b: int = 0, *, c: int) -> None: ...

    expected = facts("a", default="1") + facts("b") + facts("c", kind=KEYWORD, default="1")

    assert keys(compare_call("f", expected, call)) == ["default f(a)", "default f(c)"]


def test_parameter_that_cannot_be_named_is_found() -> None:
    """Callers may give it by name."""

    def call(a: int, /) -> None: ...

    assert keys(compare_call("f", facts("a"), call)) == ["kind f(a)"]


def test_variadic_parameters_may_be_spelled_out() -> None:
    """Names say more than `*args, **kwargs`."""

    def spelled(value: int, encoding: str = "") -> None: ...
    def bare(value: int) -> None: ...

    args, kwargs = Parameter("args", "var-positional"), Parameter("kwargs", "var-keyword")
    expected = (*facts("value"), args, kwargs)

    assert keys(compare_call("f", expected, spelled)) == []
    assert keys(compare_call("f", expected, bare)) == ["missing f(args)", "missing f(kwargs)"]


# --- classes --------------------------------------------------------------------------------------


class Thing(ValueError):  # noqa: N818 - an error by its base, to have one
    """A class with one of everything."""

    size: int

    def __init__(self) -> None:
        self.name = "thing"
        self._kind = ""

    @property
    def fixed(self) -> int:
        """Cannot be set."""
        return 1

    @property
    def kind(self) -> str:
        """Can be set."""
        return self._kind

    @kind.setter
    def kind(self, kind: str) -> None:
        self._kind = kind

    @functools.cached_property
    def lazy(self) -> int:
        """Can be set as well."""
        return 1

    async def wait(self) -> None:
        """A coroutine function."""

    def later(self) -> Awaitable[None]:
        """Not one, and yet it can be awaited."""
        return self.wait()

    def at_once(self) -> None:
        """Cannot be awaited."""

    def __exit__(self, *args: object) -> None:
        """Called by place."""


def thing(**known: Any) -> list[str]:  # Any: whatever a fact is made of
    """The differences between `Thing` and a fact."""
    return keys(compare_class(Name("Thing", "class", ("wherry",), **known), Thing))


def test_missing_base_is_found() -> None:
    """Programs catch by it."""
    assert thing(bases=("ValueError",)) == []
    assert thing(bases=("enum.Enum",)) == ["base Thing(enum.Enum)"]


def test_properties_and_attributes_are_found_wherever_they_are_made() -> None:
    """On the class, by annotation, or in the constructor."""
    assert thing(properties={"fixed": False, "kind": True, "size": True}) == []
    assert thing(attributes=("name", "args", "colour")) == ["missing Thing.colour"]


def test_property_that_cannot_be_set_is_found() -> None:
    """Only where aiohttp's can."""
    assert thing(properties={"fixed": True}) == ["settable Thing.fixed"]
    assert is_settable(Thing, "lazy")
    assert has_attribute(Thing, "name")


def test_method_in_the_place_of_a_property_is_found() -> None:
    """It would be true whatever it says."""
    assert thing(properties={"at_once": False}) == ["kind Thing.at_once"]


def test_missing_method_is_found() -> None:
    """Also if object has one of that name."""
    methods = (Method("close", "sync", ()), Method("__repr__", "sync", ()))
    owner = type("Plain", (), {})

    found = keys(compare_class(Name("Plain", "class", ("wherry",), methods=methods), owner))

    assert found == ["missing Plain.close", "missing Plain.__repr__"]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("wait", "async", []),
        ("later", "async", []),
        ("at_once", "async", ["kind Thing.at_once"]),
        ("wait", "sync", ["kind Thing.wait"]),
        ("at_once", "class", ["kind Thing.at_once"]),
        ("later", "async-generator", ["kind Thing.later"]),
    ],
)
def test_kind_of_a_method_is_compared(name: str, kind: str, expected: list[str]) -> None:
    """What can be awaited may be any awaitable."""
    assert thing(methods=(Method(name, kind, ()),)) == expected


def test_special_methods_are_compared_by_count() -> None:
    """Nobody names their arguments."""

    class Manager:
        def __enter__(self, one: int) -> None: ...
        def __exit__(self, a: object, b: object, c: object) -> None: ...

    known = (
        Method("__enter__", "sync", ()),
        Method("__exit__", "sync", facts("exc_type", "exc", "tb")),
    )

    found = keys(compare_class(Name("Manager", "class", (), methods=known), Manager))

    assert found == ["parameters Manager.__enter__"]
    assert thing(methods=(Method("__exit__", "sync", facts("a", "b", "c")),)) == []


def test_fields_begin_with_those_known() -> None:
    """In their order; more may follow."""

    @dataclass
    class Record:
        major: int
        minor: int
        patch: int = 0

    known = Name("Record", "data-class", (), fields=("major", "minor"))
    swapped = Name("Version", "named-tuple", (), fields=("minor", "major"))

    assert keys(compare_class(known, Record)) == []
    assert keys(compare_class(swapped, Version)) == ["fields Version"]


def test_members_have_their_values() -> None:
    """Numbers of an enum go over the wire."""

    class Code(enum.IntEnum):
        OK = 1000

    known = Name("Code", "int-enum", (), members={"OK": 1000, "GONE": 1001})

    assert keys(compare_class(known, Code)) == ["member Code.GONE"]


# --- modules --------------------------------------------------------------------------------------


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Puts a module with these names into the place of one of wherry's."""

    def put(title: str, **names: object) -> ModuleType:
        made = ModuleType(title)
        made.__dict__.update(names, __all__=sorted(names))
        monkeypatch.setitem(sys.modules, title, made)
        return made

    return put


Put = Callable[..., ModuleType]


def test_name_that_is_not_exported_is_found(module: Put) -> None:
    """Each module that must have it is looked at."""
    module("wherry", A=1)
    module("wherry.hdrs")
    module("wherry.abc")

    found = compare(Surface((Name("A", "constant", ("wherry", "wherry.abc")),)))

    assert [difference.key for difference in found] == ["missing abc.A"]


def test_name_outside_of_all_is_found(module: Put) -> None:
    """S-004."""
    module("wherry", A=1).__dict__["__all__"] = []
    module("wherry.hdrs")

    [found] = compare(Surface((Name("A", "constant", ("wherry",)),)))

    assert found.key == "missing __all__ of wherry: A"


def test_two_objects_of_one_name_are_found(module: Put) -> None:
    """S-005."""
    module("wherry", A=1)
    module("wherry.abc", A=2)
    module("wherry.hdrs")

    [found] = compare(Surface((Name("A", "constant", ("wherry", "wherry.abc")),)))

    assert found.key == "object A"


def test_server_side_names_are_unwanted(module: Put) -> None:
    """S-001."""
    module("wherry", web=1)
    module("wherry.hdrs")

    [found] = compare(Surface((), not_provided=("web",)))

    assert found.key == "unwanted web"


def test_field_names_are_compared(module: Put) -> None:
    """S-023: by value and by type."""
    module("wherry")
    module("wherry.hdrs", METH_GET="GET", ETAG="Etag")

    found = compare(
        Surface(
            (), field_names={"ETAG": "Etag"}, method_names={"METH_GET": "GET"}, method_sets=("M",)
        )
    )

    assert [difference.key for difference in found] == ["value hdrs.ETAG", "missing hdrs.M"]


def test_function_in_the_place_of_a_class_is_found(module: Put) -> None:
    """Programs derive from classes."""
    module("wherry", A=len)
    module("wherry.hdrs")

    [found] = compare(Surface((Name("A", "class", ("wherry",)),)))

    assert found.key == "kind A"


# --- deviations -----------------------------------------------------------------------------------


def test_difference_needs_a_reason_and_a_reason_a_difference() -> None:
    """Both are reported otherwise."""
    one, two = Difference("missing A", "", ""), Difference("extra B(c)", "", "")

    verdict = judge([one, two], {"extra B(*)": "why", "missing C": "why"})

    assert verdict.unexplained == (one,)
    assert verdict.explained == {"extra B(*)": (two,)}
    assert verdict.stale == ("missing C",)
    assert not verdict.is_clean


def test_a_line_without_a_reason_is_refused(tmp_path: Path) -> None:
    """An empty one explains nothing."""
    path = tmp_path / "deviations.toml"
    path.write_text('[a]\n"missing A" = " "\n', encoding="utf-8")

    with pytest.raises(ValueError, match="expected a reason for 'missing A'"):
        read_deviations(path)


def test_exit_code_and_output_tell_what_to_do(
    module: Put, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 for what is missing and for what is stale; 0 once both are settled."""
    module("wherry")
    module("wherry.hdrs")
    row = {"name": "A", "kind": "constant", "where": ["wherry"]}
    hdrs: dict[str, object] = {"istr": {}, "str": {}, "sets": []}
    facts_file, reasons = tmp_path / "facts.json", tmp_path / "deviations.toml"
    facts_file.write_text(
        json.dumps({"names": [row], "request_parameters": [], "not_provided": [], "hdrs": hdrs})
    )
    reasons.write_text('[a]\n"missing B" = "gone"\n')
    call = ["--facts", str(facts_file), "--deviations", str(reasons)]

    assert main(call) == 1
    printed = capsys.readouterr().out
    assert "missing A: aiohttp has this constant, wherry has not; export it from wherry;" in printed
    assert "missing B: no such difference any more; remove the line" in printed

    reasons.write_text('[a]\n"missing A" = "not yet"\n')
    assert main([*call, "--list"]) == 0
    assert "missing A (1): not yet" in capsys.readouterr().out


def test_our_facts_can_be_read() -> None:
    """Requests take what the list of request parameters says."""
    surface = read_surface(HERE / "surface.json")
    session = next(name for name in surface.names if name.name == "ClientSession")
    get = next(method for method in session.methods if method.name == "get")

    assert {"url", "params", "timeout", "ssl"} <= {given.name for given in get.parameters}
    assert len(surface.names) > 100


def test_our_reasons_can_be_read() -> None:
    """Each has a reason."""
    assert all(read_deviations(HERE / "deviations.toml").values())


def test_wherry_has_the_surface_of_the_client() -> None:
    """S-001: every name, parameter, default, base class and property, or a reason."""
    assert main([]) == 0
