"""The real program in processes of its own: started, asked, stopped, killed, and looked for afterwards."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from fastpix.accounts.models import BrowserSession
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db, now, set_reading
from fastpix.processes import programs, supervisor
from tests.cast import Cast, make_cast
from tests.world import migrate

ROOT = Path(__file__).resolve().parent.parent.parent
CHEAP = {"password_memory_kib": "64", "web_workers": "1", "web_threads": "16", "invites_per_hour": "100000"}
# Tests look again every 50 milliseconds; limits on requests are tested where they are meant.
UNLIMITED = {f"requests_per_{kind}": "0" for kind in ("token", "organization", "person", "address")}
START_SECONDS = 60  # a deadline, not a pause: slow machines run several of these at once


def eventually(look: Callable[[], Any], seconds: float = 15, what: str = "") -> Any:
    """The first true answer of `look`. Fails when there was none in time."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, what or f"not within {seconds} seconds"
        time.sleep(0.05)
    return found


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One instance and the processes that serve it. `start`, then `stop`, `kill` or `interrupt`; it may start again."""

    command, cwd = (sys.executable, "-m", "fastpix"), ROOT

    def __init__(self, folder: Path, host: str = "localhost", **settings: str) -> None:
        self.folder, self.port = folder / "instance", free_port()
        self.live_port, self.srt_port = free_port(), free_port(socket.SOCK_DGRAM)
        self.url = settings.get("public_url") or f"http://{host}:{self.port}"
        self.settings: dict[str, str] = {
            "instance_path": str(self.folder),
            "bind": f"127.0.0.1:{self.port}",
            "live_bind": f"127.0.0.1:{self.live_port}",
            "srt_bind": f"127.0.0.1:{self.srt_port}",
            "public_url": self.url,
            **CHEAP,
            **UNLIMITED,
            **settings,
        }
        self.log_path = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._met: list[psutil.Process] = []

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FASTPIX_")}
        return kept | {f"FASTPIX_{name.upper()}": value for name, value in self.settings.items()}

    @property
    def log(self) -> str:
        return self.log_path.read_text() if self.log_path.exists() else ""

    @property
    def loopback(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def setup_token(self) -> str:
        return (self.folder / "setup_token").read_text().strip()

    def start(self) -> Server:
        """`fastpix up`, until it is ready."""
        self._launch([*self.command, "up"], members=5)
        eventually(self.takes_streams, START_SECONDS)
        return self

    def takes_streams(self) -> bool:
        """Whether live ingest listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.live_port)) == 0

    def start_web(self, workers: int = 1) -> Server:
        """The web server alone, as `fastpix up` would start it: quicker, where nothing is mailed."""
        typed = {"web_workers": workers, "web_threads": 16, "bind": self.settings["bind"]}
        return self._launch(
            [sys.executable, "-m", "gunicorn", *programs.web_options(Settings(**typed)), programs.APPLICATION],
            members=1 + workers,
        )  # type: ignore[arg-type]

    def run(self, *arguments: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """A `fastpix` command on this instance that ends by itself; `typed` is its standard input."""
        command = [*self.command, *arguments]
        told = self.environ | environ
        return subprocess.run(
            command, env=told, cwd=self.cwd, input=typed, capture_output=True, text=True, timeout=START_SECONDS
        )

    @classmethod
    @contextmanager
    def running(cls, folder: Path, start: Callable[[Server], Any] | None = None, **settings: Any):
        """An instance with the cast in its database, as `cast`, started by `start` or whole; stopped at the end."""
        server = cls(folder, **settings)
        server.cast = server.seed()
        (start or cls.start)(server)
        try:
            yield server
        finally:
            server.stop()

    def seed(self, also: Callable[[Cast], None] | None = None) -> Cast:
        """Make the database with the cast of all tests in it, before anything is started. `also` adds to it."""
        with self._database() as app:
            cast = make_cast(app)
            with app.app_context():  # a server of its own takes no proofs of the future
                db.session.execute(sa.update(BrowserSession).values(proved_at=now()))
                db.session.commit()
            if also:
                with app.app_context():
                    set_reading(False)
                    also(cast)
                    db.session.commit()
            return cast

    def migrate(self) -> None:
        """Make the empty database, before anything is started."""
        with self._database():
            pass

    @contextmanager
    def _database(self):
        app = create_app(Settings(**self._typed()))
        migrate(app)
        try:
            yield app
        finally:
            with app.app_context():
                db.engine.dispose()

    def family(self) -> list[psutil.Process]:
        """The started process and all its descendants."""
        assert self.process is not None
        first = psutil.Process(self.process.pid)
        found = [first, *first.children(recursive=True)]
        self._met.extend(each for each in found if each not in self._met)
        return found

    def master(self) -> psutil.Process:
        """gunicorn's first process."""
        return next(p for p in self.family() if "gunicorn" in " ".join(p.cmdline()) and p.children())

    def program(self, command: str) -> psutil.Process:
        """The process of `fastpix <command>` that `fastpix up` started."""
        return next(p for p in self.family() if " ".join(p.cmdline()).strip() == f"fastpix {command}")

    def interrupt(self) -> int:
        """Ctrl-C. The exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill_everything(self) -> None:
        """SIGKILL for every process at once, as when the machine loses power."""
        family = self.family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(30)
        eventually(self.is_gone, what="SIGKILL left something running")

    def is_gone(self) -> bool:
        """Whether none of the processes ever seen runs any more."""
        return not [process for process in self._met if _runs(process)]

    def stop(self) -> None:
        """End what still runs, whatever happened before."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(supervisor.GRACE_SECONDS + 10)
        for process in self._met:  # psutil checks that the id was not given to somebody else
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self.process is not None:
            self.process.wait(20)

    def _launch(self, command: list[str], members: int) -> Server:
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(
                command, env=self.environ, cwd=self.cwd, stdout=log, stderr=log, start_new_session=True
            )
        try:
            eventually(self._is_ready, START_SECONDS)
            eventually(lambda: len(self.family()) >= members)
        except BaseException:
            self.stop()
            raise
        return self

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.log}"
        self.family()
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.loopback}/readyz", timeout=5).status_code == 200
        return False

    def _typed(self) -> dict[str, Any]:
        numbers = {"password_memory_kib", "web_workers", "web_threads", "invites_per_hour", *UNLIMITED}
        given: dict[str, Any] = {k: int(v) if k in numbers else v for k, v in self.settings.items()}
        return given | {"instance_path": self.folder}


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class Visitor:
    """A browser without eyes: keeps cookies, and sends forms with their hidden fields."""

    def __init__(self, server: Server) -> None:
        self.client = httpx.Client(base_url=server.url, follow_redirects=True, timeout=30)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, page: str = "", **fields: str) -> httpx.Response:
        """Send a form of `page` (or of `path` itself)."""
        shown = self.get(page or path).text
        hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', shown))
        return self.client.post(path, data=hidden | fields)

    def sign_in(self, email: str, password: str) -> httpx.Response:
        return self.post("/sign-in", email=email, password=password)

    def close(self) -> None:
        self.client.close()


class Postbox:
    """Answers RCPT as `answers` say (by the beginning of the address), and keeps what it took."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.answers, self.taken = answers or {}, []

    @property
    def recipients(self) -> list[str]:
        return [address for envelope in list(self.taken) for address in envelope.rcpt_tos]

    async def handle_RCPT(self, server, session, envelope, address, options):
        for beginning, answer in self.answers.items():
            if address.startswith(beginning):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 OK"


class _AnyPort(Controller):
    """aiosmtpd connects to the port it was given, even if that is 0."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(postbox: Postbox, port: int = 0):
    """A real SMTP server in a thread; the port it listens on."""
    controller = _AnyPort(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
