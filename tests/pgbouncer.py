"""A real pgbouncer in transaction mode before the tests' PostgreSQL: few connections, handed on after each transaction."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time

from tests import postgres

PROGRAM = "/usr/sbin/pgbouncer"
MISSING = "pgbouncer tests skipped: pgbouncer is missing. Get it with: apt-get install pgbouncer"
PORT = 6432  # of the name of a socket in the server's folder
CONFIGURATION = """[databases]
* = host={folder} user=fastpix
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
"""


class Missing(Exception):
    """The program is not here; the message says what to do."""


class Pgbouncer:
    """Running. `url(name)` leads through it to one of the server's databases."""

    def __init__(self, server: postgres.Server) -> None:
        program = shutil.which("pgbouncer") or shutil.which(PROGRAM)
        if program is None:
            raise Missing(MISSING)
        self.folder = server.folder
        path = self.folder / "pgbouncer.ini"
        path.write_text(CONFIGURATION.format(folder=self.folder, port=PORT))
        with (self.folder / "pgbouncer.log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, path], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=postgres.die_with_parent, **postgres.unprivileged(),
            )  # fmt: skip
        end = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "pgbouncer.log").read_text()
            time.sleep(0.02)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://fastpix@/{name}?host={self.folder}&port={PORT}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{self.folder}/.s.PGSQL.{PORT}") == 0
