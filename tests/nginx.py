"""Debian's nginx with the configurations that we ship, on ports of its own, as the user that runs the tests."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "docs/deploy"
RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin")
MISSING = "needs nginx with RTMP: apt-get install nginx-light libnginx-mod-rtmp"
is_missing = PROGRAM is None or not RTMP_MODULE.exists()
SCRATCH = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
FRAME = """load_module {module};
daemon off;
pid {folder}/pid;
error_log {folder}/error.log info;
{user}
{main}
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    access_log {folder}/access.log;
{scratch}
{http}
}}
"""


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each pattern replaced. One that is not there is an error: the shipped file has changed."""
    for pattern, new in changes.items():
        text, count = re.subn(pattern, lambda _, new=new: new, text)
        assert count, f"{pattern} is not in the shipped file"
    return text


def shipped(folder: Path, media: Path | None = None) -> str:
    """Put fastpix-locations.conf into nginx's folder, with that folder of media; its name."""
    text = (SHIPPED / "fastpix-locations.conf").read_text()
    if media is not None:
        text = replaced(text, {r"/var/lib/fastpix/media/": f"{media}/"})
    folder.mkdir(exist_ok=True)
    (folder / "fastpix-locations.conf").write_text(text)
    return "fastpix-locations.conf"


def balancer(folder: Path, port: int, servers: Sequence[str], media: Path | None = None) -> str:
    """The shipped nginx.conf on a port of this machine, without TLS, with these web servers ("127.0.0.1:8000")."""
    changes = {
        r"server \{\n    listen 80;[^}]*\}\n": "",
        r"    listen 443 ssl http2;\n    listen \[::\]:443 ssl http2;": f"    listen 127.0.0.1:{port};",
        r" *ssl_[a-z_]+ +[^;]+;\n": "",
        r"server_name video\.example\.com": "server_name localhost",
        r"    server 127\.0\.0\.1:8000;": "\n".join(f"    server {each};" for each in servers),
        r"include fastpix-locations\.conf": f"include {folder}/{shipped(folder, media)}",
    }
    return replaced((SHIPPED / "nginx.conf").read_text(), changes)


def rtmp(port: int, callbacks: int) -> str:
    """The shipped nginx-rtmp.conf on a port of this machine, asking fastpix at `callbacks`."""
    changes = {r"listen 1935": f"listen 127.0.0.1:{port}", r":1936/": f":{callbacks}/"}
    return replaced((SHIPPED / "nginx-rtmp.conf").read_text(), changes)


class Nginx:
    """A running nginx. `main` goes beside the http block, `http` into it; `port` is where it must listen."""

    def __init__(self, folder: Path, port: int, *, main: str = "", http: str = "") -> None:
        folder.mkdir(exist_ok=True)
        scratch = "\n".join(f"    {name}_temp_path {folder}/{name};" for name in SCRATCH)
        user = "user root;" if getpass.getuser() == "root" else ""  # else it could not read the tests' folders
        path = folder / "nginx.conf"
        path.write_text(
            FRAME.format(module=RTMP_MODULE, folder=folder, user=user, main=main, scratch=scratch, http=http)
        )
        self.folder, self.port = folder, port
        self._command = [str(PROGRAM), "-p", str(folder), "-c", str(path)]
        self.process: subprocess.Popen[bytes] | None = None

    def check(self) -> str:
        """What `nginx -t` says, nothing but warnings when all is right. Raises where the configuration is wrong."""
        done = subprocess.run([*self._command, "-t"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return "\n".join(line for line in done.stderr.splitlines() if "[" in line and "user" not in line)

    def start(self) -> Nginx:
        self.process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "error.log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
