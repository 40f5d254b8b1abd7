"""Wire shapes of changes of many media."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.resources.media.bulk.domain import MOST
from fastpix.web.api import Answer, Id, Wire


class BulkPrivacy(Wire):
    media_ids: list[Id] = Field(min_length=1, max_length=MOST, description="Media, each once.")
    access_policy: Literal["public", "private"] = Field(
        description="What plays under the other policy stops within seconds; each media keeps or gets a playback id of this one."
    )


class OutcomeOut(Answer):
    id: UUID
    name: str = Field(description="Empty where there is no such media here.")
    result: Literal["changed", "skipped"]
    reason: str = Field(description="Why a media was skipped; else empty.")
