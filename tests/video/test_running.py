"""Running ffmpeg: what it is allowed, what is told meanwhile, and that it never outlives who started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured
from fastpix.video import launch, run, tools
from fastpix.video.child import ENVIRONMENT, LOG_LINES, LOG_WIDTH, Child
from fastpix.video.datatypes import Failed, Limits, Stopped
from tests.video.clips import H264, picture, tone

LIMITS = Limits(cpu_seconds=20, wall_seconds=40)


@pytest.fixture
def source(make_clip):
    return make_clip("source.mp4", *picture(seconds=3), *tone(3), *H264, "-c:a", "aac")


@pytest.fixture
def endless(source):
    return ["-stream_loop", "-1", *run.HARD, "-i", str(source), "-f", "null", "-"]


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    before = started()
    yield
    assert not [child for child in started() if child not in before]


def started():
    """What this process started and what that did, but for the PostgreSQL of other tests."""
    return [child for child in psutil.Process().children(recursive=True) if "postgres" not in child.name()]


def python(program, folder, limits=LIMITS):
    """Run a piece of Python as the child; gives what it printed, and the child."""
    heard = []
    with Child([sys.executable, "-I", "-S", "-c", textwrap.dedent(program)], folder, limits, heard.append) as child:
        assert child.ended(within=30)
    return heard, child


def test_it_writes_reports_and_says_what_it_cost(each_ffmpeg, source, tmp_path):
    shares, here = [], []

    def report(share):
        shares.append(share)
        here.append(threading.current_thread() is threading.main_thread())

    # Slowed down, since ffmpeg tells every half second how far it is.
    arguments = ["-readrate", "2", *run.HARD, "-i", str(source), *H264, "-threads", "1", "-c:a", "aac", "out.mp4"]
    ran = run.ffmpeg(arguments, folder=tmp_path, planned_seconds=3, limits=LIMITS, report=report)
    assert 0 < ran.cpu_seconds < 20 and ran.log == ()
    assert (tmp_path / "out.mp4").stat().st_size > 1000
    assert len(shares) > 1 and shares == sorted(set(shares)) and shares[-1] == 1.0 and 0 < shares[0] < 1
    assert all(here), "the callbacks may use the database session of their thread"


def test_a_bad_end_is_a_sentence_for_people_and_a_log_for_admins(each_ffmpeg, tmp_path):
    (tmp_path / "text").write_text("not a video")
    with pytest.raises(Failed, match="could not be processed") as failed:
        run.ffmpeg(
            [*run.HARD, "-i", str(tmp_path / "text"), "out.mp4"], folder=tmp_path, planned_seconds=3, limits=LIMITS
        )
    assert str(tmp_path) not in str(failed.value)
    assert any("Invalid data" in line or "whitelist" in line for line in failed.value.log)


def test_an_input_that_is_not_hardened_or_not_by_its_full_path_is_not_read(source, tmp_path):
    for arguments in (
        ["-i", str(source)],
        [*run.HARD, "-i", source.name],
        [*run.HARD, "-i", f"file:{source}"],
        [*run.HARD, "-i", "http://127.0.0.1/x.mp4"],
        [*run.HARD, "-f", "concat", "-i", str(source)],
        [*run.HARD, "-i", str(source), "-i", str(source)],
        ["-protocol_whitelist", "file", "-i", str(source)],
    ):
        with pytest.raises(ValueError, match="an input"):
            run.ffmpeg([*arguments, "out.mp4"], folder=tmp_path, planned_seconds=3, limits=LIMITS)
    assert not (tmp_path / "out.mp4").exists()


def test_work_that_is_called_off_stops_at_once(endless, tmp_path):
    asked = []
    with pytest.raises(Stopped):
        run.ffmpeg(
            endless, folder=tmp_path, planned_seconds=3, limits=LIMITS,
            should_stop=lambda: asked.append(started()) or len(asked) == 3,
        )  # fmt: skip
    assert asked[0], "it was running"


def test_an_error_in_a_callback_stops_it_too(endless, tmp_path):
    def report(_share):
        raise LookupError("the job's row is gone")

    with pytest.raises(LookupError):
        run.ffmpeg(endless, folder=tmp_path, planned_seconds=3, limits=LIMITS, report=report)


def test_it_is_stopped_when_it_takes_too_long(endless, tmp_path):
    with pytest.raises(Failed, match="stopped after 1 seconds"):
        run.ffmpeg(endless, folder=tmp_path, planned_seconds=3, limits=Limits(wall_seconds=1))


def test_it_is_stopped_when_it_stands_still(endless, tmp_path):
    def freeze(_share):
        for process in started():
            if "ffmpeg" in process.name():
                process.suspend()

    limits = Limits(stall_seconds=1, wall_seconds=30)
    with pytest.raises(Failed, match="stood still for 1 seconds"):
        run.ffmpeg(endless, folder=tmp_path, planned_seconds=3, limits=limits, report=freeze)


def test_it_does_not_stand_still_while_its_clock_runs(endless, tmp_path):
    with pytest.raises(Failed, match="takes too long"):
        run.ffmpeg(endless, folder=tmp_path, planned_seconds=3, limits=Limits(stall_seconds=1, wall_seconds=2))


def test_ffmpeg_dies_with_the_worker_that_started_it(source, tmp_path):
    program = f"""
        from pathlib import Path
        from fastpix.video import run
        from fastpix.video.datatypes import Limits
        run.ffmpeg(["-stream_loop", "-1", *run.HARD, "-i", {str(source)!r}, "-f", "null", "-"],
            folder=Path({str(tmp_path)!r}), planned_seconds=3, limits=Limits(), report=lambda share: print(share, flush=True))
    """
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE)
    try:
        assert worker.stdout.readline(), "it runs"
        (child,) = psutil.Process(worker.pid).children(recursive=True)
        assert "ffmpeg" in child.name(), "the launcher has become ffmpeg"
    finally:
        worker.kill()
        worker.communicate()
    try:
        child.wait(timeout=10)
    finally:
        if child.is_running():
            child.kill()


def test_a_launcher_whose_parent_is_gone_starts_nothing(tmp_path):
    command = [
        sys.executable,
        "-I",
        "-S",
        launch.__file__,
        "1",
        "5",
        str(1 << 30),
        "0",
        "/usr/bin/touch",
        str(tmp_path / "x"),
    ]
    assert subprocess.run(command, timeout=10).returncode == 1
    assert not (tmp_path / "x").exists()


def test_the_child_gets_nothing_of_the_worker_but_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTPIX_SECRET_KEY", "do not tell")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        heard, child = python(
            """
            import json, os, resource, signal, sys
            print(json.dumps({
                "environment": dict(os.environ), "folder": os.getcwd(), "input": sys.stdin.read(),
                "open": [int(n) for n in os.listdir("/proc/self/fd")], "session": os.getsid(0) == os.getpid(),
                "umask": os.umask(0), "nice": os.nice(0),
                "limits": [resource.getrlimit(getattr(resource, "RLIMIT_" + n)) for n in ("CPU", "AS", "FSIZE", "NOFILE", "CORE")],
                "status": [l for l in open("/proc/self/status") if l.startswith("NoNewPrivs")],
            }))
            """,
            tmp_path,
            Limits(cpu_seconds=7, memory_bytes=1 << 30, file_bytes=1000),
        )
    finally:
        os.close(reading), os.close(writing)
    assert child.exit_code == 0, child.log
    said = json.loads(heard[0])
    said["environment"].pop("LC_CTYPE", None)  # Python sets it itself
    assert said["environment"] == ENVIRONMENT and "FASTPIX_SECRET_KEY" not in said["environment"]
    assert said["folder"] == str(tmp_path) and said["input"] == "" and said["session"]
    assert writing not in said["open"] and len(said["open"]) <= 4  # the fourth is the listing itself
    assert said["umask"] == 0o027 and said["nice"] >= min(19, os.nice(0) + 10)
    assert said["limits"] == [[7, 12], [1 << 30] * 2, [1000] * 2, [64] * 2, [0, 0]]
    assert said["status"] == ["NoNewPrivs:\t1\n"]


def test_the_child_is_killed_when_it_writes_too_large_a_file(tmp_path):
    # `dd` keeps what the launcher leaves it; Python itself would ignore the signal.
    with Child(
        ["/usr/bin/dd", "if=/dev/zero", "of=x", "bs=1000", "count=9"], tmp_path, Limits(file_bytes=5000), print
    ) as child:
        assert child.ended(within=30)
    assert child.exit_code == -signal.SIGXFSZ
    assert (tmp_path / "x").stat().st_size == 5000


def test_the_child_has_no_network(tmp_path):
    program = "import ctypes; raise SystemExit(ctypes.CDLL(None).unshare(0x40000000) and ctypes.CDLL(None).unshare(0x50000000))"
    if subprocess.run([sys.executable, "-c", program]).returncode != 0:
        pytest.skip("this kernel lets us make no network namespace; fastpix then relies on the whitelists")
    heard, child = python("import os; print(os.readlink('/proc/self/ns/net'))", tmp_path)
    assert heard[0] != os.readlink("/proc/self/ns/net"), child.log


def test_a_flood_of_words_neither_blocks_nor_fills_the_memory(tmp_path):
    heard, child = python(
        """
        import sys
        sys.stderr.write("x" * 5_000_000); sys.stderr.write(chr(10).join(f"line {n}" for n in range(10_000)))
        print("y" * 3_000_000)
        """,
        tmp_path,
    )
    assert child.exit_code == 0
    assert len(child.log) == LOG_LINES and child.log[-1] == "line 9999" and max(map(len, child.log)) <= LOG_WIDTH
    assert sum(map(len, heard)) == 3_000_000 and len(heard) > 1, "an endless line is cut into pieces"


def test_processor_time_is_measured_for_the_child_alone(tmp_path):
    _, child = python("import time\nwhile time.process_time() < 0.5: pass", tmp_path)
    assert 0.5 <= child.cpu_seconds < 2


def test_progress_that_ffmpeg_does_not_know_is_no_progress(tmp_path):
    watch = run._Watch(tmp_path, 10, Limits())
    for line in ("out_time_us=N/A", "out_time_us=-9223372036854775807", "frame=3", "", "out_time_us="):
        watch.hear(line)
        assert watch.share == 0
    watch.hear("out_time_us=2500000")
    assert watch.share == 0.25
    watch.hear("out_time_us=99000000")
    assert watch.share == 1.0
    assert run._Watch(tmp_path, 0, Limits()).share == 0


def test_the_size_of_a_folder_counts_all_depths_and_no_links(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "x").write_bytes(b"1" * 10)
    (tmp_path / "a" / "b" / "y").write_bytes(b"1" * 100)
    (tmp_path / "a" / "z").symlink_to("/etc/passwd")
    assert run.folder_size(tmp_path) == 110 + len("/etc/passwd")


def test_the_launcher_starts_fast(tmp_path):
    costs = []
    for _ in range(3):
        with Child(["/bin/true"], tmp_path, LIMITS, print) as child:
            assert child.ended(within=30)
        costs.append(child.cpu_seconds)
    assert min(costs) < 0.15  # measured: 0.03


def test_an_ffmpeg_that_is_configured_is_used_and_one_that_is_not_there_is_named(tmp_path, ffmpeg):
    with entered(Instance(Settings(ffmpeg=ffmpeg))):
        assert tools.ffmpeg() == ffmpeg and tools.version()[0] in "n0123456789"
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    with entered(Instance(Settings(ffmpeg=str(fake)))), pytest.raises(Misconfigured, match="does not run"):
        tools.version()
    for program, words in (
        ("/bin/true", "another program"),
        ("/bin/echo", "another program"),
        ("/bin/sh", "does not run"),
    ):
        with pytest.raises(Misconfigured, match=rf"{words}.* Set FASTPIX_FFMPEG to"):
            tools.check(Settings(ffmpeg=program))
    with (
        entered(Instance(Settings(ffmpeg="/nowhere/ffmpeg"))),
        pytest.raises(Misconfigured, match="/nowhere/ffmpeg"),
    ):
        tools.ffmpeg()
    assert Path(tools.ffmpeg()).exists()
