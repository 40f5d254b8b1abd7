"""`fastpix up`: starts web server, worker and live ingest, starts again which of them dies, and ends them together."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType
from uuid import UUID

from fastpix import instance_lock, logs
from fastpix.errors import Misconfigured
from fastpix.setting_kinds import OFF
from fastpix.settings import Settings

GRACE_SECONDS = 10.0
# A program that died is started again after a moment; one that dies again and again takes everything with it.
PAUSE_SECONDS = 0.5
MOST_DEATHS, DEATHS_WITHIN = 3, 60.0
QUICK_THREADS = 2  # a mail server that does not answer must not hold up everything else
NOTIFYING_THREADS = 2  # nor a receiver of webhooks that takes its ten seconds
INCOMING_THREADS = 3  # nor may three slow downloads hold up processing
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

log = logging.getLogger(__name__)
Commands = Mapping[str, Sequence[str]]


def up(settings: Settings, *, before: Callable[[], None] = lambda: None) -> int:
    """Run web server, worker and live ingest until a signal, or until one of them dies too often. The exit code.

    `before` prepares the instance, once it is sure that nobody else runs it.
    """
    with _only_one(settings.instance_path):
        _require_free(settings.bind)
        commands: dict[str, Sequence[str]] = {"web server": web_command(settings)}
        commands["worker"] = (sys.executable, "-m", "fastpix.cli", "worker")
        for setting, address in (("LIVE_BIND", settings.live_bind), ("LIVE_CALLBACKS", settings.live_callbacks)):
            if address != OFF:
                _require_free(address, setting)
                commands["live ingest"] = (sys.executable, "-m", "fastpix.cli", "live")
        instance_lock.share(settings.instance_path)
        before()
        logs.configure(settings.log_level, settings.log_format)
        os.environ["FASTPIX_INSTANCE_PATH"] = str(settings.instance_path)  # the children must mean the same instance
        return supervise(commands)


def live(settings: Settings) -> int:
    """Take live streams in until SIGTERM or SIGINT. Returns the exit code."""
    from fastpix.app import create_app
    from fastpix.live import ingest

    if settings.live_bind == OFF and settings.live_callbacks == OFF:
        raise Misconfigured("FASTPIX_LIVE_BIND and FASTPIX_LIVE_CALLBACKS are both off: there is nothing to take in.")
    logs.configure(settings.log_level, settings.log_format)
    instance_lock.share(settings.instance_path)
    return ingest.run(create_app(settings), settings)


def web(settings: Settings) -> None:
    """Become the web server: this process is replaced by gunicorn."""
    _require_free(settings.bind)
    os.execv(sys.executable, web_command(settings))


def web_command(settings: Settings, application: str = "fastpix.app:create_app()") -> list[str]:
    """The command line of gunicorn."""
    options = {
        "--config": "python:fastpix.gunicorn_config",
        "--workers": settings.web_workers,
        "--threads": settings.web_threads,
        "--worker-class": "gthread",
        "--worker-connections": 512,
        "--graceful-timeout": 20,
        "--bind": settings.bind,
        "--log-level": settings.log_level,
    }
    pairs = [str(part) for pair in options.items() for part in pair]
    # Without this flag gunicorn opens a socket for commands in the home folder.
    return [sys.executable, "-m", "gunicorn", *pairs, "--no-control-socket", application]


def worker(settings: Settings) -> int:
    """Run jobs in the foreground until SIGTERM or SIGINT; the jobs in hand are finished. Returns the exit code."""
    from fastpix import resources
    from fastpix.app import create_app
    from fastpix.jobs import worker as jobs

    app = create_app(settings)
    logs.configure(settings.log_level, settings.log_format)
    instance_lock.share(settings.instance_path)
    stop = threading.Event()
    # The main thread never waits on `stop`: a signal handler that sets an event its own thread waits on can hang.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    lanes = [
        (resources.QUICK, QUICK_THREADS),
        (resources.INCOMING, INCOMING_THREADS),
        (resources.NOTIFYING, NOTIFYING_THREADS),
        (resources.TRANSCODING, settings.transcode_jobs),
    ]
    options = {"scope": scope, "lease": timedelta(seconds=settings.job_lease_seconds)}
    threads = [
        threading.Thread(target=jobs.run, args=(app, lane, stop), kwargs={"periodic": {}, **options})
        for lane, count in lanes
        for _ in range(count)
    ]
    for periodic in _periodic():
        threads.append(threading.Thread(target=jobs.run, args=(app, {}, stop), kwargs={"periodic": periodic}))
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads):
        time.sleep(0.1)
    is_asked = stop.is_set()
    stop.set()
    for thread in threads:
        thread.join()
    return 0 if is_asked else 1


def _periodic() -> list[Mapping[Callable[[], object], float]]:
    """What the worker does every so many seconds, by threads: broadcasts never wait for anything else."""
    from fastpix import once
    from fastpix.accounts import devices, recovery, sessions
    from fastpix.jobs import worker as jobs
    from fastpix.mail import outbox
    from fastpix.resources.access_review import reminders
    from fastpix.resources.audit import retention
    from fastpix.resources.live_streams import housekeeping as live
    from fastpix.resources.live_streams import viewers
    from fastpix.resources.media import housekeeping, uploads
    from fastpix.resources.usage import summary
    from fastpix.resources.webhooks import events

    pruning: dict[Callable[[], object], float] = {once.prune: 3600, sessions.prune: 3600, recovery.prune: 3600}
    pruning |= {events.prune: 3600, devices.prune: 86400, viewers.prune: 86400}
    counting: dict[Callable[[], object], float] = {summary.measure: 3600, summary.add_up: 60, summary.roll: 3600}
    return [
        {
            **jobs.PERIODIC,
            **pruning,
            **counting,
            outbox.prune: 86400,
            uploads.expire: 60,
            retention.expire: 3600,
            reminders.remind: 3600,
            housekeeping.sweep: 20,
        },
        {live.sweep: 1, live.tidy: 20, viewers.sample: 60},
    ]


def scope(organization_id: UUID | None) -> AbstractContextManager[object]:
    """A job acts as the worker, within the organization its row names."""
    from fastpix.access import principal

    return principal.acting(principal.system("worker", organization_id))


def supervise(commands: Commands, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Run the commands until a signal (0). One that ends by itself is started again; too often, and all ends (1)."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            children[name] = _start(command)
        return _watch(commands, children, signals)
    finally:
        _stop_all(list(children.values()), signals, grace_seconds)
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(commands: Commands, children: dict[str, subprocess.Popen[bytes]], signals: list[int]) -> int:
    """Start again what ends by itself, until a signal (0) or until one has died too often (1)."""
    deaths: dict[str, list[float]] = {name: [] for name in commands}
    while not signals:
        for name, child in list(children.items()):
            # The second look is for a Ctrl-C that reached the child first.
            if child.poll() is None or signals:
                continue
            _kill_group(child)  # workers of a killed gunicorn hold its port
            end = _ending(child.returncode)
            lately = [at for at in deaths[name] if time.monotonic() - at < DEATHS_WITHIN]
            deaths[name] = [*lately, time.monotonic()]
            if len(deaths[name]) > MOST_DEATHS:
                log.error("the %s %s, as it did %d times before; stopping everything.", name, end, MOST_DEATHS)
                return 1
            log.warning("the %s %s; starting it again.", name, end)
            time.sleep(PAUSE_SECONDS)
            children[name] = _start(commands[name])
        time.sleep(0.1)
    return 0


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """The group outlives its first process: workers of a killed gunicorn, or a job's ffmpeg."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    # A process group of its own: the terminal's Ctrl-C comes to the supervisor alone, which then stops in order.
    return subprocess.Popen(
        command,
        process_group=0,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent),  # noqa: PLW1509  # no thread runs yet
    )


