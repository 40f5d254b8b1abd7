"""The organization over the HTTP API."""

from __future__ import annotations

from typing import Any

from fastpix.resources.organizations import domain
from fastpix.resources.organizations.schemas import Me, OrganizationEdit, OrganizationOut, PermissionOut
from fastpix.web.api import Api

api = Api("organizations", __name__, "Organization")


@api.operation(domain.me, "GET", "/iam/me", answer=Me)
def me() -> Any:
    """Who am I: token, role, organization, workspace and permissions."""
    answer = domain.me()
    actor = answer["actor"]
    return {
        "kind": actor.kind,
        "id": actor.token_id or actor.person_id,
        "name": actor.name.removeprefix("token "),
        "role": actor.role,
        "organization": answer["organization"],
        "workspace_id": actor.token_workspace_id,
        "may_manage_people": actor.may_manage_people,
        "expires_at": actor.expires_at,
        "permissions": answer["permissions"],
    }


@api.operation(domain.me, "POST", "/iam/auth/verify-basic", is_question=True)
def verify() -> None:
    """Is this access token good? 200 if it is, 401 if not."""
    domain.me()


@api.operation(domain.access_table, "GET", "/iam/permissions", answer=PermissionOut, is_answer_list=True)
def permissions() -> Any:
    """The role table, and which of its permissions this token has."""
    return domain.access_table()


@api.operation(domain.get, "GET", "/iam/organization", answer=OrganizationOut)
def get() -> Any:
    """Get the organization's details."""
    return domain.get()


@api.operation(domain.edit, "PATCH", "/iam/organization", body=OrganizationEdit, answer=OrganizationOut)
def edit(body: OrganizationEdit) -> Any:
    """Edit the organization's details and policies."""
    return domain.edit(**body.model_dump())
