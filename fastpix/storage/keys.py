"""Which keys are allowed: a key can never name a place outside the storage, nor the storage's own folders."""

from __future__ import annotations

import re

SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# A file name of Linux has at most 255 bytes; a key of S3 has at most 1024, of which a prefix and a part's name take some.
LONGEST_SEGMENT, LONGEST_KEY = 200, 800

WORK, APPENDED = ".work", ".appended"


def check(key: str) -> str:
    """The key, if it is one: segments of safe characters between single slashes. Raises ValueError."""
    if len(key) > LONGEST_KEY or not all(_is_segment(segment) for segment in key.split("/")):
        raise ValueError(f"not a storage key: {key[:100]!r}")
    return key


def check_prefix(prefix: str) -> str:
    """The same for a folder, where empty stands for all there is."""
    return check(prefix) if prefix else prefix


def check_leftover(key: str) -> str:
    """A key as `list` shows it under `.work/` or `.appended/`. The names below are the work's own, within reason."""
    first, *rest = key.split("/")
    if first not in (WORK, APPENDED) or not rest or any(part in ("", ".", "..") or "\0" in part for part in rest):
        raise ValueError(f"not a leftover of the storage: {key[:100]!r}")
    return key


def _is_segment(text: str) -> bool:
    return len(text) <= LONGEST_SEGMENT and SEGMENT.fullmatch(text) is not None
