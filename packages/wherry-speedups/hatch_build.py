"""Builds the C extension into the wheel, or a plain wheel where that cannot be done.

A wheel is built in a folder of its own, so nothing of an earlier build gets into it. An editable
install has the extension beside the sources: edits in Python are seen at once, edits in C after
the next install.
"""

import os
import platform
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

_NAME = "wherry_speedups._native"


class NativeBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # any builder's configuration
    """What hatchling calls around the making of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds before the wheel is put together; `version` is "standard" or "editable"."""
        self._folder = Path(tempfile.mkdtemp(prefix="wherry-speedups-"))
        suffix = str(sysconfig.get_config_var("EXT_SUFFIX"))
        beside = Path(self.root, "src", "wherry_speedups", f"_native{suffix}")
        if version == "editable":
            # What an earlier install left is older than the sources; and a file that a running
            # process has mapped is replaced, not overwritten.
            beside.unlink(missing_ok=True)
        try:
            if platform.python_implementation() != "CPython":
                raise CCompilerError(f"{platform.python_implementation()} runs plain Python faster")
            built = self._build()
        except (BaseError, CCompilerError, OSError) as exc:
            if os.environ.get("WHERRY_REQUIRE_NATIVE") == "1":
                raise
            self.app.display_warning(f"wherry-speedups is installed without its C part: {exc}")
            return
        if version == "editable":
            shutil.copy(built, beside)
        else:
            build_data["force_include"][str(built)] = f"wherry_speedups/{built.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes the build folder away once the wheel is there."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _build(self) -> Path:
        """The extension, compiled and linked for the interpreter that runs this."""
        sources = sorted(str(path) for path in Path(self.root, "c").glob("*.c"))
        headers = [str(path) for path in Path(self.root, "c").glob("*.h")]
        extension = Extension(_NAME, sources, depends=headers)
        command = build_ext(Distribution({"name": "wherry-speedups", "ext_modules": [extension]}))
        command.build_lib = str(self._folder / "lib")
        command.build_temp = str(self._folder / "temp")
        command.ensure_finalized()
        command.run()
        return Path(command.get_ext_fullpath(_NAME))
