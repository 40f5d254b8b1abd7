"""The database's file, where it is SQLite's: who may read it, and why it cannot be opened, of which SQLite says little."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def begin(path: str) -> None:
    """Make the file that is not there yet its owner's alone, whatever the umask: everybody's password hashes come into it.

    What SQLite puts beside it has the same rights. Where that cannot be, SQLite says what is wrong.
    """
    if os.path.isabs(path) and not os.path.exists(path):
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def complaint(path: str, said: str) -> str:
    """A sentence with its cure; `said` are SQLite's own words."""
    file = Path(path)
    return f"The database {path} cannot be opened: {_reason(file) or said}. {_cure(file)}"


def _reason(file: Path) -> str:
    """Empty where it is not known here."""
    if file.is_dir():
        return "it is a folder"
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if not os.access(file.parent, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.R_OK | os.W_OK)):
        return "this user may not write there"
    return ""


def _cure(file: Path) -> str:
    if file.is_dir():
        return "Name a file in it in FASTPIX_DATABASE_URL, such as fastpix.db."
    if not file.parent.is_dir():
        return "Make it, or correct FASTPIX_DATABASE_URL."
    return "Let fastpix write to the file and its folder, or correct FASTPIX_DATABASE_URL."
