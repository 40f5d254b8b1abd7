"""Addresses in settings: what is written in them arrives as it is meant, or is refused in one line that holds no secret."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as rounds
from hypothesis import strategies as st

from fastpix.accounts import passkey_protocol
from fastpix.config import settings
from fastpix.config.encoder_addresses import rtmp_server
from fastpix.delivery import stream_hosts
from fastpix.errors import Misconfigured
from fastpix.mail import message, smtp
from fastpix.ratelimit import storage as ratelimit
from fastpix.storage import instance as storage

# The figure of the acceptance is run by hand: FUZZED = 5000 takes a minute.
FUZZED = 150
PUBLIC_URLS = [
    ("HTTPS://Video.Example.COM", "https://video.example.com"),
    ("https://video.example.com:443", "https://video.example.com"),
    ("http://video.example.com:80/", "http://video.example.com"),
    ("https://video.example.com:8443", "https://video.example.com:8443"),
    ("https://video.example.com:", "https://video.example.com"),
    ("https://video.example.com.", "https://video.example.com"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
    ("https://faß.example", "https://xn--fa-hia.example"),  # IDNA 2008, as browsers: not "fass"
    ("https://video。example", "https://video.example"),
    ("http://[2001:DB8:0::1]:8000", "http://[2001:db8::1]:8000"),
]
REFUSED = [
    ("PUBLIC_URL", "https://ada:Zq7secret@video.example.com", "without a path, a name or a password"),
    ("PUBLIC_URL", "https://video.example.com:80a", "number from 1 to 65535"),
    ("PUBLIC_URL", "https://video.example.com:0", "number from 1 to 65535"),
    ("PUBLIC_URL", "https://video..example.com", "empty part"), ("PUBLIC_URL", "https://.example", "empty part"),
    ("PUBLIC_URL", "http://1.2.3", "ends in a number"), ("PUBLIC_URL", "http://[::1", "IPv6"),
    ("PUBLIC_URL", "http://[fe80::1%eth0]", "IPv6"), ("PUBLIC_URL", "http://under score.example", "letters, digits"),
    ("PUBLIC_URL", "https://\u2665\u202e.example", "international name"), ("STREAM_URL", "https://s.example:80a", "1 to 65535"),
    ("IMAGES_URL", "https://a..example", "empty part"), ("STORAGE_ENDPOINT", "https://key:Zq7@s3.example", "without a path"),
    ("STORAGE_URL", "s3://AKIA:Zq7secret@bucket", "without keys"), ("STORAGE_REGION", "eu west", "eu-central-1"),
    ("LIVE_URL", "rtmp://a..example/live", "empty part"), ("LIVE_URL", "rtmp://ada:Zq7@h.example/live", "rtmp://host/live"),
    ("SRT_URL", "rtmp://h:1945", "srt://host:port"), ("SRT_URL", "srt://h.example", "srt://host:port"),
    ("SRT_URL", "srt://ada:Zq7@h.example:1945", "srt://host:port"), ("SRT_BIND", "127.0.0.1", "host:port"),
    ("LIVE_RELAY_URL", "rtmp://h:rtmp/live", "1 to 65535"), ("BIND", "::1:8000", "brackets"), ("BIND", "a..b:80", "empty part"),
    ("SMTP_URL", "smtp://ada:Zq7@mail.example.com:smtp", "1 to 65535"), ("SMTP_URL", "smtp://ada:Zq7@h:99999", "1 to 65535"),
    ("SMTP_URL", "smtp://mail..example.com", "empty part"), ("SMTP_URL", "smtp://ada:Zq7@b/Zq7c@h", "%2F"),
    ("SMTP_URL", "smtp://ada:Zq7%FF@h", "UTF-8"), ("SMTP_URL", "smtp://ada:Zq7%0D%0A@h", "control characters"),
    ("SMTP_URL", "smtp://mail.example.com/Zq7", "nothing may follow"),
    ("REDIS_URL", "redis://:Zq7@h:redis/0", "1 to 65535"), ("REDIS_URL", "redis://h/zero", "number of a database"),
    ("REDIS_URL", "redis://a..b", "empty part"), ("REDIS_URL", "redis://h/0?password=Zq7", "may stand"),
    ("DATABASE_URL", "postgresql://u:Zq7@h:pg/x", "1 to 65535"), ("DATABASE_URL", "postgresql://u:Zq7@s/Zq7@h/x", "%2F"),
    ("DATABASE_URL", "postgresql://u:Zq7@a..b/x", "empty part"), ("DATABASE_URL", "postgresql://u:Zq7@h/x?sslmod=Zq7", "sslmode"),
    ("DATABASE_URL", "sqlite:///", "name a file"), ("DATABASE_URL", "sqlite:///:memory:", "name a file"),
    ("MAIL_FROM", "nonsense", "Acme, Inc. <video@example.com>"), ("MAIL_FROM", "a@x.example, b@y.example", "one address"),
    ("MAIL_FROM", "<a@x.example> <b@y.example>", "one address"), ("MAIL_FROM", "ada@x..example", "empty part"),
    ("MAIL_FROM", "Acme\nBcc: b@y.example <a@x.example>", "line break"), ("SECRET_KEY", "Zq7\udcff" * 20, "UTF-8"),
    ("INSTANCE_PATH", "~nobody-of-that-name/x", "give a folder"), ("INVITE_DAYS", "postgresql://u:Zq7@h", "1 to 90"),
]  # fmt: skip
PASSWORDS = ["p/w", "p#w", "p?w", "pä€w", "p@w", "p:w", "p%w", "p w", "p+w", "/#?@:ä"]


def load(folder, **values):
    return settings.load({"FASTPIX_INSTANCE_PATH": str(folder)} | {f"FASTPIX_{k}": v for k, v in values.items()})


def complaint(folder, **values):
    with pytest.raises(Misconfigured) as problem:
        load(folder, **values)
    return str(problem.value)


@pytest.mark.parametrize(("written", "sent"), PUBLIC_URLS)
def test_the_public_address_is_what_browsers_send(tmp_path, written, sent):
    given = load(tmp_path, PUBLIC_URL=written)
    assert given.public_url == sent
    assert passkey_protocol._origin(given) == sent
    assert given.host == urlsplit(sent).hostname and given.sender.isascii()


@pytest.mark.parametrize(("name", "value", "hint"), REFUSED)
def test_what_cannot_work_is_refused_at_the_start(tmp_path, name, value, hint):
    text = complaint(tmp_path, **{name: value})
    assert text.startswith(f"FASTPIX_{name}=") and hint in text and text.isprintable() and "Zq7" not in text


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(("name", "frame"), [
    ("SMTP_URL", "smtp://ada:{}@h.example:25"), ("REDIS_URL", "redis://:{}@h.example:6379/0"),
    ("DATABASE_URL", "postgresql://ada:{}@h.example:5432/x"),
])  # fmt: skip
def test_a_password_may_hold_any_character(tmp_path, name, frame, password):
    parts = urlsplit(getattr(load(tmp_path, **{name: frame.format(password)}), name.lower()))
    assert (unquote(parts.password or ""), parts.hostname) == (password, "h.example") and parts.port


def test_a_password_written_with_percent_signs_is_what_it_says(tmp_path):
    found = load(tmp_path, DATABASE_URL="postgres://ada:%2F%23%3F%40%3A%25@h/x").database
    assert sa.make_url(found).password == "/#?@:%" and found.startswith("postgresql+psycopg://")


@pytest.mark.parametrize(("written", "name", "spec"), [
    ("v@example.com", "", "v@example.com"), ("Acme, Inc. <v@example.com>", "Acme, Inc.", "v@example.com"),
    ("Team @ Acme <v@example.com>", "Team @ Acme", "v@example.com"), ("Ä Ö <v@bücher.example>", "Ä Ö", "v@xn--bcher-kva.example"),
    ('"Acme, \\"the\\" Inc." <v@example.com>', 'Acme, "the" Inc.', "v@example.com"), ("<v@example.com>", "", "v@example.com"),
    ("v@localhost", "", "v@localhost"), ("v@[192.0.2.7]", "", "v@[192.0.2.7]"), ("b@evil.example <v@a.example>", "b@evil.example", "v@a.example"),
])  # fmt: skip
def test_mails_go_out_as_the_address_that_was_given(tmp_path, written, name, spec):
    given = load(tmp_path, MAIL_FROM=written)
    sender = smtp._address(given.sender, smtp.Unavailable)
    assert smtp.parts(given.sender) == (name, spec)
    assert (sender.display_name, sender.addr_spec) == (name, spec)


@pytest.mark.parametrize(
    "text", ['smtp_url = "smtp://Zq7', 'smtp_url = "Zq7\u0001"', "smtp_url = ['Zq7']", "smtp_url = 1.5"]
)
def test_a_file_that_is_wrong_is_one_line(tmp_path, text):
    (tmp_path / "settings.toml").write_text(text)
    said = complaint(tmp_path)
    assert "settings.toml" in said and said.isprintable() and "Zq7" not in said


def test_files_that_are_not_text_are_one_line(tmp_path):
    (tmp_path / "secret").write_bytes(b"Zq7\xff")
    assert "not UTF-8" in complaint(tmp_path, SECRET_KEY_FILE=str(tmp_path / "secret"))
    (tmp_path / "settings.toml").write_bytes(b'smtp_url = "\xff"')
    assert "not UTF-8" in complaint(tmp_path)


def test_a_secret_in_place_of_its_file_is_not_repeated(tmp_path):
    text = complaint(tmp_path, DATABASE_URL_FILE="postgresql://ada:Zq7@h/x")
    assert "FASTPIX_DATABASE_URL_FILE" in text and "Zq7" not in text


# Each piece of a secret has the mark, so that none of them may be in what is said.
ODD = st.sampled_from(
    ["", "/", "#", "?", "@", ":", "%", "%2F", "%FF", "%00", "ä", "\n", "\x00", "\udcff", " ", "\\", "[", "]", ",", "."]
)
SECRETS = st.lists(ODD, max_size=4).map(lambda odd: "Zq7".join(["", *odd, ""]))
HOSTS = st.sampled_from([
    "h.example", "H.Example.", "bücher.example", "a..b", ".a", "", "192.0.2.7", "1.2.3", "[::1]", "[::1", "::1", "-a.example",
    "x" * 64, "a_b", "xn--bcher-kva.example", "ａ.example", "\u2665.example", "a b", "localhost", "\udcff", "0x7f.1",
])  # fmt: skip
PORTS = st.sampled_from(["", ":25", ":", ":0", ":99999", ":smtp", ":80a", ":²", ":٣", ":-1", ":443", ":" + "9" * 5000])
SCHEMES = st.sampled_from([
    "smtp", "smtps", "smtp+starttls", "redis", "rediss", "postgresql", "postgres", "postgresql+psycopg", "sqlite", "http", "https",
    "HTTPS", "rtmp", "rtmps", "s3", "file", "mysql", "",
])  # fmt: skip
RESTS = st.sampled_from(
    ["", "/", "/0", "/live", "/x?sslmode=require", "/x?a=b", "?x", "#x", "//", "/a/../b", "\\", "/a b", "/ä", "/\n"]
)
URLS = st.builds(
    lambda scheme, slashes, user, secret, host, port, rest: f"{scheme}{slashes}{user}{secret}{host}{port}{rest}",
    SCHEMES, st.sampled_from(["://", ":", ":///", ":/", ""]), st.sampled_from(["", "ada", "ada@x.example"]),
    st.one_of(st.just(""), SECRETS.map(lambda secret: f":{secret}@")), HOSTS, PORTS, RESTS,
)  # fmt: skip
SENDERS = st.builds(
    lambda name, host: f"{name}v@{host}", st.sampled_from(["", "A <", '"A, B" <', "A @ B <", "Ä", "a, ", "\\"]), HOSTS
)
VALUES = st.one_of(URLS, SENDERS, SENDERS.map("{}>".format), st.text(max_size=30), SECRETS)
SECRET = {field.name for field in settings.SETTINGS if field.metadata["secret"]}
NAMES = st.sampled_from([field.name for field in settings.SETTINGS if field.name != "instance_path"])


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=2))
@rounds(max_examples=FUZZED)
def test_any_setting_starts_or_is_one_line_without_a_secret(tmp_path_factory, values):
    folder = tmp_path_factory.getbasetemp()
    environ = {"FASTPIX_INSTANCE_PATH": str(folder)} | {
        f"FASTPIX_{name.upper()}": text for name, text in values.items()
    }
    try:
        found = settings.load(environ)
        storage.of(found)
        stream_hosts.names(found)
    except Misconfigured as problem:
        said = str(problem)
        name = next(name for name in values if said.startswith(f"FASTPIX_{name.upper()}"))
        is_secret = name in SECRET or ("@" in values[name] and (":" in values[name] or name != "mail_from"))
        assert said.isprintable() and ("Zq7" not in said or not is_secret), said
        return
    sa.create_engine(found.database)
    ratelimit._redis(found)
    sender = smtp._address(found.sender, smtp.Unavailable)
    assert message.of(found, message.Letter(uuid4(), "a@x.example", "x", "x", "x"), sender, sender)
    for url in (
        found.smtp_url,
        found.redis_url,
        found.public_url,
        found.stream_url,
        rtmp_server(found),
        found.storage_endpoint,
    ):
        assert urlsplit(url).port != 0 and urlsplit(url).geturl() == url
    assert found.public_url.isascii() and found.host.isascii()
    for field in settings.SETTINGS:
        if field.name not in SECRET and "@" in (text := values.get(field.name, "")):
            assert field.name in ("mail_from", "ffmpeg", "captions_model") or "Zq7" not in str(
                getattr(found, field.name)
            ), text
