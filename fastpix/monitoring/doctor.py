"""`fastpix doctor`: looks at an installation as its operator would, and says what to do about what is not right."""

from __future__ import annotations

import json
import shutil
import ssl
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import sqlalchemy as sa

from fastpix import postgresql_server, schema_revision
from fastpix.backup import backup
from fastpix.config.settings import Settings
from fastpix.crypto import seal
from fastpix.db import CLOCKS_DIFFER, db, now
from fastpix.errors import FastpixError
from fastpix.jobs.models import FAILED, QUEUED, Job
from fastpix.mail import outbox, unsent
from fastpix.monitoring import encoder_ports, redis_answer
from fastpix.resources.audit import queries as audit
from fastpix.resources.organizations import domain as organizations
from fastpix.storage import instance as storage
from fastpix.storage import room
from fastpix.text import counting
from fastpix.video import speech, tools
from fastpix.web import health

State = Literal["ok", "warn", "fail"]
LATE = timedelta(minutes=2)
LATELY = timedelta(days=7)
NOTHING = 200 << 20  # bytes of free disk
SKEW_SECONDS = 5.0
ENCODERS = ("libx264", "aac")


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    name: str
    state: State
    text: str


def examine(settings: Settings, *, mail_to: str = "", seen: dict[str, Any] | None = None) -> Iterator[Finding]:
    """Every finding, one after the other. Needs an application context; changes nothing but `mail_to`'s inbox.

    `seen` is how a request that came by the public address looked (`health.seen`): with it none is sent, and what takes
    long on a large instance is left out.
    """
    is_page = seen is not None

    def mail(settings: Settings) -> Iterator[Finding]:
        yield from _mail(settings, mail_to)

    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        *([_database] if is_page else [_database, _database_file]),
        _clock,
        _organizations,
        _secret_key,
        _disk,
        _storage,
        _ffmpeg,
        _captions,
        _redis,
        _queue,
        _backup,
        *([] if is_page else [_public_url]),
        _live,
        mail,
    ]
    if seen is not None:
        yield _as_seen(settings, seen)
    try:
        postgresql_server.require(db.engine)
    except FastpixError as problem:
        yield Finding("database", "fail", str(problem))
        checks = [check for check in checks if check in ASK_NO_DATABASE]
    for check in checks:
        yield from _unharmed(check, settings)


