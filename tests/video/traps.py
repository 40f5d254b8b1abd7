"""What notices an attack that works: files that tell when they are opened, a listener that counts connections."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from tests.video.clips import H264, picture

IN_OPEN, IN_NONBLOCK = 0x20, os.O_NONBLOCK  # linux/inotify.h


class Secrets:
    """Media files (other formats do not interest ffmpeg) and a key. `opened()` says whether one was, since last asked.

    The watch is on the files and not on their folder, so it sees a way in through a link as well.
    """

    def __init__(self, folder, make_clip):
        self.folder = folder
        media = make_clip("secret.ts", *picture(seconds=1), *H264)
        for name in ("secret.ts", "secret.mp4", "secret.m4s", "secret.sub"):
            shutil.copy(media, folder / name)
        (folder / "secret.key").write_bytes(b"0123456789abcdef")
        (folder / "secret.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")
        self.media = folder / "secret.ts"
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(IN_NONBLOCK)
        for path in folder.iterdir():
            assert libc.inotify_add_watch(self._descriptor, bytes(path), IN_OPEN) >= 0, ctypes.get_errno()

    def opened(self):
        """The kernel has noted an opening before `open` returns, so nothing has to be waited for."""
        try:
            return bool(os.read(self._descriptor, 1 << 16))
        except BlockingIOError:
            return False

    def close(self):
        os.close(self._descriptor)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args): ...


class _Counting(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def verify_request(self, request, client_address):
        self.connections += 1
        return True

    def handle_error(self, request, client_address): ...  # who only connects and leaves is counted, that is all


class Listener:
    def __init__(self, folder):
        self._server = _Counting(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        self.port = self._server.server_address[1]
        self._own = 0
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def strangers(self):
        """How many connected since last asked. A connection of our own goes last: those before it are counted then."""
        before = self._own
        with socket.create_connection(("127.0.0.1", self.port)) as ours:
            ours.sendall(b"GET /nothing HTTP/1.0\r\n\r\n")
            while ours.recv(4096):
                pass
        self._own = self._server.connections
        return self._own - before - 1

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
