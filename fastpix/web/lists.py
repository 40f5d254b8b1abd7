"""Pages by number of long lists: the rows to skip are counted off from the nearer end of the index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stretch:
    """Which rows a page holds: `size` of them after `skip`, read from behind (and then turned) where `is_turned`."""

    skip: int
    size: int
    is_turned: bool


def stretch(offset: int, limit: int, total: int) -> Stretch:
    """Page `offset` (1-based) of `limit` rows out of `total`. `size` is 0 beyond the last page."""
    skip = (offset - 1) * limit
    size = max(0, min(limit, total - skip))
    from_behind = total - skip - size
    is_turned = size > 0 and from_behind < skip
    return Stretch(from_behind if is_turned else skip, size, is_turned)