def die_with_parent(number: int, parent: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies, be it by SIGKILL. Linux only.

    Takes hold for the thread that started the process: start children from the main thread.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def _stop_all(children: Iterable[subprocess.Popen[bytes]], signals: list[int], grace_seconds: float) -> None:
    """Ask the children to end, wait, then kill what is left of their groups. A second signal ends the waiting."""
    asked = len(signals)
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    end = time.monotonic() + grace_seconds
    while any(child.poll() is None for child in running) and time.monotonic() < end and len(signals) <= max(asked, 1):
        time.sleep(0.05)
    for child in children:
        _kill_group(child)
        child.wait()


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended by itself (exit code {code})"


@contextmanager
def _only_one(instance: Path) -> Iterator[None]:
    """Hold the instance's lock. The kernel gives it back whatever way this process ends."""
    instance.mkdir(parents=True, exist_ok=True)
    with (instance / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Misconfigured(
                f"fastpix is already running on this instance (process {file.read().strip() or 'unknown'}). "
                "Stop it first, or set FASTPIX_INSTANCE_PATH to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _require_free(bind: str, setting: str = "BIND") -> None:
    """Raise `Misconfigured` if the address cannot be listened on; gunicorn would retry and bury the reason."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            reason = f"is used by another program. Stop that, or set FASTPIX_{setting} to another address"
        else:
            reason = f"cannot be listened on: {problem.strerror}. Set FASTPIX_{setting} to another address"
        raise Misconfigured(f"{bind} {reason}.") from None
