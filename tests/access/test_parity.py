"""Both doors open the same verbs to the same people: nothing can be done at one that is not offered at the other."""

from __future__ import annotations

import pytest

import fastpix.app  # noqa: F401  # registers every verb with its doors
from fastpix.access import table
from fastpix.access.action import ACTIONS
from tests.access.persons import Caller, ask
from tests.access.routes import POLICY, guarded

DOMAIN = "fastpix.resources."
# Verbs with one door, and why.
ONE_DOOR = {
    "organizations.domain.delete": ("page", "a token would end with what it deletes; a person types the name"),
    "organizations.domain.me": ("api", "the dashboard shows who one is around every page"),
    "organizations.domain.found": ("page", "personal: a token belongs to one organization already"),
    "fastpix.accounts.viewing.start": ("page", "a token sees nothing; whoever makes one chooses its role"),
    "audit.domain.search": ("page", "people page by number of the row; `audit.domain.listed` is the same list by page"),
    "audit.domain.listed": ("api", "scripts page by number; `audit.domain.search` is the same list by cursor"),
    "audit.domain.export": ("page", "a file for a spreadsheet; a script reads `audit.domain.listed`"),
    "members.domain.page": ("page", "people page by cursor; `members.domain.listed` is the same list by number"),
    "members.domain.listed": ("api", "scripts page by number; `members.domain.page` is the same list by cursor"),
    "media.search.library": ("page", "people page by cursor; `media.search.listed` is the same list by number"),
    "media.search.listed": ("api", "scripts page by number; `media.search.library` is the same list by cursor"),
    "media.uploads.take": ("page", "a file that came whole, by a form without JavaScript"),
    "media.playback_ids.restrict": ("api", "one rule at a time; `restrict_all` is the page's form of both"),
    "media.playback_ids.restrict_all": ("page", "both rules in one form; `restrict` is the API's"),
    "live_streams.playback_ids.restrict": ("api", "one rule at a time; `restrict_all` is the page's form of both"),
    "live_streams.playback_ids.restrict_all": ("page", "both rules in one form; `restrict` is the API's"),
    "search.domain.find": ("page", "people jump to what they know by name; a script asks each resource by its address"),
    "workspaces.domain.search": ("page", "the whole list; `workspaces.domain.listed` is the same list by number"),
    "workspaces.domain.listed": ("api", "scripts page by number; `workspaces.domain.search` is the same list"),
}
# Seen on other pages in the dashboard: each is a list there, and its single thing is the form that edits it.
READ_ON_FORMS = {
    "members.domain.get": "a member's details stand in the list and in the form",
    "media.playback_ids.listed": "a media's page shows its playback ids",
    "media.playback_ids.get": "a media's page shows its playback ids",
    "media.clips.listed": "a media's page names what it is a clip of",
    "media.clips.recorded": "a stream's page shows its recordings",
    "media.sources_of.get": "a media's page shows what is known of its source",
    "media.uploads.listed": "the upload page holds the uploads that are under way in it",
    "members.offboarding.preview": "the pages of removing and of editing access show it",
    "webhooks.deliveries.listed": "a webhook's page shows its deliveries",
    "live_streams.playback_ids.get": "a stream's page shows its playback ids",
    "live_streams.simulcasts.get": "a stream's page shows its simulcast targets",
    "usage.domain.of_media": "a media's page shows its views",
    "live_streams.viewers.audiences": "a stream's page shows how many watched",
    "live_streams.viewers.count": "a stream's page shows how many watch",
    "media.not_offered.drm": "what is not offered has no page",
    "media.not_offered.use_ai": "what is not offered has no page",
    "media.not_offered.generate_subtitles": "what is not offered has no page",
}
# Verbs that no door opens, and what does.
NO_DOOR = {
    **{
        f"{owner}.find": "quick search asks each resource, under the resource's own permission"
        for owner in (
            "media.search",
            "live_streams.search",
            "workspaces.domain",
            "access_tokens.domain",
            "signing_keys.domain",
        )
    },
    "media.uploads._make_media": "the last byte of an upload, at the public address that is the proof",
    "organizations.checklist.steps": "the overview shows it beside `organizations.domain.get`",
    "media.search.count": "the overview counts; the API's lists say their total",
    "live_streams.search.count": "the overview counts; the API's lists say their total",
    "live_streams.domain.log": "the stream's page reads it beside `live_streams.domain.get`",
    "media.domain.log": "the media's page reads it beside `media.domain.get`",
}


def short(name: str) -> str:
    return name.removeprefix(DOMAIN)


@pytest.mark.parametrize("action", list(ACTIONS.values()), ids=lambda a: short(a.name))
def test_a_verb_has_both_doors_or_a_reason(action):
    doors = {door for door, opened in action.doors.items() if opened}
    name = short(action.name)
    if name in READ_ON_FORMS:
        assert doors == {"api"}
    elif name in ONE_DOOR:
        assert doors == {ONE_DOOR[name][0]}
    elif action.is_personal:
        assert "api" not in doors, "what a person does to themselves is the dashboard's alone"
        assert table.PERSONAL[action.key]
    elif name in NO_DOOR:
        assert doors == set()
    elif action.is_preparation:
        assert doors == set(), "it only prepares a form; the form's own verb is the door"
    else:
        assert doors == {"page", "api"}


def test_the_lists_of_exceptions_name_verbs_that_exist():
    assert {*ONE_DOOR, *READ_ON_FORMS, *NO_DOOR} <= {short(name) for name in ACTIONS}


def test_every_permission_of_a_built_resource_is_asked_for_at_both_doors():
    asked = {
        door: {POLICY[r.endpoint] for r in guarded() if r.door == door} & set(table.ROWS) for door in ("page", "api")
    }
    assert asked["page"] - asked["api"] == {"organizations.delete", "members.view_as", "audit.export"}
    assert asked["api"] - asked["page"] == set()


def _pairs():
    """A route of each door for every verb that has both."""
    for action in ACTIONS.values():
        if action.doors["page"] and action.doors["api"]:
            mine = [r for r in guarded() if r.action and r.action.name == action.name]
            changing = "GET" if not action.changes else "POST"
            page = next(r for r in mine if r.door == "page" and r.method == changing)
            yield pytest.param(page, next(r for r in mine if r.door == "api"), id=short(action.name))


@pytest.mark.sqlite
@pytest.mark.parametrize(("page", "api"), list(_pairs()))
def test_the_page_says_what_the_api_says(world, page, api):
    """A session and a token of the same standing: both may, or neither."""
    for who, token in (("ada", "people"), ("mel", "people"), ("dana", "people"), ("rex", "people"), ("eve", "people")):
        may = {}
        for route, proof in ((page, "session"), (api, token)):
            response, status = ask(world, route, Caller(who, proof))
            assert response.status_code in (status, 401, 403, 404), f"{route} by {who}: {response.status_code}"
            may[route.door] = response.status_code == status
            world.reset()
        if who == "rex" and not api.ids:
            continue  # his token leads to his own organization, the page's address to acme
        assert may["page"] == may["api"], f"{who}: {may}"
