"""The instance as its operator sees it, and what they change there: what gave up or waits is tried again, jobs and mails.

Who the operator is says a flag on the person that only `fastpix operator` sets; no role has anything to do with it.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastpix import __version__
from fastpix.access import principal
from fastpix.access.action import describe, personal
from fastpix.config import instance_lock
from fastpix.config.settings import Settings
from fastpix.errors import FastpixError, Missing, Refused
from fastpix.jobs import queue
from fastpix.jobs.models import Job
from fastpix.mail import unsent
from fastpix.mail.models import WAITING
from fastpix.monitoring import doctor, gauges, logs
from fastpix.monitoring.doctor import Finding
from fastpix.resources.media import domain as media

SHOWN = 50
# A media that failed is no longer under way: it must be asked for anew, as its organization's admins do.
OF_MEDIA = frozenset({"media.ingest", "media.process"})


@dataclass(frozen=True)
class System:
    """What the page shows. `jobs`: {kind, waiting, running, failed}; `gave_up`: the newest of `gave_up_total`.

    `mails`: {error, count, since, is_waiting, is_refused}, mails that were not sent, by reason.
    """

    version: str
    python: str
    findings: list[Finding]
    measures: dict[str, float]
    jobs: list[dict[str, Any]]
    gave_up: list[dict[str, Any]]
    gave_up_total: int
    mails: list[dict[str, Any]]
    processes: list[instance_lock.Holder]

    @property
    def faults(self) -> int:
        """How many checks say that something is not right."""
        return sum(finding.state != "ok" for finding in self.findings)


@personal("instance.operate", changes=False)
def look(settings: Settings, seen: dict[str, Any]) -> System:
    """How the instance is; `seen` is how the present request looks from here. Raises `Missing` for who is no operator."""
    _demand()
    findings = list(doctor.examine(settings, seen=seen))
    taken = {measure.name: measure.values for measure in gauges.take()}
    by_kind: dict[str, dict[str, Any]] = {}
    for (kind, state), count in taken.pop("fastpix_jobs").items():
        by_kind.setdefault(kind, {"kind": kind})[state] = int(count)
    return System(
        version=__version__,
        python=platform.python_version(),
        findings=findings,
        measures={name: values[()] for name, values in taken.items()},
        jobs=[row for row in by_kind.values() if any(row[state] for state in ("waiting", "running", "failed"))],
        gave_up=[_as_dict(job) for job in queue.gave_up(SHOWN)],
        gave_up_total=sum(row["failed"] for row in by_kind.values()),
        mails=[_as_row(reason) for reason in unsent.reasons()],
        processes=instance_lock.holders(settings.instance_path),
    )


@personal("instance.operate")
def retry(job_id: UUID) -> str:
    """Try a job again that gave up; its kind. Raises `Missing` (also for who is no operator), `Refused`."""
    _demand()
    job = queue.find(job_id)
    if job is None:
        raise Missing("There is no such job.")
    describe("job", job.id, job.kind, before={"state": "failed"}, after={"state": "queued"})
    if job.kind in OF_MEDIA and job.organization_id is not None:
        _process_again(job)
    elif not queue.retry(job.id):
        raise Refused("This job has not given up: somebody tried it again before you.")
    return job.kind


@personal("instance.operate")
def send_mails(*, is_refused_too: bool) -> int:
    """Send now what waits or gave up, and what was refused if that is wanted; how many mails those are. Raises `Missing`."""
    if principal.current().kind != "system":  # the command
        _demand()
    count = unsent.send_again(is_refused_too=is_refused_too)
    describe("mail", "", "mails that were not sent", after={"sent_again": count, "refused_too": is_refused_too})
    return count


def _process_again(job: Job) -> None:
    """As the organization's admins would, in their audit log too; the new job takes the old one's place."""
    if not queue.forget(job.id):
        raise Refused("This job has not given up: somebody tried it again before you.")
    try:
        with principal.acting(principal.system("the operator", job.organization_id)):
            media.retry(UUID(job.args["media_id"]))
    except FastpixError as problem:
        raise Refused(f"This media cannot be processed again: {problem}") from None


def _demand() -> None:
    """As if there were no such page: not even an admin is told of it."""
    if not principal.current().is_operator:
        raise Missing("There is no such page.")


def _as_dict(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "error": logs.starred((job.error or "").strip()[:300]),
        "attempts": job.attempts,
        "at": job.finished_at,
    }


def _as_row(reason: unsent.Reason) -> dict[str, Any]:
    return {
        "error": logs.starred(reason.error[:300]),
        "count": reason.count,
        "since": reason.since,
        "is_waiting": reason.state == WAITING,
        "is_refused": not reason.is_of_set_up,
    }
