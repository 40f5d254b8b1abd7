"""`fastpix up`: starts web server, worker and live ingest, starts again which of them dies, and ends them together."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from types import FrameType

from fastpix.config import encoder_addresses, instance_lock
from fastpix.config.parsers import OFF
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured
from fastpix.monitoring import logs
from fastpix.processes import fork, programs
from fastpix.processes.fork import Child

# Longer than gunicorn's own patience with requests, and shorter than systemd's with us.
GRACE_SECONDS = 25.0
# A program that died is started again after a moment; one that dies again and again takes everything with it.
PAUSE_SECONDS = 0.5
MOST_DEATHS, DEATHS_WITHIN = 3, 60.0
TITLES = {"web server": "fastpix web", "worker": "fastpix worker", "live ingest": "fastpix live"}

log = logging.getLogger(__name__)
Programs = Mapping[str, fork.Program]


def up(settings: Settings, *, before: Callable[[], None] = lambda: None) -> int:
    """Run web server, worker and live ingest until a signal, or until one of them dies too often. The exit code.

    `before` prepares the instance, once it is sure that nobody else runs it, in a process of its own.
    """
    with instance_lock.only_supervisor(settings.instance_path):
        require_apart(settings)
        require_free(settings.bind)
        chosen: dict[str, fork.Program] = {
            "web server": lambda: programs.web(settings),
            "worker": lambda: programs.worker(settings),
        }
        for setting, address, kind in (
            ("LIVE_BIND", settings.live_bind, socket.SOCK_STREAM),
            ("LIVE_CALLBACKS", settings.live_callbacks, socket.SOCK_STREAM),
            ("SRT_BIND", encoder_addresses.srt_listening(settings), socket.SOCK_DGRAM),
        ):
            if address != OFF:
                require_free(address, setting, kind)
                chosen["live ingest"] = lambda: programs.live(settings)
        instance_lock.share(settings.instance_path)
        fork.share_memory()
        if code := fork.apart(before):
            if code < 0:
                log.error("the preparation of the instance %s.", _ending(code))
            return abs(code)
        logs.configure(settings.log_level, settings.log_format)
        os.environ["FASTPIX_INSTANCE_PATH"] = str(settings.instance_path)  # the children must mean the same instance
        return supervise(chosen)


def supervise(chosen: Programs, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Run the programs until a signal (0). One that ends by itself is started again; too often, and all ends (1)."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    heard = [n for n in fork.SIGNALS if n != signal.SIGHUP or fork.minds_hang_up()]
    before = {number: signal.signal(number, note) for number in heard}
    running: dict[str, Child] = {}
    try:
        for name, program in chosen.items():
            running[name] = Child(TITLES[name], program)
        return _watch(chosen, running, signals)
    finally:
        _stop_all(list(running.values()), signals, grace_seconds)
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(chosen: Programs, running: dict[str, Child], signals: list[int]) -> int:
    """Start again what ends by itself, until a signal (0) or until one has died too often (1)."""
    deaths: dict[str, list[float]] = {name: [] for name in chosen}
    while not signals:
        for name, child in list(running.items()):
            code = child.ending()
            # The second look is for a Ctrl-C that reached the child first.
            if code is None or signals:
                continue
            child.kill_group()  # workers of a killed gunicorn hold its port
            end = _ending(code)
            lately = [at for at in deaths[name] if time.monotonic() - at < DEATHS_WITHIN]
            deaths[name] = [*lately, time.monotonic()]
            if len(deaths[name]) > MOST_DEATHS:
                log.error("the %s %s, as it did %d times before; stopping everything.", name, end, MOST_DEATHS)
                return 1
            log.warning("the %s %s; starting it again.", name, end)
            time.sleep(PAUSE_SECONDS)
            running[name] = Child(TITLES[name], chosen[name])
        time.sleep(0.1)
    return 0


def _stop_all(running: list[Child], signals: list[int], grace_seconds: float) -> None:
    """Ask the children to end, wait, then kill what is left of their groups. A second signal ends the waiting."""
    asked = len(signals)
    for child in running:
        if child.ending() is None:
            child.ask_to_stop()
    end = time.monotonic() + grace_seconds
    while any(c.ending() is None for c in running) and time.monotonic() < end and len(signals) <= max(asked, 1):
        time.sleep(0.05)
    for child in running:
        child.kill_group()
        child.wait()


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended by itself (exit code {code})"


def require_apart(settings: Settings) -> None:
    """Raise `Misconfigured` where two that listen for TCP would take one port: none has it yet, so each seems free."""
    taken = [("BIND", settings.bind)]
    for name, bind in (("LIVE_BIND", settings.live_bind), ("LIVE_CALLBACKS", settings.live_callbacks)):
        for other, before in taken:
            if bind != OFF and _collide(before, bind):
                raise Misconfigured(
                    f"FASTPIX_{name}={bind} takes the port of FASTPIX_{other}={before}. Give it a port of its own."
                )
        taken.append((name, bind))


def _collide(one: str, other: str) -> bool:
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    if port != other_port:
        return False
    addresses, others = _addresses(host), _addresses(other_host)
    return bool(addresses & others) or any(
        _takes_all(a, others) or _takes_all(b, addresses) for a in addresses for b in others
    )


def _addresses(host: str) -> set[str]:
    """Empty for a name that nobody knows here: that is said by `require_free`."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _takes_all(address: str, others: set[str]) -> bool:
    """Whether a wildcard takes one of these, too. The web server's `::` takes IPv4 besides, as Linux has it."""
    return address == "::" or (address == "0.0.0.0" and any(":" not in other for other in others))  # noqa: S104  # compared


def require_free(bind: str, setting: str = "BIND", kind: socket.SocketKind = socket.SOCK_STREAM) -> None:
    """Raise `Misconfigured` if the address cannot be listened on; gunicorn would retry and bury the reason."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host, int(port), type=kind)[0][0]
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:  # of UDP it would let two programs share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            reason = f"is used by another program. Stop that, or set FASTPIX_{setting} to another address"
        else:
            reason = f"cannot be listened on: {problem.strerror}. Set FASTPIX_{setting} to another address"
        raise Misconfigured(f"{bind} {reason}.") from None
