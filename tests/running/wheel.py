"""The wheel: built from a folder, and installed alone into an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("fastpix", "migrations", "pyproject.toml", "setup.py", "README.md", "LICENSE")
BUILD = "import setuptools.build_meta as build, sys; build.build_{kind}(sys.argv[1])"


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """What a program says, in an environment that knows nothing of the repository."""
    clean = {"PATH": os.environ["PATH"], "TMPDIR": str(cwd), "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environ}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy(names: Iterable[str], to: Path) -> Path:
    """Files and folders of the repository, to build from: building writes beside them."""
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, to)
    return to


def build(kind: str, source: Path, to: Path) -> Path:
    """An `sdist` or a `wheel` of what lies in a folder, by the setuptools of the tests."""
    run(sys.executable, "-c", BUILD.format(kind=kind), to, cwd=source)
    (made,) = to.glob({"sdist": "*.tar.gz", "wheel": "*.whl"}[kind])
    return made


def install(wheel: Path, folder: Path) -> Path:
    """An environment with the wheel in it, and a line that leads to the packages of the tests; fastpix is not there."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    run(sys.executable, "-m", "pip", "--python", folder, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder
