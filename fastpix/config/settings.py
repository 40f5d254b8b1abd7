"""Every setting once: name, type, default and the sentence that the README's table prints.

Where their values come from is `sources`; how text becomes a value is `parsers`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastpix.config import instance_folder, mail_names, sources
from fastpix.config import parsers as kinds

PREFIX = sources.PREFIX
PACKAGE = Path(str(files("fastpix")))
# In a wheel the migrations lie inside the package, in a checkout beside it; so does then the instance.
IS_CHECKOUT = not (PACKAGE / "migrations").is_dir()
MIGRATIONS = (PACKAGE.parent if IS_CHECKOUT else PACKAGE) / "migrations"
INSTANCE = (PACKAGE.parent if IS_CHECKOUT else Path.cwd()) / "instance"


def _setting(default: Any, parse: Callable[[str], Any], sentence: str, *, secret: bool = False) -> Any:
    return dataclass_field(default=default, metadata={"parse": parse, "sentence": sentence, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """The settings of one instance, read-only. Field order is the order of the README's table."""

    instance_path: Path = _setting(
        INSTANCE,
        kinds.path,
        "Folder of the instance: database, secret key, media and locks of the default set-up.",
    )
    database_url: str = _setting(
        "",
        kinds.database_url,
        "Database. Empty: SQLite in the instance folder. PostgreSQL: `postgresql+psycopg://user:password@host/name`.",
        secret=True,
    )
    public_url: str = _setting(
        "http://localhost:8000",
        kinds.http_url,
        "The address people type. Every mailed link starts with it, and other Host headers are refused.",
    )
    bind: str = _setting("127.0.0.1:8000", kinds.address, "Address and port the web server listens on.")
    trusted_proxies: int = _setting(
        0,
        kinds.number(0, 10),
        "How many reverse proxies in front set X-Forwarded-For, -Proto and -Host. 0 trusts none.",
    )
    secret_key: str = _setting(
        "",
        kinds.secret_key,
        "Signs cookies, seals second factors, secrets of webhooks and stream targets, and waiting mails. "
        "Empty: made once and kept in the instance.",
        secret=True,
    )
    smtp_url: str = _setting(
        "",
        kinds.smtp_url,
        "Mail server: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`. Empty: links are shown to pass on.",
        secret=True,
    )
    mail_from: str = _setting(
        "",
        mail_names.sender,
        "Sender of mails, with a name or without: `Acme, Inc. <video@example.com>`. Empty: `fastpix@` and the public host.",
    )
    smtp_helo: str = _setting(
        "",
        mail_names.greeting,
        "Name with which the mail server is greeted (EHLO). Empty: the public address's host name, or this machine's address "
        "in brackets where that is no full name.",
    )
    local_mail_domains: str = _setting(
        "",
        kinds.domains,
        "Domains of people's addresses that the internet does not know, such as `firm.local, intern`. Empty: none are taken.",
    )
    storage_url: str = _setting(
        "",
        kinds.storage_url,
        "Where media lie. Empty: `media` in the instance folder. Another folder: `file:///…`. S3: `s3://bucket/folder`.",
    )
    storage_endpoint: str = _setting(
        "", kinds.s3_host, "Address of an S3 server other than Amazon's, such as `https://s3.example.com`."
    )
    storage_region: str = _setting("us-east-1", kinds.region, "Region of the S3 bucket.")
    storage_access_key: str = _setting("", kinds.storage_key, "Access key id for S3.", secret=True)
    storage_secret_key: str = _setting("", kinds.storage_key, "Secret access key for S3.", secret=True)
    upload_limit_gib: int = _setting(50, kinds.number(1, 5000), "Largest file that may be uploaded or fetched, in GiB.")
    disk_reserve_mib: int = _setting(
        512,
        kinds.number(0, 10_000_000),
        "Space on the disk of the media that stays free for the database, in MiB: uploads, fetched files and new broadcasts are "
        "refused, and processing waits, rather than touch it. 0: none.",
    )
    longest_media_hours: int = _setting(12, kinds.number(1, 48), "Longest video or audio that is taken, in hours.")
    fetch_allow_private: bool = _setting(
        False,
        kinds.boolean,
        "Whether media may be fetched from, and live streams pushed to, private, loopback and link-local addresses. "
        "Leave off unless all admins are trusted.",
    )
    ffmpeg: str = _setting("", kinds.text, "Path of ffmpeg. Empty: the one that came with the package.")
    captions_model: str = _setting("", kinds.folder, "Folder of the speech model for captions. Empty: none are made.")
    transcode_jobs: int = _setting(1, kinds.number(1, 32), "How many media one worker processes at the same time.")
    job_lease_seconds: int = _setting(
        15, kinds.number(2, 600), "Seconds after which another worker takes up the job of one that died."
    )
    stream_url: str = _setting(
        "", kinds.video_host, "A host of its own for playlists and segments. Empty: `/stream` under the public address."
    )
    images_url: str = _setting(
        "", kinds.image_host, "A host of its own for thumbnails. Empty: `/images` under the public address."
    )
    accel_prefix: str = _setting(
        "",
        kinds.internal_prefix,
        "Path of an internal nginx location over the media folder: files are then sent by nginx (X-Accel-Redirect).",
    )
    live_bind: str = _setting(
        "127.0.0.1:1935",
        kinds.address_or_off,
        "Address and port on which encoders publish live streams (RTMP). `0.0.0.0:1935` for other machines; `off`: none.",
    )
    live_url: str = _setting(
        "",
        kinds.rtmp_url,
        "Server address that people paste into an encoder, `rtmp://` or `rtmps://`. Empty: the public host and the port above.",
    )
    srt_bind: str = _setting(
        "",
        kinds.address_or_off_or_empty,
        "Address and UDP port on which encoders publish by SRT, where the system has libsrt. Empty: port 1945 of the host in "
        "`FASTPIX_LIVE_BIND`; `off`: none.",
    )
    srt_url: str = _setting(
        "", kinds.srt_url, "The same for SRT: `srt://host:port`. Empty: the public host and the port above."
    )
    live_streams: int = _setting(
        20, kinds.number(1, 1000), "How many live streams may be on air here at the same time."
    )
    live_callbacks: str = _setting(
        "off",
        kinds.loopback_or_off,
        "Address and port on which nginx-rtmp asks whether an encoder may publish, such as `127.0.0.1:1936`. `off`: not used.",
    )
    live_relay_url: str = _setting(
        "rtmp://127.0.0.1:1935/live", kinds.rtmp_url, "Where nginx-rtmp gives out the streams that it took in."
    )
    invite_days: int = _setting(7, kinds.number(1, 90), "Days an invite stays valid.")
    session_hours: int = _setting(12, kinds.number(1, 720), "Hours a sign-in lasts without “keep me signed in”.")
    remember_days: int = _setting(30, kinds.number(1, 365), "Days a sign-in lasts with “keep me signed in”.")
    organization_creation: bool = _setting(
        True, kinds.boolean, "Whether a signed-in person may create a further organization (and be its admin)."
    )
    password_memory_kib: int = _setting(
        65536,
        kinds.number(8, 1048576),
        "Memory of one password check (argon2id), in KiB. Lower it on very small machines.",
    )
    sign_in_attempts: int = _setting(
        10,
        kinds.number(0, 10000),
        "Tries of a password in 15 minutes from one network address to one account; five times that per address and per "
        "account. 0 turns a limit off, here and below.",
    )
    invites_per_hour: int = _setting(
        200,
        kinds.number(0, 100000),
        "Invites one organization, and one person, may send in an hour; ten of them to one address. 0: no limit, also not for an address.",
    )
    waiting_uploads_per_token: int = _setting(250, kinds.requests, "Addresses of uploads one token may have waiting.")
    waiting_uploads_per_organization: int = _setting(1000, kinds.requests, "The same with all its people and tokens.")
    requests_per_token: int = _setting(600, kinds.requests, "API requests a minute with one access token.")
    requests_per_organization: int = _setting(3000, kinds.requests, "API requests a minute with all its tokens.")
    requests_per_person: int = _setting(600, kinds.requests, "Pages a minute of one signed-in person.")
    requests_per_address: int = _setting(
        300,
        kinds.requests,
        "Requests a minute from one address (IPv6: /64) without sign-in or with a wrong token, but for videos and pictures.",
    )
    redis_url: str = _setting(
        "",
        kinds.redis_url,
        "Where the limits are counted, for several machines: `redis://:password@host:6379/0`. Empty: in the database.",
        secret=True,
    )
    metrics_key: str = _setting(
        "",
        kinds.key,
        "Opens `/metrics` for Prometheus (`Authorization: Bearer KEY`). Empty: there is no such page.",
        secret=True,
    )
    web_workers: int = _setting(2, kinds.number(1, 64), "Web server processes.")
    web_threads: int = _setting(256, kinds.number(1, 1024), "Threads of one web server process, started on demand.")
    log_level: str = _setting("info", kinds.log_level, "How much is logged: debug, info, warning, error or critical.")
    log_format: str = _setting(
        "text", kinds.log_format, "How it is logged, on standard error: `text`, or `json`, one object a line."
    )

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.instance_path / 'fastpix.db'}"

    @property
    def disk_reserve(self) -> int:
        """In bytes."""
        return self.disk_reserve_mib << 20

    @property
    def local_domains(self) -> list[str]:
        """Domains that may stand in people's addresses though only this network knows them."""
        return [domain for domain in self.local_mail_domains.split(", ") if domain]

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
        """Where local storage lies, and the scratch folders of the other kinds."""
        return self.instance_path / "media"

    @property
    def upload_limit(self) -> int:
        """In bytes."""
        return self.upload_limit_gib << 30

    @property
    def longest_media_seconds(self) -> float:
        return self.longest_media_hours * 3600.0

    @property
    def stream_base(self) -> str:
        return self.stream_url or f"{self.public_url}/stream"

    @property
    def images_base(self) -> str:
        return self.images_url or f"{self.public_url}/images"


SETTINGS = fields(Settings)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings. Raises `Misconfigured` with one line naming the setting and what to give instead."""
    environ = os.environ if environ is None else environ
    return Settings(**sources.read(SETTINGS, environ, INSTANCE))


def secret_key(settings: Settings) -> str:
    """The key in force: the setting, else the instance's own, made on first use with mode 0600."""
    if settings.secret_key:
        return settings.secret_key
    return _kept_secret(settings.instance_path / "secret_key")


def _kept_secret(path: Path) -> str:
    """The secret in a file, made by whoever comes first; processes that start together agree on one."""
    instance_folder.make(path.parent)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed: nobody reads a file that is not written yet
        if kept := file.read().strip():
            return kept
        key = secrets.token_urlsafe(48)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
        return key


def markdown_table() -> str:
    """The configuration table of the README."""
    rows = ["| setting | default | what it does |", "| --- | --- | --- |"]
    for f in SETTINGS:
        default = "`instance`" if f.name == "instance_path" else f"`{f.default}`" if f.default != "" else "empty"
        rows.append(f"| `{PREFIX}{f.name.upper()}` | {default} | {f.metadata['sentence']} |")
    return "\n".join(rows)
