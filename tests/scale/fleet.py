"""fastpix as it is grown: two web servers, two workers and live ingest, each as if on a machine of its own.

They share PostgreSQL, Redis and an S3 bucket, with one nginx in front that balances and takes encoders in; all as
`docs/scaling.md` says, with the configurations that are shipped.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from tests import nginx
from tests.nginx import Nginx
from tests.object_store import Bucket
from tests.running.house import House
from tests.running.program import Program
from tests.running.server import START_SECONDS, Server, eventually, free_port

PAGES_A_MINUTE = 40


class Machine(Server):
    """Runs one program of the fleet. `url` is everybody's: that of the balancer."""

    def __init__(self, folder: Path, program: str, **settings: str) -> None:
        folder.mkdir()
        super().__init__(folder, **settings)
        self.program_alone = Program(self, program)

    def start_program(self) -> None:
        self.program_alone.start()

    def kill(self) -> None:
        """SIGKILL, as when the machine loses power."""
        self.program_alone.kill()

    def answers(self) -> bool:
        """Whether its web server takes requests."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.loopback}/readyz", timeout=5).status_code == 200
        return False

    def ask(self, path: str, **headers: str) -> httpx.Response:
        """What this web server alone answers, asked as the balancer would."""
        host = urlsplit(self.url).netloc
        told = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"}
        return httpx.get(f"{self.loopback}{path}", headers=told | headers, timeout=30)


class Fleet:
    """All machines. `url` is where people go, `live_port` where encoders publish; `house` is the organization in it."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, bucket: Bucket) -> None:
        self.database_url = database_url
        port, self.live_port, self._callbacks = free_port(), free_port(), free_port()
        self.url = f"http://localhost:{port}"
        self._settings = {
            "public_url": self.url,
            "trusted_proxies": "1",
            "secret_key": secrets.token_urlsafe(48),
            "database_url": database_url,
            "redis_url": redis_url,
            "storage_url": bucket.url("fleet"),
            "live_bind": "off",
            "live_url": f"rtmp://localhost:{self.live_port}/live",
            "job_lease_seconds": "2",
            "sign_in_attempts": "5",
            "requests_per_person": str(PAGES_A_MINUTE),
            **bucket.access,
        }
        self.webs = [self._machine(folder, "web", number) for number in (1, 2)]
        self.workers = [self._machine(folder, "worker", number) for number in (1, 2)]
        relay = f"rtmp://127.0.0.1:{self.live_port}/live"
        callbacks = f"127.0.0.1:{self._callbacks}"
        self.live = self._machine(folder, "live", 1, live_callbacks=callbacks, live_relay_url=relay)
        self.machines = [*self.webs, *self.workers, self.live]
        self.house = House(self.webs[0])
        self.nginx = Nginx(
            folder / "nginx",
            port,
            main=nginx.rtmp(self.live_port, self._callbacks),
            http=nginx.balancer(folder / "nginx", port, [web.settings["bind"] for web in self.webs]),
        )

    def _machine(self, folder: Path, program: str, number: int, **settings: str) -> Machine:
        return Machine(folder / f"{program}-{number}", program, **self._settings, **settings)

    def start(self) -> None:
        for machine in self.machines:
            machine.start_program()
        self.nginx.start()
        eventually(self._is_ready, 2 * START_SECONDS, "the fleet did not start")  # five programs at once

    def _is_ready(self) -> bool:
        with socket.socket() as probe:
            is_asked = probe.connect_ex(("127.0.0.1", self._callbacks)) == 0
        return is_asked and all(web.answers() for web in self.webs)

    def stop(self) -> None:
        self.nginx.stop()
        for machine in self.machines:
            machine.program_alone.ask_to_stop()
        for machine in self.machines:
            machine.program_alone.stop()

    @property
    def log(self) -> str:
        return "".join(machine.log for machine in self.machines)

    @contextmanager
    def database(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.database_url)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def says_ready(self, media_id: str) -> int:
        """How many times the media was finished, by its own log."""
        with self.database() as connection:
            wanted = sa.text("SELECT count(*) FROM media_log WHERE media_id = :id AND text = 'The media is ready.'")
            return int(connection.execute(wanted, {"id": media_id}).scalar_one())
