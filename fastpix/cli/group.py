"""`fastpix`: the operator's commands, from one module a family. Thin: each calls the domain as a named system actor."""

from __future__ import annotations

import click

from fastpix import __version__
from fastpix.cli import access_check, backup, maintenance, people, serving, tokens


@click.group(help="The video platform organization you run yourself.")
@click.version_option(__version__)
def main() -> None:
    pass


COMMANDS: tuple[click.Command, ...] = (
    serving.up,
    serving.web,
    serving.worker,
    serving.live,
    serving.show_settings,
    people.create_admin,
    people.invite,
    people.set_role,
    people.reset_password,
    people.reset_second_factor,
    people.name_operator,
    people.list_users,
    tokens.create_token,
    maintenance.examine,
    maintenance.test_mail,
    maintenance.mail,
    maintenance.fill_demo,
    maintenance.storage,
    maintenance.audit,
    backup.back_up,
    backup.put_back,
    backup.bring_up_to_date,
    backup.move_database,
    access_check.access,
)
maintenance.storage.add_command(backup.copy_storage)
for command in COMMANDS:
    main.add_command(command)
