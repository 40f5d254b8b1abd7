"""What the demo's organizations would have used by now: a year of storage, views that come and go, a past broadcast."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.live_streams.viewers.models import LiveViewerSample
from fastpix.resources.media.models import READY, Media
from fastpix.resources.usage import domain as usage
from fastpix.resources.usage.models import DAY, UsageDay

DAYS, MINUTES = 365, 75


def tell(workspace_id: UUID, seed: str) -> None:
    """Write the history of a workspace of the organization in scope. The same seed tells the same."""
    dice = random.Random(seed)  # numbers to look at, not a secret
    every = sa.select(Media.id, Media.size, Media.duration, Media.status).order_by(Media.title)
    held = db.session.execute(every).all()
    films = [one for one in held if one.status == READY]
    views = {film.id: [_views(dice, ago, weight) for ago in range(DAYS)] for weight, film in enumerate(films, 1)}
    for ago in range(1, DAYS):
        grown = 1 - ago / DAYS
        day = UsageDay(workspace_id=workspace_id, day=now().date() - timedelta(days=ago))
        day.stored_bytes = round(sum(one.size for one in held) * grown * (1 - 0.1 * math.sin(ago / 20)))
        day.stored_seconds = sum(film.duration or 0 for film in films) * grown
        day.media = round(len(held) * grown)
        day.views = sum(of[ago] for of in views.values())
        day.seconds = sum(views[film.id][ago] * (film.duration or 0.0) for film in films)
        db.session.add(day)
    db.session.flush()  # while the scope stamps them: the counts are written without one
    for film in films:
        _watched(workspace_id, film.id, film.duration or 0.0, views[film.id])
    _broadcast(workspace_id, dice)
    db.session.flush()


def _views(dice: random.Random, ago: int, weight: int) -> int:
    """Fewer at the weekend, more of late, and none on some days."""
    is_weekend = (now().date() - timedelta(days=ago)).weekday() >= 5
    usual = 40 * math.exp(-ago / 120) / weight * (0.4 if is_weekend else 1)
    return 0 if dice.random() < 0.06 else round(dice.uniform(0.5, 1.5) * usual)


def _watched(workspace_id: UUID, media_id: UUID, seconds: float, views: list[int]) -> None:
    organization_id = tenancy.organization_id()
    for ago, count in enumerate(views):
        if count:
            told = usage.Sum(media_id, workspace_id, organization_id, count, count * 2, count * seconds)
            with tenancy.everywhere("counts are written as delivery writes them, whoever they belong to"):
                if ago:
                    usage.put([told], DAY, usage.beginning(now().date() - timedelta(days=ago)))
                else:
                    usage.add([told])


def _broadcast(workspace_id: UUID, dice: random.Random) -> None:
    """A broadcast of yesterday: viewers come, stay and go."""
    stream_id = db.session.scalar(sa.select(LiveStream.id).order_by(LiveStream.created_at).limit(1))
    begun = (now() - timedelta(days=1)).replace(hour=19, minute=0, second=0, microsecond=0)
    over = begun + timedelta(minutes=MINUTES)
    past = LiveBroadcast(stream_id=stream_id, workspace_id=workspace_id, is_recorded=False, is_dvr=False)
    past.started_at, past.ended_at, past.settled_at, past.cleared_at = begun, over, over, over
    db.session.add(past)
    db.session.flush()
    for minute in range(MINUTES):
        watching = round(60 * math.sin(math.pi * (minute + 1) / (MINUTES + 4)) ** 0.5 + dice.uniform(0, 8))
        sample = LiveViewerSample(broadcast_id=past.id, workspace_id=workspace_id, viewers=watching)
        sample.at = begun + timedelta(minutes=minute)
        db.session.add(sample)
