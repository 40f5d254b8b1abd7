"""Whoever changed something is told so: every form that leads to another page has a message there, or stands here."""

from __future__ import annotations

import pytest

from fastpix.app import PUBLIC
from tests.access.persons import Caller, scene_of
from tests.access.routes import address, right_input, routes
from tests.access.scene import Scene
from tests.cast import PASSWORD

# Where the page one lands on is itself what was asked for, and the reason.
SHOWN = {
    "members.remove": "the receipt says what stopped",
    "playlists.order": "the media stands in its new place, at which the page opens",
    "viewing.start": "the banner of a member's eyes stands above every page",
    "second_factor.start": "the page shows the secret and asks for the first code",
    "invite.sign_out": "the invite asks who one is now",
}
FORMS = [
    route
    for route in routes()
    if not route.is_api and route.method == "POST" and (route.endpoint not in PUBLIC or route.endpoint == "invite.join")
]


def landing(page, path, body):
    """The status of a form that is sent, and the text of the page it leads to."""
    answer = page.post(path, body)
    status = answer.status_code
    while answer.status_code in (302, 303):
        answer = page.get(answer.headers["Location"])
    return status, answer


@pytest.mark.sqlite
@pytest.mark.parametrize("route", FORMS, ids=str)
def test_a_form_that_leads_elsewhere_is_told_there(world, doors, route):
    who = None if route.endpoint == "invite.join" else "ada"
    scene = Scene(world, None, world.cast.acme) if who is None else scene_of(world, route, Caller(who, "session"))
    given = right_input(route, scene)
    if given.status != 303:
        return  # it answers with a page of its own
    page = doors(who).page
    for name, secret in given.cookies.items():
        page.client.set_cookie(name, secret, path="/invite")
    status, answer = landing(page, address(route, given.values, "acme"), given.body)
    assert status == 303 and answer.status_code == 200
    is_told = '<div class="toasts">' in answer.text
    assert is_told != (route.endpoint in SHOWN), f"{route}: say what was done, or say in SHOWN why nothing need be said"


@pytest.mark.sqlite
def test_a_new_password_says_what_the_code_does(ada):
    body = {"current": PASSWORD, "new": "another long password"}
    _status, answer = landing(ada.page, "/account/password", body)
    assert "Your password was changed; other sessions ended." in answer.text
