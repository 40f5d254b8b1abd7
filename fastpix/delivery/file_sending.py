"""Sends a stored object to a viewer: type, range, validator, cache headers; the bytes by the shortest way there is."""

from __future__ import annotations

import io
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from flask import Response, request
from werkzeug.wsgi import wrap_file

from fastpix.config import instance
from fastpix.delivery.ttl_cache import TtlCache
from fastpix.errors import Missing, StorageFailed
from fastpix.storage import instance as storage
from fastpix.storage.failing import saying

TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "vtt": "text/vtt; charset=utf-8",
}
# For a server without sendfile: large enough for few system calls.
READ_SIZE = 256 * 1024
GONE = "This is not there any more."


def _locate(key: str) -> tuple[Path | None, int]:
    path = storage.get().local_path(key)
    return path, storage.get().size(key)


# An object never changes under its key. Looking again costs a fifth of a request on the local disk, and a trip to S3.
_located: TtlCache[str, tuple[Path | None, int]] = TtlCache(_locate, seconds=60, most=4096)


class _FileRange(io.FileIO):
    """A part of a file. A WSGI server takes it by its descriptor (sendfile starts where it stands) or reads it."""

    def __init__(self, path: Path, start: int, length: int) -> None:
        super().__init__(path)
        self.seek(start)
        self._end = start + length

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._end - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""


def size(key: str) -> int:
    """Bytes of the object under a storage key, as far as known. Raises `Missing`."""
    return _located.get(key)[1]


def send(key: str, cache_control: str) -> Response:
    """The object under a storage key. Raises `Missing`."""
    path, size = _located.get(key)
    # The internal nginx location over the media folder; empty: the application sends.
    if path is not None and (prefix := instance.settings().accel_prefix):
        return _response(key, cache_control, ("X-Accel-Redirect", prefix + key))
    return _respond(key, size, cache_control, path)


def send_file(path: Path, name: str, cache_control: str) -> Response:
    """A file of this machine. `name` says what it is, for its type, and changes when its content does."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise Missing(GONE) from None
    return _respond(name, size, cache_control, path)


def _respond(key: str, size: int, cache_control: str, path: Path | None) -> Response:
    tag = blake2b(f"{key}:{size}".encode(), digest_size=12).hexdigest()
    headers = [("ETag", f'"{tag}"'), ("Accept-Ranges", "bytes")]
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(tag):
        return _response(key, cache_control, *headers, status=304)
    part = _byte_range(size, tag)
    if part is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, end, status = part
    if status == 206:
        headers.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
    headers.append(("Content-Length", str(end - start)))
    # No range where all is wanted: some S3 servers (rclone's) answer such a range with the whole, which is refused then.
    length = None if path is None and (start, end) == (0, size) else end - start
    body = () if request.method == "HEAD" else _body(key, start, length, path)
    return _response(key, cache_control, *headers, status=status, body=body)


def _byte_range(size: int, tag: str) -> tuple[int, int, int] | None:
    """First byte, end and status. None: the range lies outside. Several ranges at once get the whole (RFC 9110, 14.2)."""
    requested = request.range if "HTTP_RANGE" in request.environ else None
    if requested is None or requested.units != "bytes" or len(requested.ranges) != 1:
        return 0, size, 200
    if "If-Range" in request.headers and request.if_range.etag != tag:
        return 0, size, 200
    first, _ = requested.ranges[0]
    if first is not None and first < -size < 0:  # more of its end than there is: all of it (RFC 9110, 14.1.2)
        return 0, size, 206
    bounds = requested.range_for_length(size)
    return None if bounds is None else (bounds[0], bounds[1], 206)


def _body(key: str, start: int, length: int | None, path: Path | None) -> Iterable[bytes]:
    if path is None or length is None:
        return storage.get().read(key, start, length)
    try:
        with saying():
            return wrap_file(request.environ, _FileRange(path, start, length), READ_SIZE)
    except StorageFailed:
        storage.get().size(key)  # raises `Missing` where only this one is gone
        raise


def _response(
    key: str, cache_control: str, *headers: tuple[str, str], status: int = 200, body: Iterable[bytes] = ()
) -> Response:
    all_headers = [("Content-Type", TYPES[key.rpartition(".")[2]]), ("Cache-Control", cache_control), *headers]
    return Response(body, status, all_headers, direct_passthrough=True)
