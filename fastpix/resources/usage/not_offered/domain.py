"""Single views of FastPix's video data: not offered, and said so."""

from __future__ import annotations

from fastpix.access.action import action
from fastpix.errors import NotOffered


@action("usage.view")
def view() -> None:
    """Raises `NotOffered`."""
    raise NotOffered("Single views are not offered by this server. It counts them, and keeps nothing of a viewer.")
