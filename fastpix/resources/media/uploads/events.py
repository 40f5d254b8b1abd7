"""Events of uploads for webhooks: the upload as the API shows it to those who may only look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastpix.resources.media.events import OBJECT, SHOWN_TO
from fastpix.resources.media.uploads import schemas
from fastpix.resources.media.uploads.models import Upload, UploadRow
from fastpix.resources.webhooks import events


def upload(upload: Upload, name: str, row: Callable[[], UploadRow]) -> None:
    """Tell of what happened to an upload, such as "media.upload", in the running transaction."""

    def data() -> dict[str, Any]:
        return events.as_shown(SHOWN_TO, schemas.UploadOut, lambda: schemas.as_wire(row()))

    events.emit(f"video.{name}", OBJECT, upload.id, upload.status, data, upload.workspace_id)
