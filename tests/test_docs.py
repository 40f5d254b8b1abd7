"""The documents say what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from fastpix.access import table
from fastpix.cli import group
from fastpix.config import settings
from tests.sources import every_node
from tests.test_architecture import VOCABULARY

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ACCESS = ROOT / "docs/access.md"
# The list of files is written by scripts/documents.py, which .ci/run holds against the files.
PAGES = [
    page
    for page in (README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page.name != "files.md"
]
# A second copy, by hand.
MEMBERS_MAY = {
    "members.view",
    "members.leave",
    "organizations.view",
    "workspaces.view",
    "workspaces.edit",
    "media.view",
    "live_streams.view",
    "usage.view",
}


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


@pytest.mark.parametrize("name", sorted(group.main.commands))
def test_every_command_is_in_the_readme(name):
    assert re.search(rf"fastpix {re.escape(name)}\b", README.read_text()), name


@pytest.mark.parametrize("name", sorted(group.main.commands))
def test_every_command_says_what_it_does(name):
    command = group.main.commands[name]
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


def symbols(path):
    """Names a module defines, those of classes as `Class.name`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        names = _defined(node)
        found |= names
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _defined(inner)}
    return found


def _defined(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)}


def places(text):
    """Every path of the repository in backticks, with the names that stand behind it: `file`: `one`, `two`."""
    for path, named in re.findall(
        r"`((?:fastpix|tests|scripts|migrations|docs)/[\w./-]+)`((?:[:,] `[\w.]+`(?=[^`/]*))*)", text
    ):
        yield path, re.findall(r"`([\w.]+)`", named) if named.startswith(":") else []


def gone(page):
    """What a page names and is not there: paths, and names in them."""
    text = page.read_text()
    if page.name == "adding-a-resource.md":  # what it makes is not there yet
        text = re.sub(r"`\S*/notes/\S*`", "", text)
    for path, names in places(text):
        if not (ROOT / path).exists():
            yield f"{page.name}: {path}"
        elif names:
            yield from (f"{page.name}: {path}: {name}" for name in sorted(set(names) - symbols(ROOT / path)))


def test_what_the_documents_name_is_there():
    """A file that moved, or a function that got another name, is found here before a reader looks for it."""
    assert [name for page in PAGES for name in gone(page)] == []


def test_where_to_change_what_answers_what_people_ask():
    asked = between(ROOT / "docs/architecture.md", "where")
    lines = [
        line for line in asked.splitlines() if line.startswith("| ") and not line.startswith(("| what |", "| --- |"))
    ]
    rows = [line.split(" | ") for line in lines]
    assert len(rows) > 90
    assert all(list(places(where)) for _, where in rows), "a row names a place"
    for word in ("a role may do", "a field people type", "payload", "ffmpeg argument", "a setting", "mail's text", "a limit",
                 "menu entry"):  # fmt: skip
        assert any(word in what for what, _ in rows), word


def test_every_name_of_a_resources_vocabulary_is_explained():
    section = (ROOT / "docs/architecture.md").read_text().partition("## A resource's folder")[2].partition("\n## ")[0]
    first_cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| ")]
    assert set(re.findall(r"`(\w+)\.py`", " ".join(first_cells))) == VOCABULARY


def blocks(path, language="sh"):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.S)


def test_the_commands_for_contributors_are_those_that_are_tried():
    """`.ci/run` runs the checks, and the test of adding a resource makes a migration in the same words."""
    install, tests, checks, migration = blocks(ROOT / "CONTRIBUTING.md")
    ci = (ROOT / ".ci/run").read_text()
    assert all(f".venv/bin/{line}" in ci for line in checks.splitlines())
    (tried,) = (block for block in blocks(ROOT / "docs/adding-a-resource.md") if "db migrate" in block)
    assert migration.replace('"what it does"', "notes").replace("ruff format", "ruff format -q") == tried
    assert all((ROOT / word).exists() for word in tests.split() if word.startswith("tests/"))
    one_line = next(line for line in README.read_text().splitlines() if "-r requirements-test.lock" in line)
    assert all(line in one_line for line in install.splitlines() if line.startswith((".venv", "python3")))


def test_a_name_that_is_gone_is_seen():
    assert list(places("`fastpix/app.py`: `PUBLIC`, `gone`; `fastpix/gone.py`")) == [
        ("fastpix/app.py", ["PUBLIC", "gone"]),
        ("fastpix/gone.py", []),
    ]
    assert "gone" not in symbols(ROOT / "fastpix/app.py")


def said_by_the_code():
    """Every text in the program, with "…" where a value is put in."""
    for _module, node in every_node(ast.JoinedStr, ast.Constant):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node.value, str):
            yield node.value


@pytest.mark.xdist_group("sources")
def test_the_messages_an_operator_looks_up_are_those_the_program_says():
    told = "\n".join(said_by_the_code())
    rows = re.findall(r"^\| `([^`]+)` \|", between(ROOT / "docs/operating.md", "messages"), re.M)
    assert len(rows) > 20
    assert [row for row in rows if row not in told] == []


def anchors(page):
    """What the headings of a page are called in links, as GitHub and its like make it."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_between_the_documents_lead_somewhere():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(there), f"{page.name}: {target}#{anchor}"


def test_the_source_that_is_implemented_is_kept_word_for_word_in_the_table():
    """Each line of the product page has its permission (docs/access.md, source "page")."""
    from_page = {row.key for row in table.PERMISSIONS if row.source == "page"}
    assert {"members.invite", "members.uninvite", "members.edit", "members.remove", "members.leave", "workspaces.create",
            "workspaces.edit", "workspaces.delete", "workspaces.view", "signing_keys.create", "signing_keys.delete",
            "signing_keys.view", "access_tokens.view", "access_tokens.revoke", "access_tokens.create", "media.create",
            "media.delete", "media.edit", "live_streams.create", "live_streams.delete"} <= from_page  # fmt: skip
    assert {row.key for row in table.PERMISSIONS if row.member} == MEMBERS_MAY
