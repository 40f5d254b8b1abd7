"""The operation of FastPix's video data that answers 501: a view by itself is not kept."""

from __future__ import annotations

from typing import Any

from fastpix.resources.usage.not_offered import domain
from fastpix.resources.usage.video_data.api import api

__all__ = ["api"]


@api.operation(domain.view, "GET", "/data/viewlist/<viewId>")
def view(**_ids: str) -> Any:
    """Get a view: not offered, answers 501."""
    domain.view()
