"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from fastpix import cli, settings
from fastpix.access import table

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ACCESS = ROOT / "docs/access.md"


def between(path, name):
    text = path.read_text()
    assert text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1, (
        f"{path.name} needs the markers of {name}"
    )
    return re.search(f"<!-- {name} -->\n(.*)\n<!-- /{name} -->", text, re.S)[1].strip()


def test_every_setting_is_in_the_readme():
    assert between(README, "settings") == settings.markdown_table()


def test_the_role_table_is_in_the_documents():
    assert between(ACCESS, "roles") == table.as_markdown()


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_is_in_the_readme(name):
    assert re.search(rf"fastpix {re.escape(name)}\b", README.read_text()), name


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_says_what_it_does(name):
    command = cli.main.commands[name]
    assert command.help and command.help.strip().endswith(".")
    assert all(option.help for option in command.params if isinstance(option, click.Option)), name


@pytest.mark.parametrize("row", table.PERMISSIONS, ids=lambda row: row.key)
def test_every_permission_has_a_sentence(row):
    sentence = f"You need the permission to {row.does}."
    assert re.fullmatch(r"You need the permission to [a-z][^.]{4,120}\.", sentence)
    assert row.area[0].isupper() and row.source in ("page", "ours")
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", row.key)


def test_every_personal_action_has_its_reason():
    assert all(len(reason) > 15 for reason in table.PERSONAL.values())


@pytest.mark.parametrize("field", settings.SETTINGS, ids=lambda field: field.name)
def test_every_setting_has_a_sentence(field):
    assert field.metadata["sentence"].endswith(".") and len(field.metadata["sentence"]) > 20


def test_links_between_the_documents_lead_somewhere():
    for page in (README, *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_source_that_is_implemented_is_kept_word_for_word_in_the_table():
    """Each line of the product page has its permission (design/access.md section 1)."""
    from_page = {row.key for row in table.PERMISSIONS if row.source == "page"}
    assert {"members.invite", "members.uninvite", "members.edit", "members.remove", "members.leave", "workspaces.create",
            "workspaces.edit", "workspaces.delete", "workspaces.view", "signing_keys.create", "signing_keys.delete",
            "signing_keys.view", "access_tokens.view", "access_tokens.revoke", "access_tokens.create", "media.create",
            "media.delete", "media.edit", "live_streams.create", "live_streams.delete"} <= from_page  # fmt: skip
    members = {row.key for row in table.PERMISSIONS if row.member}
    assert members == {"members.view", "members.leave", "organizations.view", "workspaces.view", "workspaces.edit", "media.view",
                       "live_streams.view", "usage.view"}  # fmt: skip
