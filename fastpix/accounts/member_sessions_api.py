"""The browser sessions of members over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from fastpix.accounts import member_sessions
from fastpix.errors import Refused
from fastpix.web.api import Answer, Api, Moment

api = Api("member_sessions", __name__, "Members")


class MemberSessionOut(Answer):
    id: UUID
    browser: str = Field(description="In words, such as `Firefox on Windows`.")
    created_at: Moment
    last_seen_at: Moment


@api.operation(
    member_sessions.shown, "GET", "/iam/members/<memberId>/sessions", answer=MemberSessionOut, is_answer_list=True
)
def sessions(member_id: UUID) -> Any:
    """List the browser sessions of another member, who belongs to no other organization."""
    found = member_sessions.shown(member_id)
    if found.closed:
        raise Refused(found.closed)
    return found.rows


@api.operation(member_sessions.end, "DELETE", "/iam/members/<memberId>/sessions/<sessionId>")
def end_session(member_id: UUID, session_id: UUID) -> None:
    """End one browser session of a member."""
    member_sessions.end(member_id, session_id)


@api.operation(member_sessions.end_all, "DELETE", "/iam/members/<memberId>/sessions")
def end_sessions(member_id: UUID) -> None:
    """End all browser sessions of a member."""
    member_sessions.end_all(member_id)
