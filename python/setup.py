"""Builds the C library into the package; everything else stands in pyproject.toml.

The library is built with cargo from the repository around this directory. `LOGGREP_ABM_LIBRARY` names one that is
built already.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIBRARY = "libloggrep_abm.dylib" if sys.platform == "darwin" else "libloggrep_abm.so"


def version() -> str:
    """The version of the workspace."""
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)


def built_library() -> str:
    """Builds the library and tells where it is, whatever the target directory."""
    command = ["cargo", "build", "--release", "--locked", "-p", "loggrep-abm-capi"]
    command += ["--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    files = [name for line in lines for name in json.loads(line).get("filenames") or []]
    return next(name for name in files if name.endswith(LIBRARY))


class BuildWithLibrary(build_py):
    """Puts the library beside the modules."""

    def run(self) -> None:
        super().run()
        target = Path(self.build_lib) / "loggrep_abm" / LIBRARY
        shutil.copyfile(os.environ.get("LOGGREP_ABM_LIBRARY") or built_library(), target)
        if shutil.which("strip") and sys.platform != "darwin":
            subprocess.run(["strip", "--strip-unneeded", str(target)], check=True)


class PlatformWheel(bdist_wheel):
    """The wheel holds no module for one Python, but a library for one platform."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", super().get_tag()[2])


setup(version=version(), cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel})
