"""Files that come by a plain form: only for pages that take them, only from those who may, spooled beside the storage."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, current_app, request

from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.storage import room
from fastpix.storage.failing import saying
from fastpix.web.composed_request import ComposedRequest
from fastpix.web.pages import guard

# What the other fields of the form may weigh.
_FIELDS = 1024 * 1024


class FileRequest(ComposedRequest):
    """A request whose large files lie in the instance, since the system's temporary folder may be memory."""

    folder: Path | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return cast("IO[bytes]", _Spool(max_size=1 << 20, dir=str(self.folder) if self.folder else None))


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    """Leaves the reserve of a disk alone, and says of one that does not take it what the storage would say.

    A small file stays in memory: what is wrong with the disk is then said by the form, with all that was typed.
    """

    _is_on_disk = False

    def rollover(self) -> None:
        self._is_on_disk = True
        with saying():
            super().rollover()

    def write(self, data: Any) -> int:
        if self._is_on_disk:
            room.check_work(len(data))
        with saying():
            return super().write(data)


def install(app: Flask, settings: Settings) -> None:
    """Let the pages that take files be sent large bodies. Must be called before anything reads a form."""

    class Here(FileRequest):
        folder = settings.storage_path / ".work"

    app.request_class = Here

    @app.before_request
    def admit() -> None:
        view: Any = current_app.view_functions.get(request.endpoint or "")
        if request.method == "POST" and getattr(view, "takes_files", False):
            guard(view.action)  # who may not is refused before a byte of the file is read
            db.session.rollback()  # and no transaction waits while it comes
            request.max_content_length = settings.upload_limit + _FIELDS
