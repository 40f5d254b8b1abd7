"""The buttons on a person's page that end their sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.accounts import member_sessions
from fastpix.errors import Refused
from fastpix.text.counting import counted
from fastpix.web.pages import Pages, go, turn_back

pages = Pages("member_sessions", __name__, "/members")


@pages.page(member_sessions.end, "POST", "/<uuid:member_id>/sessions/<uuid:session_id>/end")
def end(member_id: UUID, session_id: UUID) -> Any:
    try:
        member_sessions.end(member_id, session_id)
    except Refused as problem:  # there is no form that could come back
        return turn_back(problem, "members.detail", **_there(member_id))
    return go("members.detail", "The session has ended.", **_there(member_id))


@pages.page(member_sessions.end_all, "POST", "/<uuid:member_id>/sessions/end")
def end_all(member_id: UUID) -> Any:
    try:
        count = member_sessions.end_all(member_id)
    except Refused as problem:
        return turn_back(problem, "members.detail", **_there(member_id))
    return go("members.detail", f"{counted(count, 'session')} ended.", **_there(member_id))


def _there(member_id: UUID) -> dict[str, Any]:
    return {"member_id": member_id, "back": request.args.get("back")}
