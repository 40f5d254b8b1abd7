"""Usage over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.live_streams.viewers import queries as viewers
from fastpix.resources.usage import queries
from fastpix.resources.usage.schemas import AudienceOut, MediaUsageOut, MediaUsageQuery, UsageOut, UsageQuery
from fastpix.web.api import Api

api = Api("usage", __name__, "Usage")


@api.operation(queries.history, "GET", "/iam/usage", query=UsageQuery, answer=UsageOut, is_answer_list=True)
def index(query: UsageQuery) -> Any:
    """List storage, views and minutes delivered of the last days, oldest first."""
    return queries.history(query.days, query.workspace_id).days


@api.operation(
    queries.of_media,
    "GET",
    "/iam/usage/media/<mediaId>",
    query=MediaUsageQuery,
    answer=MediaUsageOut,
    is_answer_list=True,
)
def media(media_id: UUID, query: MediaUsageQuery) -> Any:
    """List views and minutes delivered of a media on the last days, oldest first."""
    return queries.of_media(media_id, query.days)


@api.operation(viewers.audiences, "GET", "/iam/usage/live/<streamId>", answer=AudienceOut, is_answer_list=True)
def audiences(stream_id: str) -> Any:
    """List how many watched the latest broadcasts of a live stream, newest first."""
    return viewers.audiences(stream_id)
