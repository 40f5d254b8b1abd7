"""A mail on the wire: headers and bodies, in ASCII to the last byte, so that every mail server can carry it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr
from io import BytesIO
from typing import Any
from uuid import UUID

from fastpix import hostnames
from fastpix.config.settings import Settings
from fastpix.db import now

# Bodies are quoted-printable, so that nothing depends on 8BITMIME, and no line is too long.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
# What RFC 1123 allows as the name of a host; anything else as a greeting is refused by Exim (501).
_HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """What is in one mail."""

    id: UUID
    recipient: str
    subject: str
    text: str
    html: str


def of(settings: Settings, letter: Letter, sender: Address, recipient: Address) -> bytes:
    """The whole mail, with the line ends of SMTP."""
    message: Any = MIMEMultipart("alternative")  # typeshed knows nothing of `Header` as a value
    message["From"] = _sender(sender.display_name or "fastpix", sender.addr_spec)
    message["To"] = recipient.addr_spec
    message["Subject"] = _words(letter.subject, "Subject")
    message["Date"] = format_datetime(now())
    # The same for every attempt, so that a mail sent twice after a crash can be recognised.
    message["Message-ID"] = f"<{letter.id}@{mail_host(settings.host)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.attach(_body(letter.text, "plain"))
    message.attach(_body(letter.html, "html"))
    written = BytesIO()
    BytesGenerator(written, mangle_from_=False, policy=message.policy.clone(linesep="\r\n")).flatten(message)
    return written.getvalue()


def _body(text: str, subtype: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text, _UTF8)
    return part


def mail_host(host: str) -> str:
    """A host as it stands in a mail address and a greeting: a number in brackets (RFC 5321, section 4.1.3).

    Raises UnicodeError for no name.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        return hostnames.in_ascii(host)
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def is_host_name(host: str) -> bool:
    """Whether a mail server that is strict takes this for the name of a host: letters, digits, hyphens, and a dot."""
    return len(host) <= 253 and _HOST_NAME.fullmatch(host) is not None and not host.rpartition(".")[2].isdecimal()


def _words(text: str, header: str) -> Header:
    """A text as a header, folded. What is not plain is encoded from its first letter to its last.

    The email package encodes word by word, and up to Python 3.11 a space between two encoded words is lost on the way.
    """
    is_plain = text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) < 70
    return Header(text, "us-ascii" if is_plain else "utf-8", header_name=header)


def _sender(name: str, address: str) -> Header:
    if name.isascii() and "=?" not in name:
        return Header(formataddr((name, address)), header_name="From")
    header = Header(name, "utf-8", header_name="From")
    header.append(f"<{address}>", "us-ascii")
    return header
