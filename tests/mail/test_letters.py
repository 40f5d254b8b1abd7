"""Every mail: it renders with its context, in both forms, and bears hostile names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jinja2 import UndefinedError

from fastpix.mail import letters

CONTEXTS = {
    "invitation": "organization inviter role link expires",
    "password_reset": "name link minutes",
    "email_change": "name link new_email minutes",
    "email_changed": "name new_email",
    "password_changed": "name",
    "second_factor": "name text",
    "member_joined": "organization name email role link",
    "membership_changed": "organization name text details at unexpected link",
    "new_sign_in": "name browser address at link",
    "test": "link",
}
HOSTILE = '<b>&"\nBcc: eve@y.example'


def context(kind, value="{}-value"):
    return {"instance": "video.example.com"} | {name: value.format(name) for name in CONTEXTS[kind].split()}


@pytest.mark.parametrize("kind", CONTEXTS)
def test_both_forms_say_the_same(kind):
    rendered = letters.render(kind, context(kind))
    assert rendered.subject and "\n" not in rendered.subject and "Subject:" not in rendered.text
    for name, value in context(kind).items():
        assert value in rendered.text + rendered.subject and value in rendered.html, name
    assert "{{" not in rendered.text + rendered.html


@pytest.mark.parametrize("kind", CONTEXTS)
def test_a_hostile_name_adds_no_header_no_line_and_no_tag(kind):
    rendered = letters.render(kind, context(kind, HOSTILE))
    assert "\n" not in rendered.subject and "\nBcc" not in rendered.text and "<b>" not in rendered.html


def test_a_context_that_lacks_something_is_an_error():
    with pytest.raises(UndefinedError):
        letters.render("password_reset", {"name": "Ada", "instance": "x", "link": "y"})


def test_times_are_written_for_people():
    assert letters.moment(datetime(2026, 12, 5, 14, 3, tzinfo=UTC)) == "5 December 2026, 14:03 UTC"


def test_there_is_a_text_and_a_page_for_every_kind():
    names = {name for name in letters._environment().list_templates() if not name.startswith("_")}
    assert names == {f"{kind}.{form}" for kind in CONTEXTS for form in ("txt", "html")}
