"""Who sends mails, and by which name a mail server is greeted: how the text of these settings becomes their value."""

from __future__ import annotations

import ipaddress
import re

from fastpix.config import addresses

# What may stand before the @ of a mail address without quotation marks (RFC 5321, dot-string).
MAILBOX = re.compile(r"(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def greeting(value: str) -> str:
    """The domain or address literal of EHLO (RFC 5321, section 4.1.1.1)."""
    name = value.strip()
    cure = (
        "give the host name of this machine, such as video.example.com, or an address in brackets, such as [192.0.2.5]"
    )
    try:
        if name.startswith("["):
            return f"[{_literal(_bracketed(name))}]"
        address = name and addresses.host(name)
    except ValueError:
        raise ValueError(cure) from None
    label = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
    if name and (not re.fullmatch(rf"{label}(\.{label})*", name) or re.fullmatch(r"[0-9.]+", address)):
        raise ValueError(cure)
    return name


def _bracketed(name: str) -> str:
    """The address in `[192.0.2.5]` or `[IPv6:2001:db8::1]`. Raises ValueError for what is none of the two."""
    found = re.fullmatch(r"\[(IPv6:)?([0-9A-Fa-f:.]+)\]", name)
    if not found or bool(found[1]) != (":" in found[2]):
        raise ValueError("it is no address in brackets")
    return found[2]


def sender(value: str) -> str:
    """A mail address, with a name before it or not; in quotation marks where the name needs them, and never two addresses."""
    cure = "give one address, such as video@example.com or Acme, Inc. <video@example.com>"
    text = value.strip()
    if not text:
        return ""
    name, _, spec = text.removesuffix(">").rpartition("<") if text.endswith(">") else ("", "", text)
    local, _, domain = spec.strip().rpartition("@")
    if not MAILBOX.fullmatch(local) or "<" in name or ">" in name:
        raise ValueError(cure)
    literal = re.fullmatch(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", domain)
    try:
        domain = f"[{_literal(literal[1])}]" if literal else addresses.host(domain)
    except ValueError as problem:
        raise ValueError(f"{problem}; {cure}") from None
    name = _unquoted(name.strip())
    if not name:
        return f"{local}@{domain}"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{local}@{domain}>'


def _literal(text: str) -> str:
    found = ipaddress.ip_address(text)
    return f"IPv6:{found}" if found.version == 6 else str(found)


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name
