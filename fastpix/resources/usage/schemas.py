"""Wire shapes of usage. FastPix's API has none of it: these are fastpix's own."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from fastpix.resources.usage.queries import MOST_AT_ONCE
from fastpix.web.api import Answer, Id, Moment, Wire

_MEASURED = f"Today's is as of now; with more than {MOST_AT_ONCE:,} media in all it was measured within the last hour."


class MediaUsageQuery(Wire):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    days: int = Field(default=30, ge=1, le=366, description="How many days, today (UTC) the last of them.")


class UsageQuery(MediaUsageQuery):
    workspace_id: Id | None = Field(default=None, description="Only this workspace.")


class MediaUsageOut(Answer):
    day: date = Field(description="The day, in UTC.")
    views: int = Field(description="How often a player started, and was sent video.")
    seconds: float = Field(serialization_alias="deliveredSeconds", description="Seconds of video sent to players.")


class UsageOut(MediaUsageOut):
    stored_bytes: int = Field(
        description=f"Bytes that the media take, originals included, at the end of the day. {_MEASURED}"
    )
    stored_seconds: float = Field(description=f"Length of all media at the end of the day. {_MEASURED}")
    media: int = Field(description="How many media there were at the end of the day; today, now.")


class SampleOut(Answer):
    at: Moment
    viewers: int


class AudienceOut(Answer):
    id: Id = Field(serialization_alias="broadcastId")
    started_at: Moment
    ended_at: Moment | None
    most_viewers: int
    samples: list[SampleOut] = Field(
        description="How many watched, once a minute while it was on air; of the last 24 hours of the broadcast."
    )
