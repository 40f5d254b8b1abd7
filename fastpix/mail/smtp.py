"""Hands one mail to the mail server, and says in its own words why not."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

from fastpix.db import now
from fastpix.settings import Settings

TIMEOUT = 15
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Rejected(Exception):
    """The server will never take this mail; the message is its answer."""


class Unavailable(Exception):
    """Not now: no connection, no sign-in, or a temporary refusal; the message is the answer."""


@dataclass(frozen=True)
class Letter:
    """What is in one mail."""

    id: UUID
    recipient: str
    subject: str
    text: str
    html: str


def send(settings: Settings, letter: Letter) -> None:
    """Send one mail. Raises `Rejected` or `Unavailable`; a fault after the server took it is none."""
    sender = _address(settings.sender, Unavailable)
    recipient = _address(letter.recipient, Rejected)
    message = _message(settings, letter, sender, recipient)
    server = _connect(settings)
    try:
        server.send_message(message, from_addr=sender.addr_spec, to_addrs=[recipient.addr_spec])
    except (smtplib.SMTPException, OSError) as problem:
        raise _judged(problem) from None
    finally:
        _leave(server)


def _address(text: str, error: type[Exception]) -> Address:
    """One address, its domain in ASCII. Raises `error` for anything else, such as two addresses or a line break."""
    # The recipient is never parsed as a list: "a@x.example, b@y.example" must not become two.
    name, spec = parseaddr(text) if text.endswith(">") else ("", text)
    local, _, domain = spec.rpartition("@")
    try:
        return Address(name, addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, MessageError):  # the parser of the standard library lets all three out
        raise error(f"{text} is not a mail address") from None


def _message(settings: Settings, letter: Letter, sender: Address, recipient: Address) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address(sender.display_name or "fastpix", addr_spec=sender.addr_spec)
    message["To"] = recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    # The same for every attempt, so that a mail sent twice after a crash can be recognised.
    message["Message-ID"] = f"<{letter.id}@{settings.host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _connect(settings: Settings) -> smtplib.SMTP:
    """An open, signed-in connection. Whatever fails here is about the set-up, not the mail: `Unavailable`."""
    parts = urlsplit(settings.smtp_url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    hello = _hello(settings.host)
    server: smtplib.SMTP | None = None
    try:
        if parts.scheme == "smtps":
            context = ssl.create_default_context()
            server = smtplib.SMTP_SSL(host, port, local_hostname=hello, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, port, local_hostname=hello, timeout=TIMEOUT)
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except (smtplib.SMTPException, OSError) as problem:
        if server is not None:
            server.close()
        raise Unavailable(_words(problem, f"{host}:{port}")) from None
    return server


def _hello(host: str) -> str:
    """The name for EHLO. Given, because smtplib would ask the DNS for it; an address must stand in brackets."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _judged(problem: Exception) -> Rejected | Unavailable:
    words = _words(problem, "the mail server")
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return Rejected(words)  # an address with non-ASCII letters, and a server that cannot carry it
    code = _answer(problem)[0]
    return Rejected(words) if 500 <= code < 600 else Unavailable(words)


def _words(problem: Exception, where: str) -> str:
    code, answer = _answer(problem)
    if code > 0:
        return f"{code} {answer}".strip()
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"no secure connection to {where}: {problem.verify_message}"
    if isinstance(problem, TimeoutError):
        return f"no answer from {where} within {TIMEOUT} seconds"
    if isinstance(problem, OSError) and not isinstance(problem, smtplib.SMTPException):
        return f"no connection to {where}: {problem.strerror or problem}"
    return str(problem)


def _answer(problem: Exception) -> tuple[int, str]:
    """Code and text of the server's answer; 0 if there was none."""
    code, said = 0, b""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(problem.recipients.values()))
    elif isinstance(problem, smtplib.SMTPResponseException):
        code, said = problem.smtp_code, problem.smtp_error  # type: ignore[assignment]  # bytes, or text in smtplib itself
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return code, " ".join(text.split())


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye. The mail is settled by now, so how that ends changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
