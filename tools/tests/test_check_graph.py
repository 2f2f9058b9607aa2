"""tools.check_graph on small trees: each rule finds what breaks it and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.check_graph import table
from tools.check_graph._run import check, main

Tree = Callable[..., None]


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[], list[str]]:
    """Checks the tree and returns the findings as text; sources are read, not imported."""
    return lambda: [str(finding) for finding in check(tmp_path, static_only=True)]


Findings = Callable[[], list[str]]


def test_declared_downward_imports_have_no_findings(tree: Tree, findings: Findings) -> None:
    """A clean tree is silent."""
    tree("wherry-errors")
    tree("wherry-codec", {"_a.py": "import multidict\n"}, requires=("multidict>=6",))
    tree(
        "wherry-pool",
        {"_a.py": "import asyncio\nfrom wherry_errors import X\nimport wherry_codec\n"},
        requires=("wherry-errors>=0.1,<0.2", "wherry-codec"),
    )

    assert findings() == []


def test_undeclared_sibling_import_is_found(tree: Tree, findings: Findings) -> None:
    """An import between siblings needs a declared dependency."""
    tree("wherry-errors")
    tree("wherry-codec", {"_a.py": "\nimport wherry_errors\n"})

    [found] = findings()

    assert found.startswith("packages/wherry-codec/src/wherry_codec/_a.py:2: ")
    assert "add wherry-errors to dependencies of packages/wherry-codec/pyproject.toml" in found


def test_import_for_type_checking_needs_a_dependency_too(tree: Tree, findings: Findings) -> None:
    """A reader follows type-only imports as well."""
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from wherry_errors import X\n"
    tree("wherry-errors")
    tree("wherry-codec", {"_a.py": text})

    [found] = findings()

    assert "_a.py:3: " in found


def test_import_by_string_needs_a_dependency_too(tree: Tree, findings: Findings) -> None:
    """importlib.import_module with a constant name is an import."""
    text = "import importlib\ndef f():\n    return importlib.import_module('wherry_errors')\n"
    tree("wherry-errors")
    tree("wherry-codec", {"_a.py": text})

    [found] = findings()

    assert "_a.py:3: " in found


def test_unused_sibling_dependency_is_found(tree: Tree, findings: Findings) -> None:
    """A requirement nothing imports is dead weight."""
    tree("wherry-errors")
    tree("wherry-codec", requires=("wherry-errors>=0.1",))

    [found] = findings()

    assert found.startswith(
        "packages/wherry-codec/pyproject.toml:3: nothing in wherry-codec imports"
    )
    assert "remove wherry-errors from dependencies" in found


def test_unused_sibling_in_an_extra_is_allowed(tree: Tree, findings: Findings) -> None:
    """An extra may point anywhere, the command of the layer above for instance."""
    tree("wherry-cli")
    tree("wherry", extra=("wherry-cli>=0.1",))

    assert findings() == []


@pytest.mark.parametrize("target", ["wherry-pool", "wherry-cookies"])
def test_upward_and_sideward_imports_are_found(tree: Tree, findings: Findings, target: str) -> None:
    """Imports point to a strictly lower layer, however well they are declared."""
    tree(target)
    tree("wherry-codec", {"_a.py": f"import {target.replace('-', '_')}\n"}, requires=(target,))

    by_import, by_requirement = findings()

    assert "_a.py:1: wherry-codec (layer 1) imports" in by_import
    assert "declare a Protocol in wherry_codec" in by_import
    assert "pyproject.toml:3: wherry-codec (layer 1) requires it" in by_requirement


def test_package_outside_the_table_is_found(tree: Tree, findings: Findings) -> None:
    """A new package gets its layer first."""
    tree("wherry-new")

    [found] = findings()

    assert "add it to LAYERS" in found


def test_cycle_between_packages_is_found(
    tree: Tree, findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages outside the table can still form a cycle, and a function-level import counts."""
    monkeypatch.setattr(table, "LAYERS", {})
    tree("one", {"_a.py": "import two\n"}, requires=("two",))
    tree("two", {"_a.py": "def f():\n    import one\n"}, requires=("one",))

    cycles = [found for found in findings() if "cycle" in found]

    assert cycles == [
        "packages/one/src/one/_a.py:1: cycle one → two → one (at packages/one/src/one/_a.py:1,"
        " packages/two/src/two/_a.py:2); declare a Protocol in the lower package for what it calls"
        " above"
    ]


@pytest.mark.parametrize(
    "back",
    [
        "from ._a import x\n",
        "import wherry_codec._a\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import _a\n",
        "class C:\n    from ._a import x\n",
        "from wherry_codec import x\n",
    ],
)
def test_cycle_between_modules_is_found(tree: Tree, findings: Findings, back: str) -> None:
    """Type-only imports count, and so does a name taken from the package's own front."""
    tree(
        "wherry-codec",
        {"__init__.py": "from ._a import x\n", "_a.py": "from . import _b\n", "_b.py": back},
    )

    [found] = findings()

    assert ": cycle wherry_codec" in found
    assert "import it inside a function" in found


@pytest.mark.parametrize(
    "back",
    [
        "def f():\n    from ._a import x\n",
        "def __getattr__(name):\n    from . import _a\n    return _a.x\n",
    ],
)
def test_import_inside_a_function_is_no_cycle(tree: Tree, findings: Findings, back: str) -> None:
    """A late import, PEP 562 `__getattr__` included, happens after loading."""
    tree("wherry-codec", {"_a.py": "from . import _b\n", "_b.py": back})

    assert findings() == []


