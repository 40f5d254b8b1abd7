"""Print the newest released Python that this machine has, if it is newer than the one that runs this; else nothing.

Looked for on the PATH and among pyenv's versions; it must be able to make a virtual environment.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ASK = "import ssl, sqlite3, sys, venv; print(*sys.version_info[:3] if sys.version_info.releaselevel == 'final' else '')"


def candidates() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from pyenv.glob("versions/*/bin/python3")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from (path for path in Path(folder).glob("python3.*") if re.fullmatch(r"python3\.\d+", path.name))


def version(python: Path) -> tuple[int, ...]:
    """Of a released interpreter with all that is needed; else nothing, which is older than everything."""
    try:
        done = subprocess.run([python, "-c", ASK], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(map(int, done.stdout.split()))


def newest() -> Path | None:
    ranked = sorted((version(path)[:2], str(path)) for path in candidates())
    return Path(ranked[-1][1]) if ranked and ranked[-1][0] > sys.version_info[:2] else None


if __name__ == "__main__":
    print(newest() or "")
