"""The hooks of nginx-rtmp (`on_publish`, `on_update`, `on_publish_done`): a small HTTP server for this machine alone.

It is no part of the web server, so that nobody on the internet can ask. Form and answers:
https://github.com/arut/nginx-rtmp-module/wiki/Directives#notify
"""

from __future__ import annotations

import asyncio
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from fastpix.live.nginx_relay import Relays
from fastpix.live.publishers import APPLICATION
from fastpix.resources.live_streams.connections.domain import IS_TAKEN, NotAdmitted

log = logging.getLogger(__name__)
LONGEST_BODY = 16 * 1024
ANSWER_SECONDS = 10.0


class HookServer:
    """The server. `relays` lives in `loop`; requests are answered in threads of their own."""

    def __init__(self, relays: Relays, loop: asyncio.AbstractEventLoop, host: str, port: int) -> None:
        self._server = ThreadingHTTPServer(
            (host, port), type("HookHandler", (HookHandler,), {"relays": relays, "loop": loop})
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="live-callbacks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class HookHandler(BaseHTTPRequestHandler):
    """One call. The key is in its body: nothing of that is logged."""

    relays: Relays
    loop: asyncio.AbstractEventLoop
    timeout = 10
    server_version, sys_version = "fastpix", ""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self._answer(413)
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        fields = {name: values[0] for name, values in form.items()}
        try:
            future = asyncio.run_coroutine_threadsafe(self._decide(fields), self.loop)
            self._answer(*future.result(ANSWER_SECONDS))
        except Exception:
            log.exception("live.callback_failed call=%s", fields.get("call", "")[:20])
            self._answer(500)

    async def _decide(self, fields: dict[str, str]) -> tuple[int, str]:
        """The status, and for a publisher that is let in the name it goes by from here on: never its key."""
        client, call = fields.get("clientid", ""), fields.get("call", "")
        if call == "publish":
            if fields.get("app") != APPLICATION:
                return 403, ""
            try:
                return 302, await self.relays.publish(client, fields.get("name", ""), fields.get("addr", ""))
            except NotAdmitted as problem:
                return (409 if str(problem) == IS_TAKEN else 403), ""
        if call == "update_publish":
            return (204 if self.relays.update(client) else 403), ""
        if call == "update_play":
            return 204, ""  # that is ourselves: the configuration lets nobody else play
        if call == "publish_done":
            self.relays.done(client)
            return 204, ""
        return 404, ""

    def _answer(self, status: int, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: `publishers` logs everybody."""
