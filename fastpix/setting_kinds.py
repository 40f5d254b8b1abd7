"""How the text of a setting becomes its value. Each raises ValueError with what to give instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

OFF = "off"


def text(value: str) -> str:
    return value.strip()


def boolean(value: str) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ValueError("say true or false") from None


def number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"give a whole number from {least} to {most}")
        return int(value)

    return parse


requests = number(0, 10_000_000)


def one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip().lower() not in words:
            raise ValueError(f"give {', '.join(words[:-1])} or {words[-1]}")
        return value.strip().lower()

    return parse


log_level = one_of("debug", "info", "warning", "error", "critical")
log_format = one_of("text", "json")


def path(value: str) -> Path:
    if not value.strip():
        raise ValueError("give a folder")
    return Path(value.strip()).expanduser().resolve()


def http_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("give the address people type, such as https://video.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def database_url(value: str) -> str:
    value = value.strip()
    if value.startswith(("postgresql://", "postgres://")):
        value = "postgresql+psycopg://" + value.split("://", 1)[1]
    if value and not value.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError("give postgresql+psycopg://user:password@host/name or sqlite:////path/to/file")
    return value


def smtp_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme not in ("smtp", "smtps", "smtp+starttls") or not parts.hostname):
        raise ValueError(
            "give smtp://host:25, smtp+starttls://user:password@host:587 or smtps://user:password@host:465"
        )
    return value.strip()


def redis_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme not in ("redis", "rediss") or not parts.hostname):
        raise ValueError("give redis://:password@host:6379/0, or rediss:// for TLS")
    return value.strip()


def address(value: str) -> str:
    host, _, port = value.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("give host:port, such as 127.0.0.1:8000")
    return value.strip()


def address_or_off(value: str) -> str:
    return OFF if value.strip().lower() == OFF else address(value)


def loopback_or_off(value: str) -> str:
    """Whoever reaches it can end streams, so it must be of this machine alone."""
    found = address_or_off(value)
    if found != OFF and found.rpartition(":")[0].strip("[]") not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("give an address of this machine alone, such as 127.0.0.1:1936")
    return found


def rtmp_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme not in ("rtmp", "rtmps") or not parts.hostname or not parts.path.strip("/")):
        raise ValueError("give rtmp://host/live or rtmps://host/live")
    return value.strip().rstrip("/")


def other_host(value: str) -> str:
    return http_url(value) if value.strip() else ""


def storage_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and not (
        (parts.scheme == "s3" and parts.netloc) or (parts.scheme == "file" and parts.path.startswith("/"))
    ):
        raise ValueError("give s3://bucket/folder or file:///absolute/folder")
    return value.strip()


def internal_prefix(value: str) -> str:
    if value.strip() and not (value.strip().startswith("/") and value.strip().endswith("/")):
        raise ValueError("give a path that begins and ends with a slash, such as /_fastpix_media/")
    return value.strip()


def key(value: str) -> str:
    if value.strip() and (len(value.strip()) < 16 or not value.strip().isascii() or " " in value.strip()):
        raise ValueError("give at least 16 random characters without spaces, or leave it out")
    return value.strip()


def secret_key(value: str) -> str:
    if value and len(value.strip()) < 32:
        raise ValueError("give at least 32 random characters, or leave it out and one is made for you")
    return value.strip()
