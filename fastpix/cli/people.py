"""`fastpix create-admin`, `invite`, `set-role`, `reset-password` ...: people of the instance and of its organizations."""

from __future__ import annotations

import sys

import click

from fastpix.access import table
from fastpix.accounts import operator
from fastpix.cli import context
from fastpix.errors import Misconfigured
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership, notifications
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.people import domain as people


@click.command("create-admin")
@click.option("--email", prompt=True, help="Mail address of the person.")
@click.option("--name", prompt=True, help="Name of the person.")
@click.option("--organization", prompt=True, help="Name of the new organization.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@context.plainly
def create_admin(email: str, name: str, organization: str, password_stdin: bool) -> None:
    """Make a person, an organization with them as its admin, and its workspaces production and development."""
    password = _password(password_stdin)
    with context.instance():
        slug = operator.create_admin(email, name, organization, password)
    click.echo(f"{email} is admin of {organization} ({slug}).")


@click.command("invite")
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--email", required=True, help="Mail address to invite.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="What the person may do.")
@click.option("--print", "print_link", is_flag=True, help="Print the link, to pass on yourself.")
@context.plainly
def invite(organization: str, email: str, role: str, print_link: bool) -> None:
    """Invite somebody to an organization."""
    with context.organization(organization, "invite"):
        result = invitations.invite([email], role)[0]
    if result["status"] != "invited":
        raise Misconfigured(f"{email}: {result['message']}")
    click.echo(result["link"] if print_link else f"{email}: {result['invitation']['delivery']}")


@click.command("set-role")
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--email", required=True, help="Mail address of the member.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="The member's role from now on.")
@context.plainly
def set_role(organization: str, email: str, role: str) -> None:
    """Rescue: set a member's role. Refuses to leave an organization without an admin."""
    with context.organization(organization, "set-role"):
        after = members.edit(context.member_of(email), table.checked_role(role))
    click.echo(f"{after['name']} is {after['role']} now.{notifications.shut_out_in_words([after])}")


@click.command("reset-password")
@click.option("--email", required=True, help="Mail address of the person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@context.plainly
def reset_password(email: str, password_stdin: bool) -> None:
    """Set a person's password and end all their sessions."""
    password = _password(password_stdin)
    with context.instance():
        operator.reset_password(email, password)
    click.echo(f"The password of {email} is set, and all their sessions ended.")


@click.command("reset-second-factor")
@click.option("--email", required=True, help="Mail address of the person.")
@context.plainly
def reset_second_factor(email: str) -> None:
    """Take a person's second factor away, for who lost app and recovery codes. They are mailed."""
    with context.instance():
        was_on = operator.reset_second_factor(email)
    state = "is taken away" if was_on else "was not turned on"
    click.echo(f"The second factor of {email} {state}, and all their sessions ended.")


@click.command("operator")
@click.argument("email")
@click.option("--remove", is_flag=True, help="Take it away again.")
@context.plainly
def name_operator(email: str, remove: bool) -> None:
    """Let a person see the system page, and try jobs again there."""
    with context.instance():
        operator.set_operator(email, not remove)
    click.echo(f"{email} is {'no longer ' if remove else ''}an operator of this instance.")


@click.command("list-users")
@context.plainly
def list_users() -> None:
    """List all people with their organizations and roles, and who is an operator."""
    with context.instance():
        for person in people.everybody():
            places = ", ".join(
                f"{s.slug}: {s.role}{f' ({s.closed})' if s.closed else ''}" for s in membership.of_person(person.id)
            )
            told = [person.email, person.name, places or "-", *(["operator"] if person.is_operator else [])]
            click.echo("\t".join(told))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise Misconfigured("Give --password-stdin and the password on standard input.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
