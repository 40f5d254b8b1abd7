"""Wire shapes of playlists, as FastPix's published clients parse them (docs/fastpix-contract.md, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer, Strict

from fastpix.resources.playlists.rules import MOST_MEDIA
from fastpix.web.api import Answer, Id, Moment, Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.playlists.models import PlaylistWithMedia

Type = Literal["manual", "smart"]
PlayOrder = Literal["createdDate ASC", "createdDate DESC"]
# The one form that old and new clients parse: docs/fastpix-contract.md, section 10, D1.
Seconds = Annotated[
    float, PlainSerializer(lambda seconds: f"{seconds:.3f}", return_type=str), Field(examples=["10.010"])
]


class DateRange(Wire):
    """Days (`2026-11-23`, UTC, the last one included) or moments (`2026-11-23T08:00:00Z`)."""

    start_date: str | None = Field(default=None, max_length=40)
    end_date: str | None = Field(default=None, max_length=40)


class DateRules(Wire):
    created_date: DateRange | None = None
    updated_date: DateRange | None = None


class PlaylistCreate(Wire):
    name: str = Field(min_length=1, max_length=255)
    reference_id: str = Field(min_length=1, max_length=255, description="Unique in the workspace.")
    type: Type
    description: str | None = Field(default=None, max_length=1000)
    limit: Annotated[int, Strict()] = Field(default=MOST_MEDIA, ge=1, le=MOST_MEDIA, description="Most media it holds.")
    play_order: PlayOrder | None = Field(default=None, description="Required for a smart playlist.")
    metadata: DateRules | None = Field(default=None, description="The rules of a smart playlist, required there.")

    def rules(self) -> dict[str, Any]:
        """The rules as the domain takes them, by the wire's names."""
        return self.metadata.model_dump(by_alias=True, exclude_none=True) if self.metadata else {}


class PlaylistEdit(Wire):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field(max_length=1000)


class MediaIds(Wire):
    media_ids: list[Id] = Field(min_length=1, max_length=MOST_MEDIA)


class PlaylistMedia(Sparse):
    id: UUID
    title: str | None = None
    creator_id: str | None = None
    status: str
    duration: Seconds | None = None
    source_resolution: str | None = None
    thumbnail: str | None = None
    created_at: Moment


class PlaylistRow(Answer):
    id: UUID
    name: str
    type: Type
    reference_id: str
    created_at: Moment
    media_count: int


class DateRangeOut(Sparse):
    start_date: str | None = None
    end_date: str | None = None


class DateRulesOut(Sparse):
    created_date: DateRangeOut | None = None
    updated_date: DateRangeOut | None = None


class PlaylistOut(Sparse):
    id: UUID
    name: str
    reference_id: str
    type: Type
    description: str
    play_order: PlayOrder | None = None
    metadata: DateRulesOut | None = None
    media_list: list[PlaylistMedia]
    media_count: int
    workspace_id: UUID
    created_at: Moment
    updated_at: Moment


def playlist(row: PlaylistWithMedia) -> dict[str, object]:
    """A playlist of the domain as the wire shows it."""
    media = [
        {**each, "title": each["title"] or None, "creator_id": each["creator_id"] or None} for each in row["media_list"]
    ]
    return {**row, "media_list": media, "play_order": row["play_order"] or None, "metadata": row["rules"] or None}
