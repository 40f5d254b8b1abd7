"""`fastpix doctor` finds what is wrong with an installation, and tells strangers nothing."""

from __future__ import annotations

import socket
import time

import pytest

from fastpix.backup import upgrade
from fastpix.cli import serving
from fastpix.config import srt_library
from fastpix.config.settings import Settings
from fastpix.crypto import seal
from fastpix.errors import Misconfigured
from fastpix.monitoring import doctor
from fastpix.processes import programs
from fastpix.web import health

pytestmark = pytest.mark.sqlite
NOBODY = {"FASTPIX_PUBLIC_URL": "http://127.0.0.1:9", "FASTPIX_LIVE_BIND": "off"}


def looked(operator, **environment):
    """What is said of each thing that was looked at, and the exit code."""
    result = operator.run("doctor", **(NOBODY | environment))
    lines = [line.split(None, 1) for line in result.output.splitlines()]
    return {said.partition(":")[0]: (state, said) for state, said in lines}, result.exit_code


def test_of_a_whole_instance_that_does_not_run_only_the_address_is_wrong(operator):
    found, code = looked(operator)
    assert {name for name, (state, _) in found.items() if state == "fail"} == {"public address"}
    assert "does not answer" in found["public address"][1] and code == 1
    assert found["mail"][0] == "warn"
    assert {"database", "secret key", "disk", "storage", "ffmpeg", "queue", "live"} <= set(found)


def test_of_srt_it_says_how_to_get_it_or_that_nothing_answers(operator, monkeypatch):
    with socket.socket(type=socket.SOCK_DGRAM) as taken:  # it hears and says nothing
        taken.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(srt_library, "load", lambda: None)
        state, said = looked(operator, FASTPIX_SRT_BIND=bind)[0]["srt"]
        assert state == "ok" and "apt-get install libsrt1.5-openssl" in said
        monkeypatch.setattr(srt_library, "load", lambda: object())
        state, said = looked(operator, FASTPIX_SRT_BIND=bind)[0]["srt"]
        assert state == "warn" and f"Nothing answers by SRT at {bind}" in said
    assert "srt" not in looked(operator)[0]


def test_a_key_that_others_can_read(operator):
    (operator.folder / "secret_key").chmod(0o644)
    assert looked(operator)[0]["secret key"][0] == "fail"


def test_an_organization_without_an_admin_is_named_with_what_to_do(operator):
    assert looked(operator)[0]["organizations"] == ("ok", "organizations: Each has an admin.")
    (slug,) = (row[0] for row in operator.sql("SELECT slug FROM organizations"))
    operator.sql("UPDATE members SET role = 'member'")
    state, said = looked(operator)[0]["organizations"]
    assert state == "fail" and f"fastpix set-role --organization {slug} --email … --role admin" in said
    operator.sql("DELETE FROM members")
    state, said = looked(operator)[0]["organizations"]
    assert state == "fail" and f"fastpix invite --organization {slug} --email … --role admin" in said
    link = operator.run("invite", "--organization", slug, "--email", "new@x.example", "--role", "admin", "--print")
    assert "/i/" in link.output, "what it says can be done"


def test_jobs_that_nobody_takes_up(operator):
    operator.sql(
        "INSERT INTO jobs (id, kind, args, state, run_at, attempts, max_attempts, created_at) VALUES "
        "('0000000000004000800000000000bbbb', 'mail.deliver', '{}', 'queued', '2026-01-01', 0, 12, '2026-01-01')"
    )
    state, said = looked(operator)[0]["queue"]
    assert state == "fail" and "1 job waiting too long" in said


def test_a_full_disk(operator, monkeypatch):
    monkeypatch.setattr(doctor, "NOTHING", 1 << 60)
    found, _ = looked(operator)
    assert found["disk"][0] == found["storage"][0] == "fail"


def test_an_ffmpeg_that_is_none(operator):
    state, said = looked(operator, FASTPIX_FFMPEG="/nowhere/ffmpeg")[0]["ffmpeg"]
    assert state == "fail" and "/nowhere/ffmpeg" in said


@pytest.mark.parametrize("program", ["/bin/true", "/nowhere/ffmpeg"])
def test_an_ffmpeg_that_is_none_is_said_before_anything_starts(operator, monkeypatch, program):
    for command in ("worker", "live"):
        monkeypatch.setattr(programs, command, lambda _settings: pytest.fail("it began"))
        operator.fails(command, saying="FASTPIX_FFMPEG", FASTPIX_FFMPEG=program)
    monkeypatch.setattr(upgrade, "upgrade", lambda *_, **__: pytest.fail("it began"))
    with pytest.raises(Misconfigured, match=program):
        serving._prepare(Settings(instance_path=operator.folder, ffmpeg=program))


