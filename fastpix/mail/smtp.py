"""Hands one mail to the mail server, and says in its own words why not, and at which command.

The command decides who is meant: RCPT TO and DATA speak of this mail, everything before them of the set-up.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import unquote as without_quotes
from urllib.parse import unquote, urlsplit

from fastpix.config.settings import Settings
from fastpix.mail import connection, message
from fastpix.mail.message import Letter
from fastpix.mail.sign_in import sign_in, spoken

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# Where it can end: at our own settings, at the connection, and at the commands of SMTP (RFC 5321, section 4.1).
SETTINGS, CONNECTION = "settings", "connection"
EHLO, STARTTLS, AUTH = "EHLO", "STARTTLS", "AUTH"
MAIL_FROM, RCPT_TO, DATA = "MAIL FROM", "RCPT TO", "DATA"
OF_THE_MAIL = frozenset({RCPT_TO, DATA})
MOST_SHOWN = 300  # characters of a server's answer
# What an operator does about each.
_CONNECT = "Look at FASTPIX_SMTP_URL, and whether the mail server runs and lets this machine in."
CURES = {
    SETTINGS: "Look at FASTPIX_SMTP_URL and FASTPIX_MAIL_FROM, and at the log.",
    CONNECTION: _CONNECT,
    EHLO: "Set FASTPIX_SMTP_HELO to a host name that the mail server accepts as this machine's.",
    STARTTLS: _CONNECT,
    AUTH: "Look at user and password in FASTPIX_SMTP_URL.",
    MAIL_FROM: "Set FASTPIX_MAIL_FROM to an address that the mail server lets you send from; some want a user and "
    "password in FASTPIX_SMTP_URL first.",
    RCPT_TO: "It speaks of this recipient, or does not send for this machine.",
    DATA: "It speaks of this mail.",
}


class NotSent(Exception):
    """A mail was not taken. The message is the server's answer, and `step` the command it answered."""

    def __init__(self, words: str, step: str) -> None:
        super().__init__(words)
        self.step = step


class Rejected(NotSent):
    """The server will never take this mail."""


class Unavailable(NotSent):
    """Not now: a temporary refusal, or something about the set-up that an operator can mend."""


def send(settings: Settings, letter: Letter) -> None:
    """Send one mail. Raises `Rejected` or `Unavailable` and nothing else; a fault after the server took it is none."""
    with _step(SETTINGS):
        sender = _address(settings.sender, Unavailable)
        recipient = _address(letter.recipient, Rejected, RCPT_TO)
        written = message.of(settings, letter, sender, recipient)
    server = _connect(settings)
    try:
        with _step(MAIL_FROM):
            _demand(server.mail(sender.addr_spec))
        with _step(RCPT_TO):
            _demand(server.rcpt(recipient.addr_spec))
        with _step(DATA):
            _demand(server.data(written))
    finally:
        _leave(server)


def parts(text: str) -> tuple[str, str]:
    """Name and address of "Name <address>", or of an address alone.

    Not by the standard library's `parseaddr`: from Python 3.13 on it finds nothing in an address such as v@[192.0.2.5].
    """
    if not text.endswith(">"):
        return "", text
    name, _, address = text[:-1].rpartition("<")
    return without_quotes(name.strip()), address


def _address(text: str, error: type[NotSent], step: str = SETTINGS) -> Address:
    """One address, its domain in ASCII. Raises `error` for anything else, such as two addresses or a line break."""
    # The recipient is never parsed as a list: "a@x.example, b@y.example" must not become two.
    name, spec = parts(text)
    local, _, domain = spec.rpartition("@")
    try:
        return Address(name, addr_spec=f"{local}@{message.mail_host(domain)}")
    except (ValueError, IndexError, MessageError):  # the parser of the standard library lets all three out
        raise error(f"{text} is not a mail address", step) from None


