"""Addresses in settings, taken apart and put together once, as the programs and browsers that are given them want it.

Nothing of what was typed is in an error: it may be a password, or a piece of one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from fastpix import hostnames

# One part of a name, as browsers, DNS and Docker's own names have it.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Browsers read a name that ends in a number as an address, in ways nobody means.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SEPARATORS = re.compile(r"[/?#\\]")
RESERVED = "write / ? # @ and : in a name or password as %2F %3F %23 %40 and %3A"


@dataclass(frozen=True)
class Address:
    """`scheme://user:password@host:port` and what follows. `password` is None where there is none, `rest` as typed."""

    scheme: str
    user: str
    password: str | None
    host: str
    port: int | None
    rest: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self._credentials()}{self.origin_host}{self.rest}"

    @property
    def has_credentials(self) -> bool:
        return bool(self.user) or self.password is not None

    @property
    def origin_host(self) -> str:
        """Host and port, as they stand in an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def _credentials(self) -> str:
        if not self.has_credentials:
            return ""
        password = "" if self.password is None else f":{quote(self.password, safe='')}"
        return f"{quote(self.user, safe='')}{password}@"


def split(text: str, schemes: Sequence[str], *, needs_host: bool = True) -> Address:
    """Take an address apart. A password may hold any character where it is clear where it ends; `%2F` is a slash."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in schemes:
        raise ValueError(f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    credentials, rest = _without_credentials(rest)
    end = _end(rest)
    user, password = ("", None) if credentials is None else _user_and_password(credentials)
    if not needs_host and not rest[:end]:
        return Address(scheme.lower(), user, password, "", None, rest[end:])
    found, number = host_and_port(rest[:end])
    return Address(scheme.lower(), user, password, found, number, rest[end:])


def _without_credentials(rest: str) -> tuple[str | None, str]:
    """What stands before the last `@`, and what after it."""
    credentials, at, after = rest.rpartition("@")
    if not at:
        return None, rest
    # `u:p@ss/word@host` and `u:p@host/path?by=me@home` look alike: a piece of a password may not be taken for a host.
    if "@" in rest[: _end(rest)] and _end(rest) < len(credentials):
        raise ValueError(RESERVED)
    return credentials, after


def _user_and_password(credentials: str) -> tuple[str, str | None]:
    user, colon, password = credentials.partition(":")
    return _plain(user), _plain(password) if colon else None


def _plain(text: str) -> str:
    try:
        found = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError("its name and password must be UTF-8; write % as %25") from None
    if any(character < " " or character == "\x7f" for character in found):
        raise ValueError("its name and password may hold no control characters")
    return found


def _end(rest: str) -> int:
    """Where host and port are over."""
    separator = _SEPARATORS.search(rest)
    return separator.start() if separator else len(rest)


def host_and_port(text: str) -> tuple[str, int | None]:
    """`host`, `host:port` or `[ipv6]:port`; an empty port is none."""
    if text.startswith("["):
        address, bracket, port_text = text[1:].partition("]")
        if not bracket or port_text[:1] not in ("", ":"):
            raise ValueError("write an IPv6 address as [2001:db8::1], with the port after it")
        return _ipv6(address), _port(port_text[1:])
    name, _, port_text = text.partition(":")
    if ":" in port_text:
        raise ValueError("write an IPv6 address in brackets, such as [2001:db8::1], and a port as a number")
    return host(name), _port(port_text)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ValueError("its port must be a number from 1 to 65535")
    return int(text)


def _ipv6(text: str) -> str:
    try:
        return ipaddress.IPv6Address(text if "%" not in text else "").compressed
    except ValueError:
        raise ValueError("what stands in brackets is not an IPv6 address") from None


def host(text: str) -> str:
    """A host's name as browsers send it and DNS knows it: lower case, international names as `xn--…`, no final dot."""
    name = text if text.isascii() else _to_ascii(text)
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if not name:
        raise ValueError("its host is missing")
    if not all(labels):
        raise ValueError("its host has an empty part between two dots, or before the first one")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("its host is no name of letters, digits, dots and hyphens, and no address")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise ValueError("its host ends in a number and is no address such as 192.0.2.7") from None
    return name


def _to_ascii(text: str) -> str:
    try:
        return hostnames.in_ascii(text.removesuffix("."))
    except UnicodeError:
        raise ValueError("its host holds characters that no international name may have") from None
