"""Two applications in one process: each answers with its own settings, whoever of them answered before."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from fastpix import urls
from fastpix.config import instance
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.crypto import passwords, seal
from fastpix.delivery import file_sending, lookup
from fastpix.errors import Invalid, Missing
from fastpix.mail import outbox
from fastpix.resources.webhooks import rules
from fastpix.storage import instance as storage
from fastpix.video import tools

PRIVATE = "http://127.0.0.1:1/hook"


@pytest.fixture
def two(make_app):
    """A generous application, and one that is careful; the careful one was made last."""
    return (
        make_app(
            public_url="https://one.example",
            stream_url="https://cdn.one.example/stream",
            fetch_allow_private=True,
            smtp_url="smtp://127.0.0.1:1",
            accel_prefix="/_one/",
            password_memory_kib=16,
            secret_key="the key of the first of two, long enough",
            ffmpeg="true",
        ),
        make_app(
            public_url="https://two.example",
            password_memory_kib=8,
            secret_key="the key of the second of two, long enough",
            invites_per_hour=3,
        ),
    )


def _check_generous():
    assert urls.to("/x") == "https://one.example/x"
    assert urls.stream("a.m3u8") == "https://cdn.one.example/stream/a.m3u8"
    assert rules.checked_url(PRIVATE) == PRIVATE
    assert outbox.is_configured()
    assert passwords.hashed("a long password").startswith("$argon2id$v=19$m=16,")
    assert tools.ffmpeg().endswith("/true")
    assert instance.settings().accel_prefix == "/_one/"


def _check_careful():
    assert urls.to("/x") == "https://two.example/x"
    assert urls.stream("a.m3u8") == "https://two.example/stream/a.m3u8"
    with pytest.raises(Invalid):
        rules.checked_url(PRIVATE)
    assert not outbox.is_configured()
    assert passwords.hashed("a long password").startswith("$argon2id$v=19$m=8,")
    assert not tools.ffmpeg().endswith("/true")
    assert instance.settings().invites_per_hour == 3


def test_each_keeps_its_own_in_turns_and_one_within_the_other(two):
    one, other = two
    for _ in range(3):
        with one.app_context():
            _check_generous()
            with other.app_context():
                _check_careful()
            _check_generous()
        with other.app_context():
            _check_careful()


def test_what_is_sealed_stored_and_cached_by_one_is_nothing_to_the_other(two):
    one, other = two
    key = f"m/{uuid4()}/a.jpg"
    with one.app_context():
        sealed, signed = seal.seal("a secret"), seal.sign("a purpose", 1)
        storage.get().write(key, b"a picture")
        assert file_sending.size(key) == 9
        cached = lookup._playables.get(uuid4())
        assert cached is None
    with other.app_context():
        assert seal.unseal(sealed) is None
        assert not seal.is_signed(signed, "a purpose", 1)
        with pytest.raises(Missing):
            file_sending.size(key)
    with one.app_context():
        assert seal.unseal(sealed) == "a secret"


def test_pages_of_both_answer_with_their_own_at_the_same_time(two):
    """In threads, by turns: the sign-in page's policy names where each one's films lie."""
    wrong = []

    def ask(app, own, others):
        for _ in range(20):
            policy = app.test_client().get("/sign-in", base_url=own).headers["Content-Security-Policy"]
            with app.test_request_context("/", base_url=own):
                links = urls.to("/x"), urls.stream("x")
            if not all(link.startswith(("https://cdn.one.example", own)) for link in links) or others in policy:
                wrong.append((policy, links))

    one = threading.Thread(target=ask, args=(two[0], "https://one.example", "two.example"))
    other = threading.Thread(target=ask, args=(two[1], "https://two.example", "one.example"))
    for thread in (one, other):
        thread.start()
    for thread in (one, other):
        thread.join()
    assert wrong == []


def test_a_part_is_made_once_and_anew_when_the_instance_begins_again():
    running, made = Instance(Settings()), []
    make = made.append
    assert running.part(make) is running.part(make) and made == [running.settings]
    running.begin()
    running.part(make)
    assert len(made) == 2