def test_a_redis_that_does_not_answer_is_a_fault_and_its_password_is_not_said(operator):
    state, said = looked(operator, FASTPIX_REDIS_URL="redis://:Zq7secret@127.0.0.1:9/0")[0]["redis"]
    assert state == "fail" and "127.0.0.1:9 does not answer as it must (ConnectionError)" in said
    assert "FASTPIX_REDIS_URL" in said and "Zq7" not in said
    assert "redis" not in looked(operator)[0]


def test_a_redis_that_answers_is_said(operator, redis):
    assert looked(operator, FASTPIX_REDIS_URL=redis.url)[0]["redis"] == (
        "ok",
        f"redis: 127.0.0.1:{redis.port} answers.",
    )


def test_a_mail_server_that_is_not_there_says_its_own_words(operator):
    result = operator.run("doctor", "--mail-to", "a@a.example", FASTPIX_SMTP_URL="smtp://127.0.0.1:9", **NOBODY)
    assert "fail  mail: The mail was not sent." in result.output


def test_mails_that_wait_are_a_fault_with_its_reason_and_are_sent_by_a_command(operator):
    operator.sql(
        "INSERT INTO mails (id, recipient, subject, kind, sealed, state, attempts, step, error, created_at) VALUES "
        "('0000000000004000800000000000cccc', 'a@a.example', 's', 'test', 'x', 'waiting', 3, 'MAIL FROM', "
        "'501 5.1.7 Bad sender address syntax', '2026-01-01')"
    )
    given = {"FASTPIX_SMTP_URL": "smtp://127.0.0.1:9"}
    state, said = looked(operator, **given)[0]["mail"]
    assert state == "fail" and "1 mail waits: to MAIL FROM the mail server answered 501" in said
    assert "FASTPIX_MAIL_FROM" in said and "fastpix mail retry" in said
    told = operator.run("doctor", **NOBODY).output
    assert "1 mail waits" in told and "Not set up (FASTPIX_SMTP_URL)" in told, "mail was unset since"
    unset = operator.run("mail", "retry")
    assert unset.exit_code == 1 and "FASTPIX_SMTP_URL" in unset.output
    assert "1 mail is sent" in operator.run("mail", "retry", **given).output
    state, said = looked(operator, **given)[0]["mail"]
    assert state == "fail" and "501" in said, "until there is another answer"
    operator.sql("DELETE FROM mails")
    assert operator.run("mail", "retry", **given).output == "No mail waits.\n"


def test_before_the_migration_it_names_the_command(make_operator):
    found, code = looked(make_operator("bare"))
    assert "fastpix upgrade" in found["database"][1] and code == 1


@pytest.mark.parametrize(
    ("trusted", "seen", "state", "says"),
    [
        (0, {"hops": 0, "url": "https://v.example", "address": "1.2.3.4"}, "ok", "from 1.2.3.4"),
        (1, {"hops": 0, "url": "https://v.example", "address": ""}, "fail", "anybody can claim an address"),
        (0, {"hops": 1, "url": "https://v.example", "address": ""}, "fail", "all visitors share one"),
        (1, {"hops": 1, "url": "http://v.example", "address": ""}, "fail", "X-Forwarded-Proto"),
    ],
)
def test_what_a_request_looks_like_is_compared_with_the_settings(trusted, seen, state, says):

    found = doctor._as_seen(Settings(public_url="https://v.example", trusted_proxies=trusted), seen)
    assert found.state == state and says in found.text


def test_a_stranger_learns_nothing_of_how_requests_arrive(world):
    at = str(int(time.time()))
    client = world.app.test_client()
    signed = f"{at}.{seal.sign(health.DOCTOR, at)}"
    assert client.get("/healthz", headers={health.DOCTOR: signed}).json["hops"] == 0
    old = str(int(time.time()) - 120)
    for forged in ("", at, f"{at}.x", f"{old}.{seal.sign(health.DOCTOR, old)}", f"{at}.{seal.sign('upload', at)}"):
        assert client.get("/healthz", headers={health.DOCTOR: forged}).text == "ok\n"


def test_without_the_signature_anybody_would(world, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(health, "_is_doctor", lambda given: True)
    assert "hops" in world.app.test_client().get("/healthz").json


def test_without_a_database_the_mail_too_is_a_finding_and_no_traceback(make_operator):
    found, code = looked(make_operator("bare"), FASTPIX_SMTP_URL="smtp://127.0.0.1:9")
    assert found["mail"][0] == "fail" and "fastpix upgrade" in found["database"][1] and code == 1
