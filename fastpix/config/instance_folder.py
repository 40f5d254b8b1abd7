"""The instance's folder: made when it is first needed, and refused in one line where that is not possible."""

from __future__ import annotations

import os
from pathlib import Path

from fastpix.errors import Misconfigured


def make(path: Path) -> None:
    """Raises `Misconfigured` where it cannot be made or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _refused(path, problem.strerror or str(problem)) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise _refused(path, "this user may not write there")


def _refused(path: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        f"FASTPIX_INSTANCE_PATH={path}: cannot be used: {reason}. Give a folder that fastpix may write to."
    )
