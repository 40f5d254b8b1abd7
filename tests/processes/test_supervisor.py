"""`fastpix up` for real: real gunicorn, real signals, and a look at the process table afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from fastpix.config import instance_lock, srt_library
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.errors import Misconfigured
from fastpix.processes import fork, gunicorn_config, programs, supervisor
from tests.world import test_settings as settings_for

STUB = """
import time
def app(environ, start_response):
    environ["fastpix.token_id"] = "token-7"
    if environ["PATH_INFO"] == "/hang":
        open(environ["QUERY_STRING"], "w").close()
        time.sleep(120)
    start_response("200 OK", [("X-Request-Id", "request-7"), ("Content-Length", "2")])
    return [b"ok"]
"""
CHILD = """
import sys
import time
from fastpix.processes import programs, supervisor
from fastpix.config.settings import Settings
settings = Settings(bind=sys.argv[1], web_workers=2, web_threads=4)
web = lambda: programs.web(settings, "stub:app")
worker = lambda: time.sleep(float(sys.argv[2]))
sys.exit(supervisor.supervise({"web server": web, "worker": worker}))
"""


# Seconds, above those that gunicorn gives its workers: one that is just being made may miss the first signal.
ENDED = programs.GRACEFUL_SECONDS + 15


@pytest.fixture
def address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def launch(tmp_path, address, eventually):
    """Start a supervisor with gunicorn and a stand-in for the worker; whatever is left is killed at the end."""
    (tmp_path / "stub.py").write_text(STUB)
    started = []

    def start(worker_seconds=600):
        environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"}
        with (tmp_path / "log").open("w") as log:
            command = [sys.executable, "-c", CHILD, address, str(worker_seconds)]
            child = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        started.append(child)
        eventually(lambda: answers(address), 30)
        family = eventually(lambda: found if len(found := psutil.Process(child.pid).children(True)) >= 4 else None)
        started.extend(family)
        return child, family

    yield start
    for process in started:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            process.kill()
    started[0].wait() if started else None


def answers(address, path="/"):
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"http://{address}{path}", timeout=5) as got:
        return got.status == 200
    return False


def gone(processes):
    return all(not p.is_running() or p.status() == psutil.STATUS_ZOMBIE for p in processes)


def all_gone(processes):
    with suppress(psutil.NoSuchProcess):
        return gone(processes)
    return False


def master(family):
    return next(p for p in family if "gunicorn" in " ".join(p.cmdline()) and p.children())


@pytest.mark.full("starts all programs, and ends them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(launch, eventually, number):
    child, family = launch()
    child.send_signal(number)
    assert child.wait(ENDED) == 0
    eventually(lambda: all_gone(family))


@pytest.mark.full("starts all programs, and ends them")
def test_under_nohup_a_closed_terminal_ends_nothing(launch, eventually, address):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup hands it on
    try:
        child, family = launch()
    finally:
        signal.signal(signal.SIGHUP, before)
    (worker,) = [each for each in family if "fastpix worker" in " ".join(each.cmdline())]
    assert ignores_hang_up(child.pid) and ignores_hang_up(worker.pid)
    child.send_signal(signal.SIGTERM)
    assert child.wait(ENDED) == 0
    eventually(lambda: all_gone(family))


def ignores_hang_up(pid):
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigIgn:")]
    return bool(int(line.split()[1], 16) & 1 << (signal.SIGHUP - 1))


@pytest.mark.full("starts all programs, and ends them")
def test_a_killed_supervisor_leaves_nothing_running(launch, eventually):
    child, family = launch()
    child.kill()
    child.wait()
    eventually(lambda: all_gone(family))


@pytest.mark.full("starts all programs, and ends them")
def test_a_killed_gunicorn_takes_its_workers_along_and_is_started_again(launch, eventually, tmp_path, address):
    child, family = launch()
    hanging = subprocess.Popen(
        [sys.executable, "-c", f"import urllib.request as u; u.urlopen('http://{address}/hang?{tmp_path}/hangs')"],
        stderr=subprocess.DEVNULL,
    )
    eventually((tmp_path / "hangs").exists)
    first = master(family)
    workers = first.children()
    first.kill()
    eventually(lambda: all_gone([first, *workers]))
    eventually(lambda: answers(address), 20)
    assert child.poll() is None
    hanging.wait(10)
    assert "the web server was killed by SIGKILL; starting it again." in (tmp_path / "log").read_text()
    child.send_signal(signal.SIGINT)
    assert child.wait(ENDED) == 0


@pytest.mark.full("starts all programs, and ends them")
def test_a_gunicorn_killed_together_with_its_supervisor_leaves_nothing_either(launch, eventually):
    child, family = launch()
    os.kill(child.pid, signal.SIGSTOP)  # so that it cannot tidy up
    master(family).kill()
    child.kill()
    child.wait()
    eventually(lambda: all_gone(family))


@pytest.mark.full("starts all programs, and ends them")
def test_a_worker_that_ends_again_and_again_stops_everything(launch, eventually, tmp_path):
    child, family = launch(worker_seconds=1)
    assert child.wait(30) == 1
    eventually(lambda: all_gone(family))
    text = (tmp_path / "log").read_text()
    assert text.count("the worker ended by itself (exit code 0); starting it again.") == 3
    assert "the worker ended by itself (exit code 0), as it did 3 times before; stopping everything." in text


@pytest.mark.full("starts all programs, and ends them")
def test_the_access_log_names_request_and_token_and_no_secret(launch, tmp_path, address, eventually):
    launch()
    for path in ("/i/secret-1", "/reset/secret-2?x=1", "/email/secret-3", "/v/1.m3u8?a=1&token=secret-4"):
        assert answers(address, path)
    log = tmp_path / "log"
    eventually(lambda: "/v/1.m3u8" in log.read_text())
    text = log.read_text()
    assert "secret-" not in text and "GET /i/*** HTTP/1.1" in text and "/reset/***?x=1" in text
    assert "request=request-7 token=token-7" in text and "/v/1.m3u8?a=1&token=***" in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://h/i/abc", "https://h/i/***"),
        ("/email/abc/confirm", "/email/***/confirm"),
        ("/media/i-am", "/media/i-am"),
        ("GET /reset/a HTTP/1.1", "GET /reset/*** HTTP/1.1"),
    ],
)
def test_secrets_in_addresses_are_masked(text, masked):
    assert gunicorn_config.mask(text) == masked


def test_a_second_up_on_the_same_instance_is_refused(tmp_path):
    settings = Settings(instance_path=tmp_path / "instance")
    with instance_lock.only_supervisor(settings.instance_path):
        expected = rf"already running on this instance \(process {os.getpid()}\)\. Stop it first"
        with pytest.raises(Misconfigured, match=expected):
            supervisor.up(settings)
    with instance_lock.only_supervisor(settings.instance_path):
        pass


def test_a_port_in_use_is_said_in_one_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        settings = Settings(instance_path=tmp_path, bind=bind, live_bind="off")
        with pytest.raises(Misconfigured, match=f"^{bind} is used by another program[^\n]*FASTPIX_BIND"):
            supervisor.up(settings)


@pytest.mark.parametrize("setting", ["live_bind", "live_callbacks"])
def test_a_port_of_live_streams_in_use_names_its_setting(tmp_path, address, setting):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        settings = Settings(**{"instance_path": tmp_path, "bind": address, "live_bind": "off", setting: taken})
        with pytest.raises(Misconfigured, match=f"^{taken} is used by another program[^\n]*FASTPIX_{setting.upper()}"):
            supervisor.up(settings)


def test_the_udp_port_of_srt_in_use_names_its_setting_where_srt_is_listened_for(tmp_path, address, monkeypatch):
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        settings = Settings(instance_path=tmp_path, bind=address, live_bind="off", srt_bind=taken)
        monkeypatch.setattr(srt_library, "load", lambda: object())
        with pytest.raises(Misconfigured, match=f"^{taken} is used by another program[^\n]*FASTPIX_SRT_BIND"):
            supervisor.up(settings)
        monkeypatch.setattr(srt_library, "load", lambda: None)
        monkeypatch.setattr(supervisor, "supervise", lambda chosen: 7 if "live ingest" not in chosen else 8)
        assert supervisor.up(settings) == 7


@pytest.mark.parametrize(("bind", "live", "is_refused"), [
    ("127.0.0.1:{}", "127.0.0.1:{}", True), ("0.0.0.0:{}", "127.0.0.1:{}", True), ("127.0.0.1:{}", "0.0.0.0:{}", True),
    ("[::]:{}", "127.0.0.1:{}", True), ("localhost:{}", "127.0.0.1:{}", True), ("127.0.0.1:{}", "127.0.0.2:{}", False),
    ("0.0.0.0:{}", "[::1]:{}", False), ("127.0.0.1:{}", "off", False),
])  # fmt: skip
def test_one_port_for_web_and_live_is_refused_before_anything_starts(tmp_path, address, bind, live, is_refused):
    port = address.rpartition(":")[2]
    bind, live = bind.format(port), live.format(port)
    settings = Settings(instance_path=tmp_path, bind=bind, live_bind=live, srt_bind=f"127.0.0.1:{port}")  # that is UDP
    if not is_refused:
        supervisor.require_apart(settings)
        return
    with pytest.raises(Misconfigured) as problem:
        supervisor.up(settings)
    assert (
        str(problem.value)
        == f"FASTPIX_LIVE_BIND={live} takes the port of FASTPIX_BIND={bind}. Give it a port of its own."
    )


def test_callbacks_have_a_port_of_their_own_too(tmp_path, address):
    with pytest.raises(Misconfigured, match=r"^FASTPIX_LIVE_CALLBACKS=.* FASTPIX_LIVE_BIND="):
        supervisor.up(Settings(instance_path=tmp_path, bind="127.0.0.1:9", live_bind=address, live_callbacks=address))


PREPARING = """
import sys
import time
from fastpix.processes import fork
def prepare():
    try:
        print("preparing", flush=True)  # in here: the interrupt may come before the next line
        time.sleep(60)
    finally:
        print("cleaning up", flush=True)
        time.sleep(60)