def _unharmed(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """A check that fails itself is a finding, and the others go on."""
    try:
        yield from check(settings)
    except (FastpixError, OSError, sa.exc.SQLAlchemyError, subprocess.SubprocessError) as problem:
        name = check.__name__.strip("_").replace("_", " ")
        yield Finding(name, "fail", str(problem).splitlines()[0])
    finally:
        db.session.rollback()


def _database(settings: Settings) -> Iterator[Finding]:
    state, kind = schema_revision.state(), db.engine.dialect.name
    if state != "current":
        age = "from before the first release" if state == "unreleased" else f"{state} than this version's"
        yield Finding("database", "fail", f"Its schema is {age}. Run `fastpix upgrade`.")
        return
    if kind != "sqlite":
        there = db.session.execute(sa.select(sa.func.now())).scalar_one()
        skew = abs((there - now()).total_seconds())
        if skew > SKEW_SECONDS:
            yield Finding("clock", "fail", f"The database's clock differs by {skew:.0f} s. Set both by NTP.")
    yield Finding("database", "ok", f"{kind}, schema {schema_revision.current()}.")


def _database_file(_settings: Settings) -> Iterator[Finding]:
    """SQLite reads the whole file for it."""
    said = db.session.execute(sa.text("PRAGMA quick_check")).scalar() if db.engine.dialect.name == "sqlite" else "ok"
    if said != "ok":
        yield Finding("database", "fail", f"SQLite says: {said}. Put a backup back with `fastpix restore`.")


def _organizations(_settings: Settings) -> Iterator[Finding]:
    """None is without an admin by any path of ours; a row deleted by hand, or a fault of an earlier version, may leave one."""
    left = organizations.without_admin()
    for slug, members in left.items():
        who = f"has no admin among its {counting.counted(members, 'member')}" if members else "has nobody in it"
        cure = "set-role" if members else "invite"
        yield Finding(
            "organizations",
            "fail",
            f"{slug} {who}. Run `fastpix {cure} --organization {slug} --email … --role admin`.",
        )
    if not left:
        yield Finding("organizations", "ok", "Each has an admin.")


def _clock(_settings: Settings) -> Iterator[Finding]:
    """Whether the clock was set back since something was written."""
    latest = audit.latest()
    if latest is not None and latest > now() + CLOCKS_DIFFER:
        text = f"It says {now():%Y-%m-%d %H:%M} UTC, and the audit log's last row is of {latest:%Y-%m-%d %H:%M}: it was ahead, and"
        text += (
            " set back since. Let NTP set it. Rows of the log say what the clock read beside their own time until then."
        )
        yield Finding("clock", "warn", text)


def _backup(settings: Settings) -> Iterator[Finding]:
    made = backup.last(settings)
    if made is None:
        yield Finding("backup", "warn", "None was made of this instance yet. Run `fastpix backup FILE`, every day.")
        return
    days = (now() - made).days
    state: State = "warn" if now() - made > LATELY else "ok"
    ago = "less than a day" if days == 0 else "a day" if days == 1 else f"{days} days"
    yield Finding("backup", state, f"The last one was made {ago} ago ({made:%Y-%m-%d %H:%M} UTC).")


def _secret_key(settings: Settings) -> Iterator[Finding]:
    path = settings.instance_path / "secret_key"
    if settings.secret_key or not path.exists():
        yield Finding("secret key", "ok", "Given as a setting; keep a copy with the backups.")
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("secret key", "fail", f"Others can read {path}. Run: chmod 600 {path}")
    else:
        yield Finding("secret key", "ok", "Its owner's alone.")


def _disk(settings: Settings) -> Iterator[Finding]:
    yield _room("disk", shutil.disk_usage(settings.instance_path).free, f"the disk of {settings.instance_path}")


def _storage(settings: Settings) -> Iterator[Finding]:
    store = storage.get()
    said, free = store.check(), store.free_bytes()
    if said == "ok":
        said = room.sentence()
    if said != "ok":
        yield Finding("storage", "fail", said)
    elif free is None:
        yield Finding("storage", "ok", f"{settings.storage_url} takes and gives back.")
    else:
        yield _room("storage", free, "the disk of the media")


def _room(name: str, free: int, where: str) -> Finding:
    text = f"{free / (1 << 30):.1f} GiB are free on {where}."
    if free < NOTHING:
        return Finding(name, "fail", f"Only {text} Uploads and the database stop when it is full.")
    return Finding(name, "warn" if free < room.LITTLE else "ok", text)


def _ffmpeg(_settings: Settings) -> Iterator[Finding]:
    version = tools.version()
    command = [tools.ffmpeg(), "-hide_banner", "-encoders"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    if missing := [name for name in ENCODERS if name not in said]:
        yield Finding("ffmpeg", "fail", f"{tools.ffmpeg()} cannot encode {', '.join(missing)}. Unset FASTPIX_FFMPEG.")
    else:
        yield Finding("ffmpeg", "ok", f"{version} at {tools.ffmpeg()}.")


def _captions(settings: Settings) -> Iterator[Finding]:
    state: State = "fail" if (reason := speech.missing()) and settings.captions_model else "ok"
    yield Finding("captions", state, reason or f"Made with the speech model in {settings.captions_model}.")


def _redis(settings: Settings) -> Iterator[Finding]:
    yield from (Finding(*each) for each in redis_answer.looked_at(settings))


def _queue(_settings: Settings) -> Iterator[Finding]:
    waiting = sa.select(sa.func.count(Job.id), sa.func.min(Job.run_at)).where(
        Job.state == QUEUED, Job.run_at < now() - LATE
    )
    count, oldest = db.session.execute(waiting).one()
    failed = db.session.scalar(
        sa.select(sa.func.count(Job.id)).where(Job.state == FAILED, Job.created_at > now() - LATELY)
    )
    if count:
        minutes = (now() - oldest).total_seconds() / 60
        late = f"{counting.counted(count, 'job')} waiting too long, the oldest by {minutes:.0f} min"
        text = f"{late}. Does `fastpix worker` run, and keep up?"
        yield Finding("queue", "fail", text)
    elif failed:
        text = f"{counting.counted(failed, 'job')} of the last week gave up; media that failed say why on their page."
        yield Finding("queue", "warn", text)
    else:
        yield Finding("queue", "ok", "Nothing is late, and nothing gave up in a week.")


def _mail(settings: Settings, to: str) -> Iterator[Finding]:
    faults = unsent.faults()
    db.session.rollback()
    for is_still, text in faults:
        yield Finding("mail", "fail" if is_still else "warn", text)
    if not settings.smtp_url:
        text = "Not set up (FASTPIX_SMTP_URL): links are shown to pass on, and nobody is warned."
        yield Finding("mail", "warn", text)
        return
    if to:
        try:
            outbox.send_test(settings, to)
            yield Finding("mail", "ok", f"The mail server took a mail for {to}.")
        except FastpixError as problem:
            yield Finding("mail", "fail", str(problem))
    elif not faults:
        yield Finding("mail", "ok", "Set up; try it with --mail-to.")


def _live(settings: Settings) -> Iterator[Finding]:
    for name, state, text in encoder_ports.looked_at(settings):
        yield Finding(name, state, text)


def _public_url(settings: Settings) -> Iterator[Finding]:
    at = str(int(time.time()))
    headers = {health.DOCTOR: f"{at}.{seal.sign(health.DOCTOR, at)}"}
    asked = urllib.request.Request(f"{settings.public_url}/healthz", headers=headers)  # noqa: S310  # http or https
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310  # the setting allows no other scheme
            said, date = answer.read(4096), answer.headers.get("Date")
    except (urllib.error.URLError, ssl.SSLError, TimeoutError) as problem:
        reason = getattr(problem, "reason", problem)
        yield Finding("public address", "fail", f"{settings.public_url} does not answer: {reason}. Does fastpix run?")
        return
    try:
        seen = json.loads(said)
    except ValueError:
        yield Finding(
            "public address", "fail", f"Something else answers at {settings.public_url}, or another instance."
        )
        return
    skew = abs((parsedate_to_datetime(date) - now()).total_seconds()) if date else 0.0
    if skew > SKEW_SECONDS:
        yield Finding("clock", "fail", f"The clock at {settings.public_url} differs by {skew:.0f} s. Set both by NTP.")
    yield _as_seen(settings, seen)


def _as_seen(settings: Settings, seen: dict[str, Any]) -> Finding:
    """What a request that came by the public address looked like to the application."""
    hops, trusted = seen["hops"], settings.trusted_proxies
    proxies = counting.counted(hops, "proxy", "proxies")
    if hops < trusted:
        text = f"FASTPIX_TRUSTED_PROXIES is {trusted}, but requests came through {hops}: anybody can claim an address."
        return Finding("public address", "fail", f"{text} Set it to {hops}.")
    if hops > trusted:
        text = f"Requests came through {proxies}, and FASTPIX_TRUSTED_PROXIES is {trusted}: all visitors share one"
        return Finding("public address", "fail", f"{text} address in limits and logs. Set it to {hops}.")
    if seen["url"] != settings.public_url:
        text = f"A request for {settings.public_url} arrived as {seen['url']}. Let the proxy pass Host and X-Forwarded-Proto."
        return Finding("public address", "fail", text)
    return Finding("public address", "ok", f"{settings.public_url} answers, through {proxies}, from {seen['address']}.")


ASK_NO_DATABASE = frozenset({_secret_key, _disk, _storage, _ffmpeg, _captions, _redis, _backup, _public_url, _live})
