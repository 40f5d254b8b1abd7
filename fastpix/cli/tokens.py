"""`fastpix create-token`: access tokens for the API."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import click

from fastpix.access import table
from fastpix.cli import context
from fastpix.db import now
from fastpix.errors import Missing
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.workspaces import domain as workspaces


@click.command("create-token")
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--workspace", required=True, help="Name, slug or id of the workspace.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="What the token may do at most.")
@click.option("--owner", required=True, help="Mail address of the member who owns the token.")
@click.option("--name", default="made by fastpix create-token", help="What uses the token.")
@click.option("--may-manage-people", is_flag=True, help="Let the token invite, edit and remove people.")
@click.option("--expires", type=click.IntRange(1, 3650), help="Days until it expires.")
@click.option("--json", "as_json", is_flag=True, help='Print {"id", "secret"}.')
@context.plainly
def create_token(
    organization: str,
    workspace: str,
    role: str,
    owner: str,
    name: str,
    may_manage_people: bool,
    expires: int | None,
    as_json: bool,
) -> None:
    """Make an access token for the API. Its secret is printed once."""
    with context.organization(organization, "create-token"):
        made = access_tokens.create(
            name,
            _workspace(workspace),
            role,
            may_manage_people,
            now() + timedelta(days=expires) if expires else None,
            owner_id=context.member_of(owner),
        )
    if as_json:
        click.echo(json.dumps({"id": str(made["id"]), "secret": made["secret"]}))
    else:
        click.echo(f"id:     {made['id']}\nsecret: {made['secret']}\nThe secret is not stored: keep it now.")


def _workspace(text: str) -> UUID:
    for row in workspaces.search():
        if text in (row["name"], row["slug"], str(row["id"])):
            found: UUID = row["id"]
            return found
    raise Missing(f"There is no workspace {text} in this organization.")
