"""`fastpix`: the operator's commands. Thin: each calls the domain as a named system actor."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import UUID

import click

from fastpix import __version__, operating, programs, settings, supervisor
from fastpix.access import table, tenancy
from fastpix.accounts import operator
from fastpix.app import create_app
from fastpix.db import now
from fastpix.errors import Misconfigured, Missing
from fastpix.keeping import commands, upgrade
from fastpix.mail import outbox
from fastpix.proof.command import access
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.members import domain as members
from fastpix.resources.members import invitations, standing
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces
from fastpix.upkeep import audit, examine, fill_demo, storage


@click.group(help="The video platform organization you run yourself.")
@click.version_option(__version__)
def main() -> None:
    pass


@main.command()
@operating.plainly
def up() -> None:
    """Start everything: make the instance, migrate, run web server, worker and live ingest until Ctrl-C."""
    given = settings.load()
    sys.exit(supervisor.up(given, before=lambda: _prepare(given)))


@main.command()
@operating.plainly
def web() -> None:
    """Run the web server alone."""
    given = settings.load()
    supervisor.require_free(given.bind)
    programs.web(given)


@main.command()
@operating.plainly
def worker() -> None:
    """Run the worker alone: mails and other background jobs."""
    sys.exit(programs.worker(settings.load()))


@main.command()
@operating.plainly
def live() -> None:
    """Run live ingest alone: takes in what encoders publish."""
    sys.exit(programs.live(settings.load()))


@main.command("settings")
@operating.plainly
def show_settings() -> None:
    """List every setting with the value in force (secrets hidden) and what it does."""
    given = settings.load()
    for field in settings.SETTINGS:
        value = getattr(given, field.name)
        shown = "(hidden)" if field.metadata["secret"] and value else value
        click.echo(f"{settings.PREFIX}{field.name.upper()}={shown}\n    {field.metadata['sentence']}")


@main.command("create-admin")
@click.option("--email", prompt=True, help="Mail address of the person.")
@click.option("--name", prompt=True, help="Name of the person.")
@click.option("--organization", prompt=True, help="Name of the new organization.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@operating.plainly
def create_admin(email: str, name: str, organization: str, password_stdin: bool) -> None:
    """Make a person, an organization with them as its admin, and its workspaces production and development."""
    password = _password(password_stdin)
    with operating.instance():
        slug = operator.create_admin(email, name, organization, password)
    click.echo(f"{email} is admin of {organization} ({slug}).")


@main.command("create-token")
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--workspace", required=True, help="Name, slug or id of the workspace.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="What the token may do at most.")
@click.option("--owner", required=True, help="Mail address of the member who owns the token.")
@click.option("--name", default="made by fastpix create-token", help="What uses the token.")
@click.option("--may-manage-people", is_flag=True, help="Let the token invite, edit and remove people.")
@click.option("--expires", type=click.IntRange(1, 3650), help="Days until it expires.")
@click.option("--json", "as_json", is_flag=True, help='Print {"id", "secret"}.')
@operating.plainly
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
    with operating.organization(organization, "create-token"):
        made = access_tokens.create(
            name,
            _workspace(workspace),
            role,
            may_manage_people,
            now() + timedelta(days=expires) if expires else None,
            owner_id=_member(owner),
        )
    if as_json:
        click.echo(json.dumps({"id": str(made["id"]), "secret": made["secret"]}))
    else:
        click.echo(f"id:     {made['id']}\nsecret: {made['secret']}\nThe secret is not stored: keep it now.")


@main.command()
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--email", required=True, help="Mail address to invite.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="What the person may do.")
@click.option("--print", "print_link", is_flag=True, help="Print the link, to pass on yourself.")
@operating.plainly
def invite(organization: str, email: str, role: str, print_link: bool) -> None:
    """Invite somebody to an organization."""
    with operating.organization(organization, "invite"):
        result = invitations.invite([email], role)[0]
    if result["status"] != "invited":
        raise Misconfigured(f"{email}: {result['message']}")
    click.echo(result["link"] if print_link else f"{email}: {result['invitation']['delivery']}")


@main.command("set-role")
@click.option("--organization", required=True, help="Slug of the organization.")
@click.option("--email", required=True, help="Mail address of the member.")
@click.option("--role", type=click.Choice(table.ROLES), required=True, help="The member's role from now on.")
@operating.plainly
def set_role(organization: str, email: str, role: str) -> None:
    """Rescue: set a member's role. Refuses to leave an organization without an admin."""
    with operating.organization(organization, "set-role"):
        after = members.edit(_member(email), members.checked_role(role))
    click.echo(f"{after['name']} is {after['role']} now.")


