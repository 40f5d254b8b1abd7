"""What the API takes and tells of the files for download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastpix.resources.media.downloads import rules
from fastpix.web import clients
from fastpix.web.api import Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.media.models import Downloads

# From which version on a client reads a list of files where FastPix's service, and every other one, has the setting.
READ_FILES: dict[str, tuple[int, int, int]] = {"python": (1, 1, 5), "java": (1, 0, 4)}


class Mp4SupportIn(Wire):
    mp4_support: Literal["none", "capped_4k", "audioOnly", "audioOnly,capped_4k"]


class Mp4Out(Sparse):
    type: str
    status: str
    ext: str
    width: int | None = None
    height: int | None = None


def for_client(setting: str, files: Downloads) -> str | list[dict[str, Any]] | None:
    """`mp4Support` as the client that asks can read it: of the other form it loses the whole answer."""
    client = clients.asking()
    if client is not None and client.version >= READ_FILES.get(client.language, (10_000, 0, 0)):
        return as_wire(files) or None
    return setting or None


def as_wire(files: Downloads) -> list[dict[str, Any]]:
    """The files as the wire has them, in the order of their names."""
    return [
        {
            "type": rules.KINDS[name][0],
            "ext": rules.KINDS[name][1],
            "status": file["status"],
            "width": file.get("width"),
            "height": file.get("height"),
        }
        for name, file in sorted(files.items())
    ]
