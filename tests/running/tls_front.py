"""HAProxy that ends TLS before our RTMP listener, as docs/live.md has nginx do it."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import subprocess
from pathlib import Path

from cryptography import x509

from tests.certificates import self_signed
from tests.running.server import eventually, free_port

PROGRAM = shutil.which("haproxy", path="/usr/sbin")
CONFIGURATION = """defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen rtmps
    bind 127.0.0.1:{port} ssl crt {folder}/both.pem
    server fastpix 127.0.0.1:{behind}
"""


class TlsFront:
    """Passes what comes to `port` on to the port `behind` it. Nobody else signed its certificate."""

    def __init__(self, folder: Path, behind: int) -> None:
        folder.mkdir()
        self.folder, self.port = folder, free_port()
        key, certificate = self_signed("127.0.0.1", [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        (folder / "both.pem").write_bytes(certificate + key)
        (folder / "haproxy.cfg").write_text(CONFIGURATION.format(port=self.port, folder=folder, behind=behind))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM, "needs HAProxy: apt-get install haproxy"
        self.process = subprocess.Popen([PROGRAM, "-f", str(self.folder / "haproxy.cfg"), "-db"])
        eventually(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