@main.command("reset-password")
@click.option("--email", required=True, help="Mail address of the person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@operating.plainly
def reset_password(email: str, password_stdin: bool) -> None:
    """Set a person's password and end all their sessions."""
    password = _password(password_stdin)
    with operating.instance():
        operator.reset_password(email, password)
    click.echo(f"The password of {email} is set, and all their sessions ended.")


@main.command("reset-second-factor")
@click.option("--email", required=True, help="Mail address of the person.")
@operating.plainly
def reset_second_factor(email: str) -> None:
    """Take a person's second factor away, for who lost app and recovery codes. They are mailed."""
    with operating.instance():
        was_on = operator.reset_second_factor(email)
    state = "is taken away" if was_on else "was not turned on"
    click.echo(f"The second factor of {email} {state}, and all their sessions ended.")


@main.command("operator")
@click.argument("email")
@click.option("--remove", is_flag=True, help="Take it away again.")
@operating.plainly
def name_operator(email: str, remove: bool) -> None:
    """Let a person see the system page, and try jobs again there."""
    with operating.instance():
        operator.set_operator(email, not remove)
    click.echo(f"{email} is {'no longer ' if remove else ''}an operator of this instance.")


@main.command("test-mail")
@click.option("--to", required=True, help="Mail address to send to.")
@operating.plainly
def test_mail(to: str) -> None:
    """Send a test mail now, and say what the mail server answered."""
    outbox.send_test(settings.load(), to)
    click.echo(f"The mail server took the mail for {to}.")


@main.command("list-users")
@operating.plainly
def list_users() -> None:
    """List all people with their organizations and roles, and who is an operator."""
    with operating.instance():
        for person in people.everybody():
            places = ", ".join(f"{s.slug}: {s.role}" for s in standing.of_person(person.id))
            told = [person.email, person.name, places or "-", *(["operator"] if person.is_operator else [])]
            click.echo("\t".join(told))


def _prepare(given: settings.Settings) -> None:
    _announce(given)
    upgrade.upgrade(create_app(given), given, click.echo, insist=False)
    operating.offer_set_up(given)


def _announce(given: settings.Settings) -> None:
    click.echo(f"fastpix {__version__} on {given.public_url} (instance {given.instance_path}); Ctrl-C stops it.")
    if not given.is_https and given.host not in ("localhost", "127.0.0.1", "::1"):
        click.echo("  Warning: FASTPIX_PUBLIC_URL is plain http; passwords cross the network unprotected.", err=True)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise Misconfigured("Give --password-stdin and the password on standard input.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _workspace(text: str) -> UUID:
    for row in workspaces.search():
        if text in (row["name"], row["slug"], str(row["id"])):
            found: UUID = row["id"]
            return found
    raise Missing(f"There is no workspace {text} in this organization.")


def _member(email: str) -> UUID:
    person = people.find(email)
    here = tenancy.organization_id()
    found = [s for s in standing.of_person(person.id) if s.organization_id == here] if person else []
    if not found:
        raise Missing(f"{email} is no member of this organization.")
    return found[0].member_id


storage.add_command(commands.copy_storage)
for command in (commands.back_up, commands.put_back, commands.bring_up_to_date, commands.move_database):
    main.add_command(command)
main.add_command(storage)
main.add_command(audit)
main.add_command(examine)
main.add_command(fill_demo)
main.add_command(access)
