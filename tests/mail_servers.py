"""Debian's Postfix and Exim, each in a folder of its own, on ports of this machine, sending nothing anywhere."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

POSTFIX = shutil.which("postfix", path="/usr/sbin")
# As packages they exclude each other, so .ci/run unpacks this one.
EXIM = Path("/opt/exim4/usr/sbin/exim4")
MISSING = "needs Postfix and Exim: .ci/run installs the one and unpacks the other in /opt/exim4"
is_missing = POSTFIX is None or not EXIM.exists()

_MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.acme.example
mydestination =
maillog_file = /dev/stdout
virtual_mailbox_domains = acme.example
virtual_mailbox_maps = inline:{{ ada@acme.example=ada/ }}
virtual_mailbox_base = {folder}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
default_transport = discard
"""
_STRICT = """    -o smtpd_delay_reject=no -o smtpd_helo_required=yes
    -o smtpd_helo_restrictions=reject_invalid_helo_hostname,reject_non_fqdn_helo_hostname
    -o {smtpd_sender_restrictions=check_sender_access inline:{ nobody@v.example=REJECT }}
"""
_SERVICES = (
    "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
    "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce", "virtual unix - n n - - virtual", "discard unix - - n - - discard", "error unix - - n - - error",
    "anvil unix - - n - 1 anvil", "postlog unix-dgram n - n - 1 postlogd", "proxymap unix - - n - - proxymap",
)  # fmt: skip
_EXIM = """primary_hostname = mail.acme.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/pid
queue_only = true
tls_advertise_hosts =
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny domains = !acme.example
       message = relay not permitted
  accept
begin routers
begin transports
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{video}}}}{{eq{{$auth3}}{{p:/@ss}}}}}}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _awaited(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.05)


class Postfix:
    """`port` has Debian's defaults, `strict_port` refuses as early as it can. Mails for ada@acme.example lie in `box`."""

    def __init__(self, folder: Path) -> None:
        self.port, self.strict_port, self.folder = free_port(), free_port(), folder
        self.box = folder / "boxes/ada/new"
        for name in ("etc", "queue", "data", "boxes"):
            (folder / name).mkdir(parents=True)
        for name in ("data", "boxes"):
            shutil.chown(folder / name, "postfix")
        uid = (folder / "data").stat().st_uid
        (folder / "etc/main.cf").write_text(_MAIN.format(folder=folder, uid=uid))
        listening = (
            f"127.0.0.1:{self.port} inet n - n - - smtpd",
            f"127.0.0.1:{self.strict_port} inet n - n - - smtpd",
        )
        (folder / "etc/master.cf").write_text("\n".join((*_SERVICES, *listening)) + "\n" + _STRICT)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            command = [str(POSTFIX), "-c", str(folder / "etc"), "start-fg"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        _awaited(self.strict_port, self.process, self.log)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


class Exim:
    """It wants a full name as a greeting, takes no senders at a number, and queues all for acme.example (`queued`)."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        for name in ("spool", "log"):
            (folder / name).mkdir(parents=True)
            shutil.chown(folder / name, "Debian-exim", "Debian-exim")
        configuration, self.log = folder / "exim.conf", folder / "out"
        configuration.write_text(_EXIM.format(folder=folder))
        configuration.chmod(0o644)
        command = [str(EXIM), "-C", str(configuration), "-bdf", "-oX", f"127.0.0.1.{self.port}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        _awaited(self.port, self.process, self.log)

    def queued(self) -> list[str]:
        """The headers of all mails that were taken."""
        return [path.read_text() for path in (self.folder / "spool/input").glob("*-H")]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
