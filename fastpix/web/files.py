"""Files that come by a plain form: only for pages that take them, only from those who may, spooled beside the storage."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, Request, current_app, request

from fastpix.db import db
from fastpix.settings import Settings
from fastpix.web.resource import guard

# What the other fields of the form may weigh.
_FIELDS = 1024 * 1024


class FileRequest(Request):
    """A request whose large files lie in the instance, since the system's temporary folder may be memory."""

    folder: Path | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        return cast(
            "IO[bytes]", tempfile.SpooledTemporaryFile(max_size=1 << 20, dir=str(self.folder) if self.folder else None)
        )


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
