"""One program of fastpix alone, as a supervisor runs it: `fastpix web`, `fastpix worker`, `fastpix live`."""

from __future__ import annotations

import subprocess
import sys

import psutil

from tests.running.server import ROOT, Server, eventually


class Program:
    """Of that server's settings; can be killed with all it started, and started again."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "fastpix", self.name]
        self.server.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.server.log_path.open("a") as log:
            self.process = subprocess.Popen(command, env=self.server.environ, cwd=ROOT, stdout=log, stderr=log)

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> None:
        """SIGKILL for the program alone: what it started must die by itself."""
        assert self.process is not None
        met = self.children()
        self.process.kill()
        self.process.wait(10)
        eventually(lambda: not [c for c in met if c.is_running() and c.status() != psutil.STATUS_ZOMBIE], 10)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        self.ask_to_stop()
        if self.process is not None:
            self.process.wait(30)
