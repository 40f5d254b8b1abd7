"""The operator's commands: what they do, what they refuse, and that a mistake is one line and exit code 1."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fastpix.access import table
from fastpix.cli import group, serving

PASSWORD = "a long enough phrase"
OPERATING = Path(__file__).resolve().parents[2] / "docs/operating.md"


class Operator:
    """Runs commands in this process against one instance folder."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            "FASTPIX_INSTANCE_PATH": str(folder),
            "FASTPIX_PASSWORD_MEMORY_KIB": "8",
            "FASTPIX_PUBLIC_URL": "http://localhost",
        }

    def run(self, *words, given="", **environment):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.environment | environment).items():
                patch.setenv(name, value)
            result = CliRunner().invoke(group.main, list(words), input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError("a traceback for a user's mistake") from result.exception
        assert "Traceback" not in result.output
        return result

    def fails(self, *words, saying, given="", code=1, **environment):
        result = self.run(*words, given=given, **environment)
        assert result.exit_code == code, result.output
        assert saying in result.stderr
        if code == 1:
            assert len(result.stderr.strip().splitlines()) == 1 and result.stderr.startswith("fastpix: ")
        return result

    def sql(self, statement):
        engine = sa.create_engine(f"sqlite:///{self.folder / 'fastpix.db'}")
        try:
            with engine.begin() as connection:
                result = connection.exec_driver_sql(statement)
                return result.fetchall() if result.returns_rows else result.rowcount
        finally:
            engine.dispose()


@pytest.fixture
def bare(tmp_path, closing):
    return Operator(tmp_path / "instance")


@pytest.fixture
def closing(monkeypatch):
    with closed_at_the_end(monkeypatch, serving):
        yield


@contextmanager
def closed_at_the_end(monkeypatch, *modules):
    """Commands of these modules make applications; their connections are closed at the end."""
    from fastpix.db import db

    engines, create = [], serving.create_app

    def create_app(*given):
        app = create(*given)
        with app.app_context():
            engines.append(db.engine)
        return app

    for module in modules:
        monkeypatch.setattr(module, "create_app", create_app)
    yield
    for engine in engines:
        engine.dispose()


@pytest.fixture
def operator(bare, tmp_path_factory):
    """An instance with Ada, admin of acme, and Mel, a member of it: made once a process, and copied."""
    kept = tmp_path_factory.getbasetemp() / "operator"
    if kept.exists():
        shutil.copytree(kept, bare.folder)
    else:
        shutil.copytree(furnish(bare).folder, kept)
    return bare


def furnish(bare):
    assert bare.run("upgrade").exit_code == 0
    made = [path.stat().st_mode & 0o077 for path in bare.folder.glob("fastpix.db*")]
    assert made and not any(made), "others read it"
    admin = (
        "create-admin",
        "--email",
        "ada@ada.example",
        "--name",
        "Ada",
        "--organization",
        "Acme",
        "--password-stdin",
    )
    assert bare.run(*admin, given=PASSWORD + "\n").output == "ada@ada.example is admin of Acme (acme).\n"
    mel = ("create-admin", "--email", "mel@mel.example", "--name", "Mel", "--organization", "Mel's", "--password-stdin")
    assert bare.run(*mel, given=PASSWORD + "\n").exit_code == 0
    bare.sql(
        "INSERT INTO members (id, organization_id, person_id, role, all_workspaces, joined_at) "
        "SELECT '0000000000004000800000000000aaaa', o.id, p.id, 'member', 1, '2026-01-01 00:00:00' "
        "FROM organizations o, people p WHERE o.slug = 'acme' AND p.email = 'mel@mel.example'"
    )
    return bare


def test_a_command_before_the_migration_names_the_command_to_run(bare):
    bare.fails("list-users", saying="Run `fastpix upgrade` first.")


def test_upgrading_twice_is_harmless(bare):
    for _ in range(2):
        result = bare.run("upgrade")
        assert result.exit_code == 0 and "The database is up to date." in result.output


def test_create_admin_makes_a_person_who_can_sign_in(operator):
    from fastpix.app import create_app
    from fastpix.config.settings import load
    from tests.doors import PageDoor

    app = create_app(load(operator.environment))
    page = PageDoor(app)
    assert page.post("/sign-in", {"email": "ada@ada.example", "password": PASSWORD}).status_code == 303
    assert page.get("/o/acme/signing-keys/").status_code == 200
    assert PageDoor(app).get("/set-up").location == "/sign-in", "the set-up page never opens again"
    from fastpix.db import db

    with app.app_context():
        db.engine.dispose()


@pytest.mark.full("a command each")
@pytest.mark.parametrize(("email", "password", "saying"), [
    ("ada@ada.example", PASSWORD, "exists already"), ("nonsense", PASSWORD, "not a mail address"),
    ("new@new.example", "short", "at least 10 characters"), ("new@new.example", "", "at least 10 characters"),
])  # fmt: skip
def test_create_admin_refuses_in_one_line(operator, email, password, saying):
    before = operator.sql("SELECT count(*) FROM people")
    words = ("create-admin", "--email", email, "--name", "New", "--organization", "New", "--password-stdin")
    result = operator.fails(*words, given=password + "\n", saying=saying)
    assert operator.sql("SELECT count(*) FROM people") == before
    assert not password or password not in result.output


def test_a_password_is_never_an_argument(operator):
    for name in ("create-admin", "reset-password"):
        options = {option for parameter in group.main.commands[name].params for option in parameter.opts}
        assert "--password" not in options and "--password-stdin" in options
    operator.fails("reset-password", "--email", "ada@ada.example", saying="--password-stdin")


TOKEN = (
    "create-token",
    "--organization",
    "acme",
    "--workspace",
    "production",
    "--role",
    "admin",
    "--owner",
    "ada@ada.example",
)


def test_create_token_prints_json_that_works(operator):
    from fastpix.app import create_app
    from fastpix.config.settings import load
    from fastpix.db import db

    made = json.loads(operator.run(*TOKEN, "--json", "--expires", "3").stdout)
    assert set(made) == {"id", "secret"} and made["secret"].startswith("fpx_")
    app = create_app(load(operator.environment))
    answer = app.test_client().get("/v1/iam/me", auth=(made["id"], made["secret"]))
    assert answer.json["data"]["role"] == "admin" and answer.json["data"]["mayManagePeople"] is False
    assert answer.json["data"]["expiresAt"] is not None
    with app.app_context():
        db.engine.dispose()
    assert made["secret"] not in str(operator.sql("SELECT * FROM access_tokens"))


def test_create_token_says_that_the_secret_is_not_stored(operator):
    assert "The secret is not stored: keep it now." in operator.run(*TOKEN).stdout


@pytest.mark.parametrize(("option", "value", "saying"), [
    ("--organization", "nowhere", "no organization nowhere"), ("--workspace", "nowhere", "no workspace nowhere"),
    ("--owner", "zoe@zoe.example", "is no member of this organization"), ("--name", "", "at most 80"),
])  # fmt: skip
def test_create_token_refuses_in_one_line(operator, option, value, saying):
    words = list(TOKEN)
    if option in words:
        words[words.index(option) + 1] = value
    else:
        words += [option, value]
    operator.fails(*words, saying=saying)
    assert operator.sql("SELECT count(*) FROM access_tokens") == [(0,)]


def test_invite_prints_a_link_that_works(operator):
    result = operator.run(
        "invite", "--organization", "acme", "--email", "new@new.example", "--role", "member", "--print"
    )
    assert result.exit_code == 0 and result.stdout.startswith("http://localhost/i/") and len(result.stdout.split()) == 1
    honest = operator.run("invite", "--organization", "acme", "--email", "two@new.example", "--role", "member")
    assert honest.stdout == "two@new.example: Mail is not set up: pass this link on yourself.\n"
    words = ("invite", "--organization", "acme", "--role", "member", "--email")
    operator.fails(*words, "new@new.example", saying="There is an open invite for this address")
    operator.fails(*words, "ada@ada.example", saying="member already")
    operator.fails(*words, "nonsense", saying="not a mail address")


def test_an_invite_of_a_command_outlives_nobodys_rights(operator):
    """It has no inviter whose rights could end; it is not void for that."""
    from fastpix.app import create_app
    from fastpix.config.settings import load
    from fastpix.db import db

    link = operator.run(
        "invite", "--organization", "acme", "--email", "new@new.example", "--role", "admin", "--print"
    ).stdout
    client_app = create_app(load(operator.environment))
    client = client_app.test_client()
    assert client.get(link.strip().removeprefix("http://localhost"), follow_redirects=True).status_code == 200
    with client_app.app_context():
        db.engine.dispose()


def test_set_role_promotes_and_demotes_and_refuses_the_last_admin(operator):
    words = ("set-role", "--organization", "acme")
    operator.fails(*words, "--email", "ada@ada.example", "--role", "member", saying="always keeps one")
    assert operator.sql("SELECT count(*) FROM members WHERE role = 'admin'") == [(2,)]
    assert operator.run(*words, "--email", "mel@mel.example", "--role", "admin").stdout == "Mel is admin now.\n"
    assert operator.run(*words, "--email", "ada@ada.example", "--role", "member").stdout == "Ada is member now.\n"
    operator.fails(*words, "--email", "zoe@zoe.example", "--role", "admin", saying="is no member")
    assert operator.run(*words, "--email", "mel@mel.example", "--role", "owner").exit_code == 2


def test_reset_password_ends_sessions(operator):
    from fastpix.app import create_app
    from fastpix.config.settings import load
    from fastpix.db import db
    from tests.doors import PageDoor

    app = create_app(load(operator.environment))
    page = PageDoor(app)
    page.post("/sign-in", {"email": "ada@ada.example", "password": PASSWORD})
    assert page.get("/account").status_code == 200
    result = operator.run(
        "reset-password", "--email", "ada@ada.example", "--password-stdin", given="another phrase of mine\n"
    )
    assert "all their sessions ended" in result.stdout and "another phrase" not in result.output
    app2 = create_app(load(operator.environment))
    assert page.get("/account").status_code == 302
    assert operator.sql("SELECT count(*) FROM sessions") == [(0,)]
    assert PageDoor(app2).post("/sign-in", {"email": "ada@ada.example", "password": PASSWORD}).status_code == 422
    reset = operator.run("reset-second-factor", "--email", "ada@ada.example")
    assert "was not turned on, and all their sessions ended" in reset.stdout
    operator.fails("reset-second-factor", "--email", "zoe@zoe.example", saying="no account")
    operator.fails(
        "reset-password", "--email", "zoe@zoe.example", "--password-stdin", given=PASSWORD, saying="no account"
    )
    for each in (app, app2):
        with each.app_context():
            db.engine.dispose()


def test_list_users_tells_who_is_where(operator):
    lines = operator.run("list-users").stdout.splitlines()
    assert lines[0].split("\t") == ["ada@ada.example", "Ada", "acme: admin"]
    assert lines[1].split("\t")[2] == "acme: member, mel-s: admin"


def test_operator_names_one_and_takes_it_away(operator):
    said = operator.run("operator", "mel@mel.example").stdout
    assert said == "mel@mel.example is an operator of this instance.\n"
    lines = [line.split("\t") for line in operator.run("list-users").stdout.splitlines()]
    assert [line[0] for line in lines if line[3:] == ["operator"]] == ["mel@mel.example"]
    assert "no longer an operator" in operator.run("operator", "mel@mel.example", "--remove").stdout
    assert "operator" not in operator.run("list-users").stdout
    operator.fails("operator", "nobody@nobody.example", saying="There is no account with the address")


def test_access_prints_the_role_table(bare):
    assert bare.run("access", "--markdown").stdout == table.as_markdown() + "\n"
    text = bare.run("access").stdout
    assert all(row.key in text for row in table.PERMISSIONS)
    assert not bare.folder.exists()


def test_settings_are_shown_without_secrets(bare):
    result = bare.run("settings", FASTPIX_SECRET_KEY="s3cret" * 8, FASTPIX_SMTP_URL="smtp://u:hunter2@h")
    assert "s3cret" not in result.output and "hunter2" not in result.output
    assert "FASTPIX_SECRET_KEY=(hidden)" in result.output and "FASTPIX_INVITE_DAYS=7" in result.output


@pytest.mark.parametrize("name", sorted(set(group.main.commands) - {"access"}))
def test_a_bad_setting_is_one_line_for_every_command(bare, name):
    required = {"--email": "a@a.example", "--name": "A", "--organization": "a", "--workspace": "w", "--role": "admin",
                "--owner": "a@a.example", "--to": "a@a.example", "--password-stdin": None}  # fmt: skip
    options = {option for parameter in group.main.commands[name].params for option in parameter.opts}
    words = [part for option, value in required.items() if option in options for part in (option, value) if part]
    first = {"storage": "check", "audit": "verify", "mail": "retry"}
    words = [first[name]] if name in first else words
    words += ["a.tar"] if name in ("backup", "restore") else []
    words += ["a@a.example"] if name == "operator" else []
    bare.fails(name, *words, saying="FASTPIX_INVITE_DAYS", given=PASSWORD, FASTPIX_INVITE_DAYS="never")
    assert not (bare.folder / "fastpix.db").exists()


def test_unknown_commands_and_options_are_usage_errors(bare):
    assert bare.run("nonsense").exit_code == 2
    assert bare.run("list-users", "--nonsense").exit_code == 2
    assert bare.run("create-token").exit_code == 2


def test_a_newer_database_is_left_alone(operator):
    operator.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    for words in (("list-users",), ("upgrade",)):
        operator.fails(*words, saying="made by a newer fastpix")
    assert operator.sql("SELECT version_num FROM alembic_version") == [("ffffffffffff",)]


@pytest.mark.full("a database of then, and four commands")
def test_a_database_from_before_the_first_release_is_left_alone_and_can_be_marked(bare):
    """As docs/operating.md says: its last schema is that of the first release under another name."""

    def flask(words):
        command = [sys.executable, "-m", "flask", *words.split()]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | bare.environment)

    flask("--app fastpix.app db upgrade 20261130_1")
    bare.sql("UPDATE alembic_version SET version_num = '20261124_14'")
    for words in (("list-users",), ("upgrade",)):
        bare.fails(*words, saying="from before the first release")
    assert "from before the first release" in bare.run("doctor").output
    (words,) = re.findall(r"`flask (--app fastpix.app db stamp [^`]+)`", OPERATING.read_text())
    flask(words)
    assert "up to date" in bare.run("upgrade").output
    assert bare.run("list-users").exit_code == 0