sys.exit(fork.apart(prepare))
"""


def test_two_interrupts_while_the_instance_is_prepared_end_it_without_a_traceback():
    with subprocess.Popen(
        [sys.executable, "-c", PREPARING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout.readline() == "preparing\n"
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody hears it
            assert process.stdout.readline() == "cleaning up\n"
            # Once more where nothing comes of it: one that comes before the first was looked at is one with it, for the system.
            for _ in range(3):
                os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                    break
            assert process.returncode == fork.INTERRUPTED
            assert process.stderr.read() == ""
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_an_address_of_another_machine_is_said_in_one_line(tmp_path):
    with pytest.raises(Misconfigured, match=r"cannot be listened on: .*FASTPIX_BIND"):
        supervisor.up(Settings(instance_path=tmp_path, bind="192.0.2.1:8000"))


def test_a_preparation_that_fails_is_said_and_starts_nothing(tmp_path, address, caplog, monkeypatch, capfd):
    monkeypatch.setattr(supervisor, "supervise", lambda _chosen: pytest.fail("it began"))
    settings = Settings(instance_path=tmp_path, bind=address, live_bind="off")

    def refused():
        raise Misconfigured("the disk is full")

    assert supervisor.up(settings, before=refused) == 1
    assert capfd.readouterr().err == "fastpix: the disk is full\n"
    assert supervisor.up(settings, before=lambda: os.kill(os.getpid(), signal.SIGKILL)) == 9
    assert "the preparation of the instance was killed by SIGKILL." in caplog.text


def test_a_web_process_that_is_started_again_reads_no_newer_settings(tmp_path, monkeypatch):
    before = settings_for(tmp_path / "instance", invite_days=3)
    monkeypatch.setattr(programs, "_given", before)
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "settings.toml").write_text("invite_days = 9")
    app = programs.application()
    with app.app_context():
        db.engine.dispose()
    assert app.config["FASTPIX"].invite_days == 3


def test_counts_of_killed_masters_are_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(gunicorn_config.tempfile, "gettempdir", lambda: str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"fastpix-metrics-{ended.pid}-a", f"fastpix-metrics-{os.getpid()}-b", "fastpix-metrics-x", "other"]
    for name in names:
        (tmp_path / name).mkdir()
    gunicorn_config._sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
