"""What a mail is on the wire: subjects and names come out at the other end as they went in, and every byte is ASCII."""

from __future__ import annotations

import email
import email.policy
import itertools
from email.header import decode_header, make_header
from email.headerregistry import Address
from uuid import uuid4

import pytest

from fastpix.config.settings import Settings
from fastpix.mail import message
from fastpix.mail.message import Letter

NAMES = (
    "Ada", "Ada Lovelace", "Моя студия", "Пётр Ильич Чайковский", "東京 スタジオ", "김 철수", "Zoë", "Ole Bjørn Åse",
    "Ελλάδα και Κύπρος", "تلفزيون العرب", "סטודיו תל אביב", "Café Crème de la Crème", "a 🎬 b", "🎬 🎥", "Việt Nam", "नमस्ते दुनिया",
    "=?utf-8?q?fake?=", "half =? open", "A.B, \"C\" (D) <e@f.example>; G: H", "x" * 119, "é" * 119, "Й " * 59 + "Й", "word " * 23 + "end",
    "Straße 5", "mixed слово and text слово", "ö", "it's – “quoted”",
)  # fmt: skip
PATTERNS = (
    "{0} invited you to {1}", "{1}", "{0}: {1}", "You are no member of {1} any more", "{0} {1} {0}", "Вас пригласили: {1} – {0}",
)  # fmt: skip
SUBJECTS = [
    pattern.format(one, other)
    for pattern in PATTERNS
    for one, other in itertools.product(NAMES, NAMES[::4])
    if len(one + other) < 250
]


def written(subject="Hello", text="text\n", sender=("", "v@v.example"), host="video.example.com"):
    letter = Letter(uuid4(), "ada@example.com", subject, text, "<p>ä</p>\n")
    settings = Settings(public_url=f"https://{host}")
    return message.of(settings, letter, Address(sender[0], addr_spec=sender[1]), Address(addr_spec="ada@example.com"))


def test_every_subject_keeps_its_letters_and_spaces():
    """Read back in two ways: by the parser of the standard library and word by word."""
    assert len(SUBJECTS) > 500
    for subject in SUBJECTS:
        wire = written(subject)
        assert wire.isascii() and max(map(len, wire.split(b"\r\n"))) <= 78 + 60, subject
        assert email.message_from_bytes(wire, policy=email.policy.default)["Subject"] == subject
        raw = email.message_from_bytes(wire)["Subject"].replace("\r\n", "")
        assert str(make_header(decode_header(raw))) == subject


@pytest.mark.parametrize("name", [name for name in NAMES if "<" not in name and len(name) < 100])
def test_the_senders_name_keeps_its_letters_and_spaces(name):
    parsed = email.message_from_bytes(written(sender=(name, "v@v.example")), policy=email.policy.default)
    (address,) = parsed["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "v@v.example")


@pytest.mark.parametrize(
    "text", ["plain\n", "Grüße\n", "東京\n" * 50, "x" * 3000 + "\n", ".\n..\nFrom me\n", "a = b \n"]
)
def test_a_body_comes_out_as_it_went_in_whatever_a_server_can_carry(text):
    wire = written(text=text)
    assert wire.isascii() and max(map(len, wire.split(b"\r\n"))) <= 998 and b"8bit" not in wire
    body = email.message_from_bytes(wire, policy=email.policy.default).get_body(("plain",))
    assert body.get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize(
    ("host", "shown"),
    [("192.0.2.5", "[192.0.2.5]"), ("[2001:db8::1]", "[IPv6:2001:db8::1]"), ("video.example.com", "video.example.com")],
)
def test_an_instance_at_a_number_has_proper_message_ids(host, shown):
    parsed = email.message_from_bytes(written(host=host), policy=email.policy.default)
    assert parsed["Message-ID"].endswith(f"@{shown}>") and not parsed["Message-ID"].defects


@pytest.mark.parametrize("name", ["video.example.com", "a-b.example", "xn--mller-kva.example", "1and1.example"])
def test_full_names_of_hosts(name):
    assert message.is_host_name(name)


@pytest.mark.parametrize(
    "name", ["localhost", "video_host.example", "-a.example", "a-.example", "a..b", "", "10.0.0.1", "a.b."]
)
def test_what_strict_servers_refuse_as_a_greeting(name):
    assert not message.is_host_name(name)
