"""Settings: where they come from, what is refused, and in which words."""

from __future__ import annotations

import dataclasses
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastpix.app import create_app
from fastpix.config import settings
from fastpix.errors import Misconfigured
from tests.world import test_settings as cheap

KEY = "ka" * 20


def load(tmp_path, **given):
    return settings.load({"FASTPIX_INSTANCE_PATH": str(tmp_path)} | {f"FASTPIX_{k}": v for k, v in given.items()})


def complaint(tmp_path, **given):
    with pytest.raises(Misconfigured) as problem:
        load(tmp_path, **given)
    text = str(problem.value)
    assert "\n" not in text and text.endswith("."), "one clear line"
    return text


def test_nothing_needs_to_be_set(tmp_path):
    found = load(tmp_path)
    assert found.public_url == "http://localhost:8000" and found.bind == "127.0.0.1:8000"
    assert found.database == f"sqlite:///{tmp_path / 'fastpix.db'}"
    assert found.sender == "fastpix@localhost" and found.is_https is False


@pytest.mark.parametrize(("text", "value"), [
    ("true", True), ("True", True), ("yes", True), ("on", True), ("1", True), (" TRUE ", True),
    ("false", False), ("False", False), ("FALSE", False), ("no", False), ("off", False), ("0", False),
])  # fmt: skip
def test_false_is_false(tmp_path, text, value):
    assert load(tmp_path, ORGANIZATION_CREATION=text).organization_creation is value


