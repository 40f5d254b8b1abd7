"""The audit log over the HTTP API."""

from __future__ import annotations

from typing import Any

from fastpix.resources.audit import domain
from fastpix.resources.audit.queries import Filter
from fastpix.resources.audit.schemas import AuditOut, AuditQuery
from fastpix.web.api import Api

api = Api("audit", __name__, "Audit log")


@api.operation(domain.listed, "GET", "/iam/audit", query=AuditQuery, answer=AuditOut, is_list=True)
def index(query: AuditQuery) -> Any:
    """List the audit log of the organization, newest first."""
    filter_by = Filter(
        actor=query.actor_id.replace("\0", ""),
        action=query.action.replace("\0", ""),
        result=query.result,
        door=query.door,
        kind=query.target_kind.replace("\0", ""),
        thing=query.target_id.replace("\0", ""),
        workspace=query.workspace_id,
        since=query.since,
        until=query.until,
    )
    return domain.listed(filter_by, query.offset, query.limit)
