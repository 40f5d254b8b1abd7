"""Numbers of things as people write them: `1 playlist`, `2 playlists`, `no playlist`."""

from __future__ import annotations


def counted(count: int, one: str, several: str = "") -> str:
    """So many of a thing, named in the singular; `several` where that is not the singular with an s. None are `no ...`."""
    return f"no {one}" if count == 0 else f"{count:,} {one if count == 1 else several or f'{one}s'}"