BAD = [
    ("ORGANIZATION_CREATION", "maybe", "say true or false"), ("ORGANIZATION_CREATION", "", "say true or false"),
    ("INVITE_DAYS", "0", "from 1 to 90"), ("INVITE_DAYS", "91", "from 1 to 90"), ("INVITE_DAYS", "7.5", "whole number"),
    ("INVITE_DAYS", "-1", "whole number"), ("INVITE_DAYS", "a week", "whole number"), ("INVITE_DAYS", "", "whole number"),
    ("TRUSTED_PROXIES", "11", "from 0 to 10"), ("TRUSTED_PROXIES", "yes", "whole number"),
    ("PUBLIC_URL", "video.example.com", "https://"), ("PUBLIC_URL", "ftp://x", "https://"), ("PUBLIC_URL", "", "https://"),
    ("PUBLIC_URL", "https://x.example/path", "without a path"), ("PUBLIC_URL", "https://x.example?x=1", "without a path"),
    ("BIND", "8000", "host:port"), ("BIND", "localhost", "host:port"), ("BIND", "localhost:99999", "host:port"),
    ("DATABASE_URL", "mysql://x", "postgresql"), ("SMTP_URL", "mail.example.com", "smtp://"), ("SMTP_URL", "http://x", "smtp://"),
    ("SECRET_KEY", "short", "32 random characters"), ("INSTANCE_PATH", " ", "give a folder"),
    ("SECRET_KEY", "CHANGE-ME-a-secret-of-at-least-32-characters", "stands in an example"),
    ("SECRET_KEY", "change_me" + KEY, "give random characters"), ("SECRET_KEY", "x" * 64, "one character again and again"),
    ("METRICS_KEY", "Change-Me-letters-and-digits", "give random characters"), ("METRICS_KEY", "0" * 20, "again and again"),
    ("DATABASE_URL", "postgresql://ada:CHANGE-ME-letters@db/x", "its password stands in an example"),
    ("REDIS_URL", "redis://:change_me@redis:6379/0", "its password stands in an example"),
    ("SMTP_URL", "smtp://ada:CHANGE-ME@mail.example:25", "its password stands in an example"),
    ("STORAGE_SECRET_KEY", "CHANGE-ME-letters-and-digits", "give the key of your own store"),
    ("SMTP_HELO", "192.0.2.5", "such as [192.0.2.5]"), ("SMTP_HELO", "[999.1.1.1]", "such as [192.0.2.5]"),
    ("SMTP_HELO", "[2001:db8::1]", "in brackets"), ("SMTP_HELO", "[IPv6:1::2::3]", "in brackets"), ("SMTP_HELO", "1.2", "in brackets"),
    ("STORAGE_URL", "file:///", "the whole disk"), ("STORAGE_URL", "file:///srv/..", "the whole disk"),
    ("STORAGE_URL", "file:////", "the whole disk"), ("STORAGE_URL", "file:///%2E", "the whole disk"),
    ("STORAGE_ENDPOINT", "s3.example.com", "give the address of the S3 server, such as https://s3.example.com, without a path"),
    ("STREAM_URL", "s.example", "the host of playlists and segments, such as https://stream.example.com"),
    ("IMAGES_URL", "i.example", "the host of pictures, such as https://images.example.com"),
    ("ACCEL_PREFIX", "/", "begins and ends with a slash"), ("ACCEL_PREFIX", "//", "such as /_fastpix_media/"),
    ("PASSWORD_MEMORY_KIB", "1", "from 8"), ("WEB_WORKERS", "many", "whole number"), ("INVITE_DAYS", "²", "whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "hint"), BAD)
def test_nonsense_is_one_line_that_says_what_to_give(tmp_path, name, value, hint):
    text = complaint(tmp_path, **{name: value})
    assert text.startswith(f"FASTPIX_{name}=") and hint in text


@pytest.mark.parametrize("name", ["mail.example.com", "[192.0.2.5]", "[IPv6:2001:db8::1]", "host", "4u.example", ""])
def test_a_mail_server_may_be_greeted_by_any_name_and_address_it_understands(tmp_path, name):
    assert load(tmp_path, SMTP_HELO=name).smtp_helo == name


def test_the_key_of_the_shipped_example_is_refused(tmp_path):
    lines = (settings.PACKAGE.parent / "docs/deploy/full.env").read_text().splitlines()
    (key,) = (line.partition("=")[2] for line in lines if line.startswith("FASTPIX_SECRET_KEY="))
    assert key not in complaint(tmp_path, SECRET_KEY=key)


@pytest.mark.parametrize("prefix", ["/stream/", "/v1/", "/o/", "/static/media/"])
def test_an_internal_location_over_addresses_of_ours_is_refused(tmp_path, prefix):
    given = load(tmp_path, ACCEL_PREFIX=prefix)
    with pytest.raises(Misconfigured, match=rf"FASTPIX_ACCEL_PREFIX={prefix}: .*such as /_fastpix_media/\.$"):
        create_app(given)


@pytest.mark.parametrize(
    ("bucket", "words"), [("My_Bucket/x", "small letters, digits, hyphens and dots"), ("ab", "3 to 63")]
)
def test_a_name_that_no_bucket_can_have_says_which_can(tmp_path, bucket, words):
    with pytest.raises(Misconfigured, match=rf"^FASTPIX_STORAGE_URL: .*{words}"):
        create_app(load(tmp_path, STORAGE_URL=f"s3://{bucket}"))


@pytest.mark.parametrize("name", ["INVITE_DAY", "SECRETKEY", "DEBUG", "PUBLIC_URL_FILE", "BIND_FILE", "X"])
def test_unknown_names_are_refused(tmp_path, name):
    """A typing error must not run with the default; only secrets may come from files."""
    assert f"FASTPIX_{name} is not a setting of fastpix" in complaint(tmp_path, **{name: "x"})


def test_names_of_client_tools_are_not_ours(tmp_path):
    assert load(tmp_path, USERNAME="x", PASSWORD="y", SECURITY="z", SERVER_URL="http://h/v1/").invite_days == 7


def test_other_peoples_variables_are_left_alone(tmp_path):
    assert settings.load({"FASTPIX_INSTANCE_PATH": str(tmp_path), "PATH": "/bin", "SECRET_KEY": "x"}).secret_key == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", "hunter2"), ("DATABASE_URL", "mysql://u:hunter2@h/x"), ("SMTP_URL", "x://hunter2@h")],
)
def test_a_complaint_does_not_repeat_a_secret(tmp_path, name, value):
    assert "hunter2" not in complaint(tmp_path, **{name: value})


def test_a_secret_may_lie_in_a_file(tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "database").write_text("postgres://u:p@h/x\n")
    found = load(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"), DATABASE_URL_FILE=str(tmp_path / "database"))
    assert found.secret_key == KEY and found.database == "postgresql+psycopg://u:p@h/x"


def test_a_missing_secret_file_is_one_line(tmp_path):
    text = complaint(tmp_path, SECRET_KEY_FILE=str(tmp_path / "nothing"))
    assert "FASTPIX_SECRET_KEY_FILE" in text and "No such file" in text


def test_every_secret_setting_can_come_from_a_file(tmp_path):
    (tmp_path / "value").write_text("")
    for field in settings.SETTINGS:
        if field.metadata["secret"]:
            load(tmp_path, **{f"{field.name.upper()}_FILE": str(tmp_path / "value")})


def test_settings_toml_is_read_and_the_environment_wins(tmp_path):
    (tmp_path / "settings.toml").write_text(
        'invite_days = 3\norganization_creation = false\npublic_url = "https://v.example"\n'
    )
    assert load(tmp_path).invite_days == 3
    assert load(tmp_path).organization_creation is False and load(tmp_path).is_https
    assert load(tmp_path, INVITE_DAYS="5").invite_days == 5


@pytest.mark.parametrize(("text", "hint"), [
    ("invite_day = 3", "invite_day is not a setting"), ("invite_days = [", "settings.toml"), ("invite_days = 300", "from 1 to 90"),
    ('public_url = "x"', "https://"), ("[invite]\ndays = 3", "not a setting"),
])  # fmt: skip
def test_a_bad_settings_toml_is_one_line(tmp_path, text, hint):
    (tmp_path / "settings.toml").write_text(text)
    assert hint in complaint(tmp_path)


def test_settings_cannot_be_changed_by_the_way(tmp_path):
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(tmp_path).invite_days = 1


def test_a_trailing_slash_of_the_public_address_is_dropped(tmp_path):
    assert load(tmp_path, PUBLIC_URL="https://video.example.com/").public_url == "https://video.example.com"


# The secret key (docs/threat-model.md, class 26).


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path):
    instance = tmp_path / "instance"
    app = create_app(cheap(instance, secret_key=""))
    path = instance / "secret_key"
    key = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) >= 48 and app.config["SECRET_KEY"] == key
    assert create_app(cheap(instance, secret_key="")).config["SECRET_KEY"] == key, "and kept"


def test_two_instances_have_two_keys(tmp_path):
    keys = {settings.secret_key(settings.Settings(instance_path=tmp_path / name)) for name in "ab"}
    assert len(keys) == 2


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    given = settings.Settings(instance_path=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.secret_key(given), range(8)))
    assert len(keys - {""}) == 1 and keys == {(tmp_path / "secret_key").read_text().strip()}


def test_no_key_is_shipped():
    assert settings.Settings().secret_key == ""


def test_a_given_key_is_not_written_down(tmp_path):
    assert settings.secret_key(settings.Settings(instance_path=tmp_path, secret_key=KEY)) == KEY
    assert not (tmp_path / "secret_key").exists()


def test_values_of_statements_are_never_in_an_error(make_app):
    """`hide_parameters`: a failed INSERT must not log a hash or an address."""
    assert make_app().config["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nothing"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"FASTPIX_INSTANCE_PATH=.*Give a folder that fastpix may write to"):
        create_app(settings.Settings(instance_path=tmp_path / place))