@pytest.mark.parametrize(
    "text",
    [
        "from wherry_errors import _tree\n",
        "from wherry_errors._tree import X\n",
        "import wherry_errors._tree\n",
        "import wherry_errors as e\nprint(e._tree.X)\n",
        "from wherry_errors import X\nprint(X._secret)\n",
    ],
)
def test_private_name_of_a_sibling_is_found(tree: Tree, findings: Findings, text: str) -> None:
    """Underscored modules and names stay in their package."""
    tree("wherry-errors", {"_tree.py": "class X: ..."})
    tree("wherry-codec", {"_a.py": text}, requires=("wherry-errors",))

    [found] = findings()

    assert "is private to wherry-errors; use a public name" in found


def test_own_private_names_and_dunders_are_allowed(tree: Tree, findings: Findings) -> None:
    """A package may reach its own underscored names, and everyone `__version__`."""
    tree("wherry-errors")
    text = "import wherry_errors\nfrom . import _b\nprint(wherry_errors.__version__, _b._x)\n"
    tree("wherry-codec", {"_a.py": text, "_b.py": ""}, requires=("wherry-errors",))

    assert findings() == []


def test_undeclared_outside_import_is_found(tree: Tree, findings: Findings) -> None:
    """What is neither standard nor a sibling must be declared."""
    tree("wherry-codec", {"_a.py": "import json\nimport multidict\n"})

    [found] = findings()

    assert "_a.py:2: " in found
    assert "add multidict to dependencies of packages/wherry-codec/pyproject.toml" in found


def test_outside_name_of_two_parts_matches_its_distribution(tree: Tree, findings: Findings) -> None:
    """backports.zstd comes from backports-zstd, whether or not it is installed here."""
    tree("wherry-codec", {"_a.py": "from backports import zstd\n"}, requires=("backports.zstd>=1",))

    assert findings() == []


def test_extra_may_be_imported_where_it_may_be_missing(tree: Tree, findings: Findings) -> None:
    """Inside a function, or where ImportError is caught."""
    text = "try:\n    import brotli\nexcept ImportError:\n    brotli = None\n"
    text += "def f():\n    import zstandard\n"
    tree("wherry-codec", {"_a.py": text}, extra=("Brotli", "zstandard>=0.20"))

    assert findings() == []


def test_unguarded_import_of_an_extra_is_found(tree: Tree, findings: Findings) -> None:
    """A plain import would make the extra a requirement."""
    tree("wherry-codec", {"_a.py": "import brotli\n"}, extra=("Brotli",))

    [found] = findings()

    assert "move the import into the function that needs it" in found


def test_typed_only_distribution_is_allowed_for_type_checking_alone(
    tree: Tree, findings: Findings
) -> None:
    """wherry-errors names yarl in annotations and does not require it."""
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yarl\n"
    tree("wherry-errors", {"_a.py": typed, "_b.py": "import yarl\n"})

    [found] = findings()

    assert "_b.py:1: " in found


@pytest.mark.parametrize("text", ["import asyncio\n", "def f():\n    from ssl import SSLError\n"])
def test_io_import_in_a_package_without_io_is_found(
    tree: Tree, findings: Findings, text: str
) -> None:
    """The codec imports neither asyncio nor ssl, in functions neither."""
    tree("wherry-codec", {"_a.py": text})

    [found] = findings()

    assert "wherry-codec must do without" in found


def test_lazily_loaded_module_of_errors_may_import_ssl(tree: Tree, findings: Findings) -> None:
    """Only a module that `__getattr__` alone loads, and only ssl."""
    front = "def __getattr__(name):\n    from . import _tls\n    return getattr(_tls, name)\n"
    tree("wherry-errors", {"__init__.py": front, "_tls.py": "import ssl\nimport asyncio\n"})

    [found] = findings()

    assert "_tls.py:2: wherry-errors must do without asyncio" in found


def test_eagerly_loaded_module_of_errors_may_not_import_ssl(tree: Tree, findings: Findings) -> None:
    """Once the package loads it, ssl is loaded for everyone."""
    tree("wherry-errors", {"__init__.py": "from . import _tls\n", "_tls.py": "import ssl\n"})

    [found] = findings()

    assert "only __getattr__ of the package loads" in found


def test_loading_io_by_a_detour_is_found_by_importing(tree: Tree, tmp_path: Path) -> None:
    """What reading cannot see, a fresh interpreter does."""
    tree("wherry-codec", {"_a.py": "", "fields.py": "exec('import asyncio')\n"})

    [found] = check(tmp_path)

    assert "importing wherry_codec, wherry_codec.fields loads asyncio,ssl" in found.text


def test_package_that_cannot_be_imported_is_found(tree: Tree, tmp_path: Path) -> None:
    """A probe that fails proves nothing, so it is a finding."""
    tree("wherry-codec", {"__init__.py": "raise RuntimeError('broken')\n"})

    [found] = check(tmp_path)

    assert "RuntimeError: broken" in found.text


def test_exit_code_tells_whether_there_were_findings(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 for a clean tree, 1 for findings, and 1 for no packages at all."""
    assert main(["--root", str(tmp_path)]) == 1
    tree("wherry-codec")
    assert main(["--root", str(tmp_path)]) == 0
    tree("wherry-pool", {"_a.py": "import wherry_codec\n"})
    assert main(["--root", str(tmp_path), "--static"]) == 1
    assert "2 packages, 1 finding" in capsys.readouterr().out
