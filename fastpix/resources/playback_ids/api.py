"""What the API does alike with the playback ids of media and of live streams. Each owner registers it with its verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from fastpix.resources.playback_ids import schemas
from fastpix.web.api import Api, parse_id

if TYPE_CHECKING:
    from fastpix.resources.playback_ids.models import PlaybackIdRow, Rule


class Verbs(Protocol):
    """The verbs of an owner's playback ids, such as those in media/playback_ids/domain.py."""

    get: Callable[..., PlaybackIdRow]
    restrict: Callable[..., Rule]
    delete: Callable[..., None]


def register(
    api: Api,
    verbs: Verbs,
    path: str,
    *,
    answer: type[BaseModel],
    tell: Callable[[PlaybackIdRow], dict[str, Any]] = schemas.playback_id,
    query: type[BaseModel],
    of: str,
    plays: str,
) -> None:
    """Register the operations below `path`. `tell` puts a playback id as the wire has it; `of` and `plays`
    end the summaries that the document has of them."""
    one = f"{path}/<playbackId>"

    @api.operation(verbs.get, "GET", one, answer=answer, summary=f"Get one playback id{of}")
    def get(playback_id: UUID, **address: Any) -> Any:
        return tell(verbs.get(**address, playback_id=playback_id))

    summary = f"Delete a playback id{of}; it is named in the query"

    @api.operation(verbs.delete, "DELETE", path, query=query, summary=summary)
    def delete(query: schemas.PlaybackIdQuery, **address: Any) -> None:
        verbs.delete(**address, playback_id=parse_id("playbackId", query.playback_id))

    def restrict(kind: str, body: schemas.RuleIn, address: dict[str, Any]) -> Any:
        return schemas.rule(verbs.restrict(**address, kind=kind, draft=body.as_draft()))

    summary, rule = f"Set on which domains {plays}", f"{one}/domains"

    @api.operation(verbs.restrict, "PATCH", rule, body=schemas.RuleIn, answer=schemas.RuleOut, summary=summary)
    def domains(body: schemas.RuleIn, **address: Any) -> Any:
        return restrict("domains", body, address)

    summary, rule = f"Set for which user agents {plays}", f"{one}/user-agents"

    @api.operation(verbs.restrict, "PATCH", rule, body=schemas.RuleIn, answer=schemas.RuleOut, summary=summary)
    def user_agents(body: schemas.RuleIn, **address: Any) -> Any:
        return restrict("userAgents", body, address)
