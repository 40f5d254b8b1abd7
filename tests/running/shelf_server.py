"""A plain web server on loopback that holds files, for media that are fetched from an address."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


def files_at(folder: Path):
    """The address under which the files of a folder can be fetched."""
    return serving(functools.partial(_Quiet, directory=str(folder)))


@contextmanager
def serving(handler: Callable[..., http.server.BaseHTTPRequestHandler]):
    """The address of a server that answers with this handler."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
