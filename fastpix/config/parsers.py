"""How the text of a setting becomes its value. Each raises ValueError with what to give instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import normpath
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from fastpix.config import addresses

OFF = "off"
HTTP_PORTS = {"http": 80, "https": 443}
# The first is SQLAlchemy's name for PostgreSQL with psycopg.
POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")
REDIS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


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
        if not re.fullmatch(r"[0-9]{1,20}", value.strip()) or not least <= int(value) <= most:
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
    try:
        return Path(value.strip()).expanduser().resolve()
    except (OSError, RuntimeError):  # a name of a user that is not there; links in a circle
        raise ValueError("give a folder that can be there") from None


def folder(value: str) -> str:
    """A full path, or nothing: whether it is there is seen when it is needed."""
    return str(path(value)) if value.strip() else ""


def http_url(value: str, what: str = "the address people type, such as https://video.example.com") -> str:
    """As browsers send it: they write name and scheme small, international names as `xn--…`, and no usual port."""
    cure = f"give {what}, without a path"
    address = _split(value, ("http", "https"), cure)
    if address.rest not in ("", "/"):
        raise ValueError(cure)
    if address.has_credentials:
        raise ValueError(f"{cure}, a name or a password")
    port = None if address.port == HTTP_PORTS[address.scheme] else address.port
    return str(replace(address, port=port, rest=""))


def _other_host(what: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        return http_url(value, what) if value.strip() else ""

    return parse


s3_host = _other_host("the address of the S3 server, such as https://s3.example.com")
video_host = _other_host("the address of the host of playlists and segments, such as https://stream.example.com")
image_host = _other_host("the address of the host of pictures, such as https://images.example.com")


def database_url(value: str) -> str:
    """Empty, or an address that SQLAlchemy takes: what is wrong in it must not wait for the first connection."""
    cure = "give postgresql+psycopg://user:password@host/name or sqlite:////path/to/file"
    value = value.strip()
    if value.startswith("sqlite:///"):
        if value == "sqlite:///" or ":memory:" in value or "?" in value:
            raise ValueError(f"it must name a file, with nothing after it; {cure}")
        return value
    if not value:
        return ""
    address = _split(value, POSTGRESQL, cure, needs_host=False)
    path, _, query = address.rest.partition("?")
    if "#" in address.rest or path.count("/") > 1:
        raise ValueError(f"nothing but the database's name and options may follow its host; {cure}")
    _check_postgresql_options(query)
    return str(replace(address, scheme=POSTGRESQL[0]))


def _check_postgresql_options(query: str) -> None:
    import psycopg  # needs its time to load, and only who uses PostgreSQL has to wait for it
    import psycopg.conninfo

    options = parse_qsl(query, keep_blank_values=True)
    try:
        psycopg.conninfo.make_conninfo(**dict(options))
    except psycopg.Error:
        raise ValueError("what stands after its ? is no option of PostgreSQL; ?sslmode=require is one") from None


def smtp_url(value: str) -> str:
    cure = "give smtp://host:25, smtp+starttls://user:password@host:587 or smtps://user:password@host:465"
    if not value.strip():
        return ""
    address = _split(value, ("smtp", "smtps", "smtp+starttls"), cure)
    if address.rest not in ("", "/"):
        raise ValueError(f"nothing may follow its host and port; {addresses.RESERVED}; {cure}")
    return str(replace(address, rest=""))


def domains(value: str) -> str:
    names = [name.lower().strip(".@") for name in re.split(r"[,;\s]+", value.strip()) if name]
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    if not all(re.fullmatch(rf"{label}(\.{label})*", name) for name in names):
        raise ValueError("give names of domains, separated by commas, such as firm.local, intern")
    return ", ".join(names)


def redis_url(value: str) -> str:
    cure = "give redis://:password@host:6379/0, or rediss:// for TLS"
    if not value.strip():
        return ""
    address = _split(value, ("redis", "rediss"), cure)
    path, _, query = address.rest.partition("?")
    if not re.fullmatch(r"/?[0-9]{0,4}", path):
        raise ValueError(f"after its host and port comes the number of a database; {addresses.RESERVED}; {cure}")
    wrong = [name for name, _ in parse_qsl(query, keep_blank_values=True) if name not in REDIS_OPTIONS]
    if wrong or (query and address.scheme == "redis"):
        raise ValueError(f"after a ? only {', '.join(REDIS_OPTIONS)} may stand, with rediss://; {cure}")
    return str(address)


def address(value: str) -> str:
    """`host:port` to listen on."""
    cure = "give host:port, such as 127.0.0.1:8000 or [::1]:8000"
    try:
        host, port = addresses.host_and_port(value.strip())
    except ValueError as problem:
        raise ValueError(f"{problem}; {cure}") from None
    if port is None:
        raise ValueError(cure)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address_or_off(value: str) -> str:
    return OFF if value.strip().lower() == OFF else address(value)


def address_or_off_or_empty(value: str) -> str:
    return address_or_off(value) if value.strip() else ""


def loopback_or_off(value: str) -> str:
    """Whoever reaches it can end streams, so it must be of this machine alone."""
    found = address_or_off(value)
    if found != OFF and found.rpartition(":")[0].strip("[]") not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("give an address of this machine alone, such as 127.0.0.1:1936")
    return found


def rtmp_url(value: str) -> str:
    cure = "give rtmp://host/live or rtmps://host/live"
    if not value.strip():
        return ""
    address = _split(value, ("rtmp", "rtmps"), cure)
    if address.has_credentials or not re.fullmatch(r"(/[^\s/?#\\]+)+/*", address.rest):
        raise ValueError(cure)
    return str(replace(address, rest=address.rest.rstrip("/")))


def srt_url(value: str) -> str:
    cure = "give srt://host:port"
    if not value.strip():
        return ""
    address = _split(value, ("srt",), cure)
    if address.has_credentials or address.port is None or address.rest.strip("/"):
        raise ValueError(cure)
    return str(replace(address, rest=""))


def storage_url(value: str) -> str:
    """What a bucket and a folder may be called, the storage says when it is opened."""
    value = value.strip()
    scheme, _, rest = value.partition("://")
    is_ours = (scheme == "s3" and rest[:1] not in ("", "/")) or (scheme == "file" and rest.startswith("/"))
    if value and (not is_ours or re.search(r"[@?#\\]", rest)):
        raise ValueError(
            "give s3://bucket/folder or file:///absolute/folder, without keys; write ? # and @ as %3F %23 %40"
        )
    if scheme == "file" and Path(normpath(unquote(rest))) in (Path("/"), Path("//")):
        raise ValueError("it is the whole disk; give a folder of its own, such as file:///srv/fastpix")
    return value


def region(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{0,60}", value.strip()):
        raise ValueError("give a region such as eu-central-1")
    return value.strip()


def storage_key(value: str) -> str:
    if not re.fullmatch(r"[!-~]*", value.strip()):
        raise ValueError("give the key as the provider shows it, of ASCII characters without spaces")
    if _is_example(value.strip()):
        raise ValueError("it stands in an example, so that anybody knows it; give the key of your own store")
    return value.strip()


def _split(value: str, schemes: Sequence[str], cure: str, *, needs_host: bool = True) -> addresses.Address:
    try:
        address = addresses.split(value.strip(), schemes, needs_host=needs_host)
    except ValueError as problem:
        raise ValueError(f"{problem}; {cure}") from None
    if _is_example(address.password or ""):
        raise ValueError("its password stands in an example, so that anybody knows it; make one of your own")
    return address


def internal_prefix(value: str) -> str:
    """That it is none of our own addresses is looked at when these are known: `startup_checks`."""
    if value.strip() and not re.fullmatch(r"/[!-.0-~][!-~]*/", value.strip()):
        raise ValueError("give a path that begins and ends with a slash, such as /_fastpix_media/")
    return value.strip()


def key(value: str) -> str:
    if value.strip() and (len(value.strip()) < 16 or not value.strip().isascii() or " " in value.strip()):
        raise ValueError("give at least 16 random characters without spaces, or leave it out")
    if _is_known(value.strip()):
        raise ValueError(f"{_KNOWN}; give random characters, or leave it out")
    return value.strip()


def secret_key(value: str) -> str:
    if value and len(value.strip()) < 32:
        raise ValueError("give at least 32 random characters, or leave it out and one is made for you")
    if _is_known(value.strip()):
        raise ValueError(f"{_KNOWN}; give random characters, or leave it out and one is made for you")
    return value.strip()


_KNOWN = "it stands in an example, or is one character again and again, so that anybody knows it"


def _is_known(key: str) -> bool:
    """Whether nobody has to guess: a line of our own examples, or of no chance at all."""
    return bool(key) and (len(set(key)) == 1 or _is_example(key))


def _is_example(secret: str) -> bool:
    return re.match(r"change[ _-]?me", secret, re.IGNORECASE) is not None
