"""What gunicorn needs beyond its command line: a log without secrets, and workers that die with their master."""

from __future__ import annotations

import gc
import importlib
import logging
import re
import signal
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn ships no types

from fastpix import instance_lock, settings
from fastpix.supervisor import die_with_parent

# One-time links, playback tokens in a query and signed prefixes are as good as a password to whoever reads the log.
_SECRETS = re.compile(
    r"(?P<before>/(?:i|reset|email)/|/m/[1-9][0-9]*/[^/?\s]+/|[?&](?:token|upload_id|signature)=)[^/?&#\s\"']+"
)

accesslog = "-"
access_log_format = (
    '%(t)s %(h)s "%(r)s" %(s)s %(b)s %(M)sms request=%({x-request-id}o)s token=%({fastpix.token_id}e)s "%(f)s" "%(a)s"'
)


def mask(text: str) -> str:
    """The text with the secrets in its paths replaced."""
    return _SECRETS.sub(r"\g<before>***", text)


class _Masking(logging.Filter):
    """Masks gunicorn's own error lines, which name the path of the request at fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(mask(value) if isinstance(value, str) else value for value in record.args)
        return True


class MaskingLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's logger, with request line, path, query and referrer masked."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if not any(isinstance(present, _Masking) for present in self.error_log.filters):
            self.error_log.addFilter(_Masking())

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        # One look over all of them: most requests hold no secret, and seventy looks cost as much as sending a segment.
        if not _SECRETS.search("\n".join(value for value in found.values() if isinstance(value, str))):
            return found
        return {name: mask(value) if isinstance(value, str) else value for name, value in found.items()}


logger_class = MaskingLogger


def on_starting(server: Any) -> None:
    """The master uses the instance for all its workers: no backup is put back meanwhile.

    It imports what they need, once: they share the memory and start at once. Only modules: the application itself, with
    its connections, is each worker's own.
    """
    instance_lock.share(settings.load().instance_path)
    if str(server.app.app_uri).startswith("fastpix."):
        importlib.import_module("fastpix.app")
        gc.collect()
        gc.freeze()  # a collection would write to every object, and so copy the pages


def post_fork(server: Any, _worker: Any) -> None:
    """A worker whose master was killed would serve on, unwatched, for as long as its requests hang."""
    die_with_parent(signal.SIGKILL, server.pid)
