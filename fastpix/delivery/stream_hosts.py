"""Playlists and pictures on hosts of their own: there the same addresses stand at the root, and nothing else exists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def names(settings: Settings) -> dict[str, str]:
    """Host name -> the path that its root stands for. Raises `Misconfigured` where one host would be two things."""
    paths: dict[str, str] = {}
    for setting, url, path in (
        ("STREAM_URL", settings.stream_url, "/stream"),
        ("IMAGES_URL", settings.images_url, "/images"),
    ):
        host = urlsplit(url).hostname
        if not host:
            continue
        if host == settings.host or host in paths:
            raise Misconfigured(f"FASTPIX_{setting}={url}: give a host name that nothing else of this server has.")
        paths[host] = path
    return paths


class StreamHosts:
    """WSGI middleware: puts `/stream` or `/images` before the path of a request to such a host. Ports do not count."""

    def __init__(self, application: WSGIApplication, settings: Settings) -> None:
        self._application, self._names = application, names(settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").lower().partition(":")[0].rstrip(".")
        if before := self._names.get(host):
            environ["PATH_INFO"] = f"{before}/{environ.get('PATH_INFO', '').lstrip('/')}"
        return self._application(environ, start_response)