def _connect(settings: Settings) -> smtplib.SMTP:
    """An open, signed-in connection. Whatever fails here is about the set-up, not the mail: `Unavailable`."""
    if not settings.smtp_url:
        raise Unavailable("mail is not set up any more (FASTPIX_SMTP_URL)", SETTINGS)
    with _step(SETTINGS):
        parts = urlsplit(settings.smtp_url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    where = f"{host}:{port}"
    with _step(CONNECTION, where):
        server = connection.opened(parts.scheme, host, port)
    try:
        with _step(EHLO, where):
            own_address = str(server.sock.getsockname()[0]) if server.sock else ""
            server.local_hostname = settings.smtp_helo or _hello(settings.host, own_address)
            server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp+starttls":
            with _step(STARTTLS, where):
                server.starttls(context=ssl.create_default_context())
            with _step(EHLO, where):
                server.ehlo_or_helo_if_needed()
        if parts.username:
            user, password = unquote(parts.username), unquote(parts.password or "")
            with _step(AUTH, where, secrets=spoken(user, password)):
                sign_in(server, user, password)
    except NotSent:
        server.close()
        raise
    return server


def _hello(public_host: str, own_address: str = "127.0.0.1") -> str:
    """The name for EHLO: the public host, or this end of the connection in brackets where that is no full name.

    So RFC 5321, section 4.1.4, has it for hosts without a name, such as `localhost`; strict servers refuse anything else.
    """
    host = message.mail_host(public_host)
    return host if host.startswith("[") or message.is_host_name(host) else message.mail_host(own_address)


@contextmanager
def _step(step: str, where: str = "the mail server", secrets: Collection[str] = ()) -> Iterator[None]:
    """Whatever is raised inside comes out as `Rejected` or `Unavailable` of this step, without the secrets."""
    try:
        yield
    except NotSent:
        raise
    except Exception as problem:  # noqa: BLE001  # each way ends in words that people are shown
        is_final = step in OF_THE_MAIL and 500 <= _answer(problem)[0] < 600
        words = _shown(_without(_words(problem, where), secrets))
        error = (Rejected if is_final else Unavailable)(words, step)
        # A log shows what a fault of ours came from; one of signing in may hold a piece of the password.
        is_ours = not isinstance(problem, (smtplib.SMTPException, OSError))
        raise error from (problem if is_ours and step != AUTH else None)


def _demand(answer: tuple[int, bytes]) -> None:
    """Raise a refusal, which smtplib only returns."""
    if not 200 <= answer[0] < 300:
        raise smtplib.SMTPResponseException(*answer)


def _words(problem: Exception, where: str) -> str:
    code, answer = _answer(problem)
    if code > 0:
        return f"{code} {answer}".strip()
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"no secure connection to {where}: {problem.verify_message}"
    if isinstance(problem, TimeoutError):
        return f"no whole answer from {where} in time: {connection.TIMEOUT} seconds for each, {connection.MOST_SECONDS} for a mail"
    if isinstance(problem, OSError) and not isinstance(problem, smtplib.SMTPException):
        return f"no connection to {where}: {problem.strerror or problem}"
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{where} does not speak SMTP: {answer}"
    if isinstance(problem, smtplib.SMTPException):
        return str(problem)
    # Not its text, which may hold a piece of the password.
    return f"fastpix could not speak to {where}: {type(problem).__name__}. The log of the worker says more"


def _without(words: str, secrets: Collection[str]) -> str:
    """Some servers repeat what they did not understand, whole or cut off: that is left out."""
    for secret in secrets:
        words = words.replace(secret, "…")
    return re.sub(
        r"[A-Za-z0-9+/=]{6,}", lambda run: "…" if any(run[0] in secret for secret in secrets) else run[0], words
    )


def _shown(words: str) -> str:
    """A server's words for people, pages, logs and terminals: what can be seen of them, and not without end."""
    seen = "".join(letter if letter.isprintable() else " " for letter in words)
    seen = " ".join(seen.split())
    return seen if len(seen) <= MOST_SHOWN else f"{seen[: MOST_SHOWN - 1]}…"


def _answer(problem: Exception) -> tuple[int, str]:
    """Code and text of the server's answer; 0 if there was none."""
    if not isinstance(problem, smtplib.SMTPResponseException):
        return 0, ""
    said: object = problem.smtp_error  # bytes, or text in smtplib itself
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return problem.smtp_code, " ".join(text.split())


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye. The mail is settled by now, so how that ends changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
