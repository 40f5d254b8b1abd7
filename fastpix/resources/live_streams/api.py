"""Live streams over the HTTP API (docs/fastpix-contract.md, section 4, L1 to L9)."""

from __future__ import annotations

from typing import Any

from fastpix.resources.live_streams import domain, queries, schemas
from fastpix.resources.live_streams.viewers import queries as viewers
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api

api = Api("live_streams", __name__, "Live streams")
ALL = "/live/streams"
ONE = f"{ALL}/<streamId>"


@api.operation(domain.create, "POST", ALL, body=schemas.StreamCreate, answer=schemas.LiveStreamOut, status=201)
def create(body: schemas.StreamCreate) -> Any:
    """Create a live stream in the token's workspace."""
    return schemas.stream(domain.create(workspaces.of_token(), body.options()))


@api.operation(queries.listed, "GET", ALL, query=schemas.StreamQuery, answer=schemas.LiveStreamOut, is_list=True)
def index(query: schemas.StreamQuery) -> Any:
    """List the live streams of the token's workspace."""
    asked = {"query": query.query, "status": query.status}
    rows, total = queries.listed(workspaces.of_token(), query.offset, query.limit, query.order_by == "asc", **asked)
    return [schemas.stream(row) for row in rows], total


@api.operation(domain.get, "GET", ONE, answer=schemas.LiveStreamOut)
def get(stream_id: str) -> Any:
    """Get one live stream."""
    return schemas.stream(domain.get(stream_id))


@api.operation(domain.edit, "PATCH", ONE, body=schemas.StreamEdit, answer=schemas.LiveStreamEdited)
def edit(stream_id: str, body: schemas.StreamEdit) -> Any:
    """Change a live stream's metadata or reconnect window."""
    return schemas.stream(domain.edit(stream_id, metadata=body.metadata, reconnect_window=body.reconnect_window))


@api.operation(domain.delete, "DELETE", ONE)
def delete(stream_id: str) -> None:
    """Delete a live stream; what it recorded stays."""
    domain.delete(stream_id)


@api.operation(domain.enable, "PUT", f"{ONE}/live-enable")
def enable(stream_id: str) -> None:
    """Let a disabled live stream be published to again."""
    domain.enable(stream_id)


@api.operation(domain.disable, "PUT", f"{ONE}/live-disable")
def disable(stream_id: str) -> None:
    """Cut off who publishes a live stream, and let nobody publish."""
    domain.disable(stream_id)


@api.operation(domain.finish, "PUT", f"{ONE}/finish")
def finish(stream_id: str) -> None:
    """End the broadcast of an active live stream now."""
    domain.finish(stream_id)


@api.operation(domain.reset_key, "POST", f"{ONE}/reset-key", answer=schemas.LiveStreamOut)
def reset_key(stream_id: str) -> Any:
    """Give a live stream new keys and secrets (an addition to FastPix's API)."""
    return schemas.stream(domain.reset_key(stream_id))


@api.operation(viewers.count, "GET", f"{ONE}/viewer-count", answer=schemas.Views)
def viewer_count(stream_id: str) -> Any:
    """Count who watches a live stream just now, approximately."""
    return {"views": viewers.count(stream_id)}
