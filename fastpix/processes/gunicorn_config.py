"""What gunicorn needs beyond its command line: a log without secrets, and workers that die with their master."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import shutil
import signal
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn ships no types

from fastpix.config import instance_lock, settings
from fastpix.monitoring import logs
from fastpix.monitoring.logs import mask
from fastpix.processes.fork import die_with_parent

# Where workers keep their counts for `/metrics`; the name is prometheus_client's.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METRICS = "fastpix-metrics-"

accesslog = "-"
access_log_format = (
    '%(t)s %(h)s "%(r)s" %(s)s %(b)s %(M)sms request=%({x-request-id}o)s token=%({fastpix.token_id}e)s "%(f)s" "%(a)s"'
)


class _Masking(logging.Filter):
    """Masks gunicorn's own error lines, which name the path of the request at fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(mask(value) if isinstance(value, str) else value for value in record.args)
        return True


class MaskingLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's logger, with request line, path, query and referrer masked; or one JSON object for a request.

    The objects name the route's rule in place of the path, and go to standard error with all other lines.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        given = settings.load()
        logs.configure(given.log_level, given.log_format)
        self.writes_objects = given.log_format == logs.JSON
        if self.writes_objects:
            self.error_log.setLevel(max(logging.INFO, self.loglevel))  # its details are paths as they were typed
            for handler in (*self.error_log.handlers, *self.access_log.handlers):
                handler.setFormatter(logs.Objects())
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(sys.stderr)
        if not any(isinstance(present, _Masking) for present in self.error_log.filters):
            self.error_log.addFilter(_Masking())

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        # One look over all of them: most requests hold no secret, and seventy looks cost as much as sending a segment.
        if not logs.PATHS.search("\n".join(value for value in found.values() if isinstance(value, str))):
            return found
        return {name: mask(value) if isinstance(value, str) else value for name, value in found.items()}

    def access(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> None:
        if not self.writes_objects:
            super().access(resp, req, environ, request_time)
            return
        # What did not come as far as the application has no rule; its path stays unsaid.
        facts = {"method": environ.get("REQUEST_METHOD", ""), "rule": ""} | environ.get("fastpix.facts", {})
        facts |= {
            "status": int(str(resp.status).split(None, 1)[0]),
            "duration_ms": round(request_time.total_seconds() * 1000, 1),
            "bytes": getattr(resp, "sent", None),
            "address": environ.get("REMOTE_ADDR", ""),
        }
        self.access_log.info("request", extra={"facts": facts})


logger_class = MaskingLogger


def on_starting(server: Any) -> None:
    """The master uses the instance for all its workers: no backup is put back meanwhile.

    It imports what they need, once: they share the memory and start at once. Only modules: the application itself, with
    its connections, is each worker's own.
    """
    given = settings.load()
    instance_lock.share(given.instance_path)
    os.environ.pop(FOLDER, None)
    if given.metrics_key:
        _sweep()
        os.environ[FOLDER] = tempfile.mkdtemp(prefix=f"{METRICS}{os.getpid()}-")  # before prometheus_client is loaded
    if str(server.app.app_uri).startswith("fastpix."):
        importlib.import_module("fastpix.app")
        gc.collect()
        gc.freeze()  # a collection would write to every object, and so copy the pages


def _sweep() -> None:
    """Remove the folders of masters that were killed: each server's counts take some megabytes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{METRICS}*"):
        process = folder.name.removeprefix(METRICS).partition("-")[0]
        if process.isdecimal() and not _lives(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True


def child_exit(_server: Any, worker: Any) -> None:
    """What a dead worker counted stays counted; what it held, it holds no more."""
    if FOLDER in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library's own


def on_exit(_server: Any) -> None:
    if folder := os.environ.get(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def post_fork(server: Any, _worker: Any) -> None:
    """A worker whose master was killed would serve on, unwatched, for as long as its requests hang."""
    die_with_parent(signal.SIGKILL, server.pid)


def worker_exit(_server: Any, _worker: Any) -> None:
    """A worker that ends in order leaves nothing uncounted."""
    from fastpix.delivery import metering  # the master needs none of it

    metering.write_now()
