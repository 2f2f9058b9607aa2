"""Fixtures of the tools' tests: small trees that look like the repository, and peers."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Tree = Callable[..., None]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes one package: its name, its pyproject lists, and its modules by file name."""

    def write(
        name: str,
        modules: dict[str, str] | None = None,
        *,
        requires: tuple[str, ...] = (),
        extra: tuple[str, ...] = (),
        extra_name: str = "more",
    ) -> None:
        folder = tmp_path / "packages" / name
        import_name = name.replace("-", "_")
        for file, text in {"__init__.py": "", **(modules or {})}.items():
            path = folder / "src" / import_name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        rows = [
            "[project]",
            f'name = "{name}"',
            f"dependencies = {list(requires)}",
            'version = "0.1.0"',
            "[project.optional-dependencies]",
            f"{extra_name} = {list(extra)}",
            "[build-system]",
            'requires = ["hatchling>=1.26"]',
            'build-backend = "hatchling.build"',
            "[tool.hatch.build.targets.wheel]",
            f'packages = ["src/{import_name}"]',
        ]
        (folder / "pyproject.toml").write_text("\n".join(rows), encoding="utf-8")

    return write


@pytest.fixture
def peer() -> Callable[[bool, str], None]:
    """Skips a test whose peer is missing; with WHERRY_REQUIRE_PEERS=1 it fails instead."""

    def require(present: bool, command: str) -> None:
        if not present:
            reason = f"needs a peer: {command}"
            if os.environ.get("WHERRY_REQUIRE_PEERS") == "1":
                pytest.fail(reason)
            pytest.skip(reason)

    return require
