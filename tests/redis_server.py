"""A real Redis for one test: its own port on this machine, nothing on disk, gone when the test is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

MISSING = "Redis tests skipped: redis-server is missing. Get it with: apt-get install redis-server"
PROGRAM = "/usr/bin/redis-server"


class Missing(Exception):
    """The program is not here; the message says what to do."""


class RedisServer:
    """`url` for `FASTPIX_REDIS_URL`; `kill` as when the machine loses power; `start` again on the same port."""

    def __init__(self) -> None:
        program = shutil.which("redis-server") or shutil.which(PROGRAM)
        if program is None:
            raise Missing(MISSING)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, cwd="/")
        end = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.02)

    def answers(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
