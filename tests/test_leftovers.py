"""A test run that is killed leaves no program and no folder behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.running.server import ROOT, eventually

# Starts programs as tests do: a real server, a child in another session that gave itself a title, and waits.
WAITS = """
import subprocess, sys, time
from pathlib import Path

def test_waits(make_server, tmp_path):
    server = make_server()
    server.migrate()
    server.start()
    titled = "import setproctitle, time; setproctitle.setproctitle('nobody'); time.sleep(600)"
    with (tmp_path / "log").open("w") as log:
        other = subprocess.Popen([sys.executable, "-c", titled], stdout=log, start_new_session=True, cwd="/", env={})
    print("STARTED", tmp_path, other.pid, *(each.pid for each in server.family()), flush=True)
    time.sleep(600)
"""


@pytest.mark.full("starts the tests anew, and a server in them")
def test_a_killed_run_leaves_no_program_and_no_folder(tmp_path):
    module = ROOT / "tests" / "running" / f"test_that_waits_{os.getpid()}.py"
    module.write_text(WAITS)
    command = [sys.executable, "-m", "pytest", "-n", "0", "-s", "-p", "no:cacheprovider", str(module)]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        with run.stdout:
            line = next(line for line in run.stdout if "STARTED" in line)
        folder, *numbers = line.partition("STARTED")[2].split()
        programs = [psutil.Process(int(number)) for number in numbers]
        assert len(programs) >= 5
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(10)
        eventually(lambda: not any(_runs(program) for program in programs), what="a program lives on")
        root = next(each for each in Path(folder).parents if re.fullmatch(r"fpx-\w+", each.name))
        eventually(lambda: not root.exists(), what=f"{root} is still there")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        module.unlink()


def _runs(program: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return program.is_running() and program.status() != psutil.STATUS_ZOMBIE
    return False