def test_changes_by_commands_are_audited_by_name(operator):
    operator.run(*TOKEN)
    operator.run("set-role", "--organization", "acme", "--email", "mel@mel.example", "--role", "admin")
    told = operator.sql("SELECT action, actor_kind, actor_name, door FROM audit_log ORDER BY at")
    assert told[-2:] == [
        ("access_tokens.create", "system", "fastpix create-token", "cli"),
        ("members.edit", "system", "fastpix set-role", "cli"),
    ]


@pytest.mark.full("the short life of a server starts it as well")
def test_the_command_itself_starts_and_exits(tmp_path):
    """As a process, as an operator runs it."""
    environment = {"PATH": os.environ["PATH"], "FASTPIX_INSTANCE_PATH": str(tmp_path)}

    def run(*words, **more):
        return subprocess.run(
            [sys.executable, "-m", "fastpix", *words], env=environment | more, capture_output=True, text=True
        )

    assert run("--version").stdout.strip().endswith("0.1.0") or run("--version").returncode == 0
    bad = run("list-users", FASTPIX_NONSENSE="1")
    assert bad.returncode == 1 and bad.stdout == ""
    assert bad.stderr == "fastpix: FASTPIX_NONSENSE is not a setting of fastpix. `fastpix settings` lists them all.\n"
