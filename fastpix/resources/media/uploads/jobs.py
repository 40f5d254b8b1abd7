"""The worker's job on uploads: forget the bytes of those whose rows are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastpix.resources.media.uploads.lifecycle import key_of
from fastpix.storage import instance as storage


def forget(args: Mapping[str, Any]) -> None:
    """Forget what came of uploads, given as [id, attempt] each. Doing it again changes nothing."""
    for upload_id, attempt in args["uploads"]:
        storage.get().discard(key_of(UUID(upload_id), attempt))
