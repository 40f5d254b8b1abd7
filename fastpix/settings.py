"""Every setting once: name, type, default and the sentence that the README's table prints.

Values come from `FASTPIX_<NAME>` in the environment, else from `settings.toml` in the instance folder, else from the
default. A secret may also be given as `FASTPIX_<NAME>_FILE`, the path of a file that holds it. Unknown names and
nonsense values stop the start with one line.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastpix.errors import Misconfigured

PREFIX = "FASTPIX_"
PROJECT = Path(__file__).resolve().parent.parent
# Client tools (FastPix's own SDK among them) read their credentials from these names: they are not ours.
FOREIGN = frozenset({"FASTPIX_USERNAME", "FASTPIX_PASSWORD", "FASTPIX_SECURITY"})


def _text(value: str) -> str:
    return value.strip()


def _boolean(value: str) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ValueError("say true or false") from None


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"give a whole number from {least} to {most}")
        return int(value)

    return parse


def _path(value: str) -> Path:
    if not value.strip():
        raise ValueError("give a folder")
    return Path(value.strip()).expanduser().resolve()


def _http_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("give the address people type, such as https://video.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _database_url(value: str) -> str:
    value = value.strip()
    if value.startswith(("postgresql://", "postgres://")):
        value = "postgresql+psycopg://" + value.split("://", 1)[1]
    if value and not value.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError("give postgresql+psycopg://user:password@host/name or sqlite:////path/to/file")
    return value


def _smtp_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and (parts.scheme not in ("smtp", "smtps", "smtp+starttls") or not parts.hostname):
        raise ValueError(
            "give smtp://host:25, smtp+starttls://user:password@host:587 or smtps://user:password@host:465"
        )
    return value.strip()


def _address(value: str) -> str:
    host, _, port = value.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("give host:port, such as 127.0.0.1:8000")
    return value.strip()


def _secret_key(value: str) -> str:
    if value and len(value.strip()) < 32:
        raise ValueError("give at least 32 random characters, or leave it out and one is made for you")
    return value.strip()


def _setting(default: Any, parse: Callable[[str], Any], sentence: str, *, secret: bool = False) -> Any:
    return dataclass_field(default=default, metadata={"parse": parse, "sentence": sentence, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """The settings of one instance, read-only. Field order is the order of the README's table."""

    instance_path: Path = _setting(
        PROJECT / "instance",
        _path,
        "Folder of the instance: database, secret key, media and locks of the default set-up.",
    )
    database_url: str = _setting(
        "",
        _database_url,
        "Database. Empty: SQLite in the instance folder. PostgreSQL: `postgresql+psycopg://user:password@host/name`.",
        secret=True,
    )
    public_url: str = _setting(
        "http://localhost:8000",
        _http_url,
        "The address people type. Every mailed link starts with it, and other Host headers are refused.",
    )
    bind: str = _setting("127.0.0.1:8000", _address, "Address and port the web server listens on.")
    trusted_proxies: int = _setting(
        0, _number(0, 10), "How many reverse proxies in front set X-Forwarded-For, -Proto and -Host. 0 trusts none."
    )
    secret_key: str = _setting(
        "",
        _secret_key,
        "Signs cookies and seals waiting mails. Empty: made once and kept in the instance.",
        secret=True,
    )
    smtp_url: str = _setting(
        "",
        _smtp_url,
        "Mail server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`. Empty: links are shown to pass on.",
        secret=True,
    )
    mail_from: str = _setting("", _text, "Sender of mails. Empty: `fastpix@` and the public address's host name.")
    invite_days: int = _setting(7, _number(1, 90), "Days an invite stays valid.")
    session_hours: int = _setting(12, _number(1, 720), "Hours a sign-in lasts without “keep me signed in”.")
    remember_days: int = _setting(30, _number(1, 365), "Days a sign-in lasts with “keep me signed in”.")
    organization_creation: bool = _setting(
        True, _boolean, "Whether a signed-in person may create a further organization (and be its admin)."
    )
    password_memory_kib: int = _setting(
        65536, _number(8, 1048576), "Memory of one password check (argon2id), in KiB. Lower it on very small machines."
    )
    sign_in_attempts: int = _setting(
        10,
        _number(1, 10000),
        "Tries of a password in 15 minutes from one network address to one account; times five for either of them alone.",
    )
    invites_per_hour: int = _setting(200, _number(1, 100000), "Invites one organization may send in an hour.")
    web_workers: int = _setting(2, _number(1, 64), "Web server processes.")
    web_threads: int = _setting(256, _number(1, 1024), "Threads of one web server process, started on demand.")
    log_level: str = _setting("info", _text, "How much is logged: debug, info, warning or error.")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.instance_path / 'fastpix.db'}"

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def host(self) -> str:
        """Host name of the public address, without port."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def sender(self) -> str:
        return self.mail_from or f"fastpix@{self.host}"

    @property
    def storage_path(self) -> Path:
        return self.instance_path / "media"


SETTINGS = fields(Settings)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings. Raises `Misconfigured` with one line naming the setting and what to give instead."""
    environ = os.environ if environ is None else environ
    given = _from_environment(environ)
    instance: Path = (
        _parse("instance_path", given["instance_path"]) if "instance_path" in given else PROJECT / "instance"
    )
    for name, text in _from_file(instance / "settings.toml").items():
        given.setdefault(name, text)
    return Settings(**{name: _parse(name, text) for name, text in given.items()})


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    known = {f.name: f for f in SETTINGS}
    given: dict[str, str] = {}
    for key, text in environ.items():
        if not key.startswith(PREFIX) or key in FOREIGN:
            continue
        name = key.removeprefix(PREFIX).lower()
        if name.endswith("_file") and (f := known.get(name.removesuffix("_file"))) and f.metadata["secret"]:
            given[f.name] = _read_secret(key, Path(text))
        elif name in known:
            given[name] = text
        else:
            raise Misconfigured(f"{key} is not a setting of fastpix. `fastpix settings` lists them all.")
    return given


def _read_secret(key: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as problem:
        raise Misconfigured(f"{key}: cannot read {path}: {problem.strerror}.") from None


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as problem:
        raise Misconfigured(f"{path}: {problem}.") from None
    known = {f.name for f in SETTINGS}
    for name in table:
        if name not in known:
            raise Misconfigured(f"{path}: {name} is not a setting of fastpix. `fastpix settings` lists them all.")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in table.items()}


def _parse(name: str, text: str) -> Any:
    field = next(f for f in SETTINGS if f.name == name)
    try:
        return field.metadata["parse"](text)
    except ValueError as problem:
        shown = "(not shown)" if field.metadata["secret"] else repr(text)
        raise Misconfigured(f"{PREFIX}{name.upper()}={shown}: {problem}.") from None


def secret_key(settings: Settings) -> str:
    """The key in force: the setting, else the instance's own, made on first use with mode 0600."""
    if settings.secret_key:
        return settings.secret_key
    return _kept_secret(settings.instance_path / "secret_key")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return key


def markdown_table() -> str:
    """The configuration table of the README."""
    rows = ["| setting | default | what it does |", "| --- | --- | --- |"]
    for f in SETTINGS:
        default = "`instance`" if f.name == "instance_path" else f"`{f.default}`" if f.default != "" else "empty"
        rows.append(f"| `{PREFIX}{f.name.upper()}` | {default} | {f.metadata['sentence']} |")
    return "\n".join(rows)
