"""A mail server that answers each command as it is told, and keeps what it heard: to be refused at any of them."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager

ANSWERS = {
    "connect": "220 mail.example ESMTP",
    "EHLO": "250-mail.example\r\n250 AUTH PLAIN",
    "HELO": "250 mail.example",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go ahead",
    "end": "250 2.0.0 Queued",
    "RSET": "250 Ok",
    "QUIT": "221 Bye",
}
# An answer of which another line comes as long as somebody listens.
DRIPPING = "dripping"


class Scripted:
    """`port`; `answers` in place of the usual ones, None to hang up; `heard`: all lines; `mails`: what was taken."""

    def __init__(self):
        self.answers, self.heard, self.mails = dict(ANSWERS), [], []

    def converse(self, channel):
        def say(key):
            answer = self.answers.get(key, "502 5.5.1 Unknown")
            if answer is None:
                raise ConnectionError
            while answer == DRIPPING:
                channel.write(b"250-wait\r\n")
                threading.Event().wait(0.05)
            channel.write(answer.encode() + b"\r\n")

        say("connect")
        for line in channel:
            self.heard.append(line.decode("latin-1").strip())
            command = self.heard[-1][:4].upper()
            say(command)
            if command == "DATA" and self.answers["DATA"].startswith("354"):
                lines = list(iter(channel.readline, b".\r\n"))
                say("end")
                if self.answers["end"].startswith("2"):
                    self.mails.append(b"".join(lines))
            if command == "QUIT":
                return


@contextmanager
def serving(**answers):
    """A running one, with these answers in place of the usual ones."""
    script = Scripted()
    script.answers |= answers

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            with self.connection.makefile("rwb", buffering=0) as channel:
                try:
                    script.converse(channel)
                except ConnectionError:
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        script.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
