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
    "organizations.domain.create": ("page", "personal: a token belongs to one organization already"),
    "fastpix.accounts.view_as.start": ("page", "a token sees nothing; whoever makes one chooses its role"),
    "audit.domain.search": ("page", "people page by number of the row; `audit.domain.listed` is the same list by page"),
    "audit.domain.listed": ("api", "scripts page by number; `audit.domain.search` is the same list by cursor"),
    "audit.domain.export": ("page", "a file for a spreadsheet; a script reads `audit.domain.listed`"),
    "members.domain.page": ("page", "people page by cursor; `members.domain.listed` is the same list by number"),
    "members.domain.listed": ("api", "scripts page by number; `members.domain.page` is the same list by cursor"),
    "members.bulk.domain.everyone": ("page", "a file for a spreadsheet; a script reads `members.domain.listed`"),
    "media.queries.library": ("page", "people page by cursor; `media.queries.listed` is the same list by number"),
    "media.queries.listed": ("api", "scripts page by number; `media.queries.library` is the same list by cursor"),
    "media.uploads.domain.take": ("page", "a file that came whole, by a form without JavaScript"),
    "media.playback_ids.domain.set_privacy": (
        "page",
        "one switch; a script has `media.bulk.domain.set_privacy`, for one as for many",
    ),
    "media.playback_ids.domain.restrict": ("api", "one rule at a time; `restrict_all` is the page's form of both"),
    "media.playback_ids.domain.restrict_all": ("page", "both rules in one form; `restrict` is the API's"),
    "live_streams.playback_ids.domain.restrict": (
        "api",
        "one rule at a time; `restrict_all` is the page's form of both",
    ),
    "live_streams.playback_ids.domain.restrict_all": ("page", "both rules in one form; `restrict` is the API's"),
    "fastpix.overview.search.domain.find": (
        "page",
        "people jump to what they know by name; a script asks each resource by its address",
    ),
    "media.cues.domain.save": ("page", "people change one caption; a script gives another file to the track"),
    "media.tracks.domain.retry": ("page", "a script deletes the track that failed, and adds it again"),
    "workspaces.domain.search": ("page", "the whole list; `workspaces.domain.listed` is the same list by number"),
    "workspaces.domain.listed": ("api", "scripts page by number; `workspaces.domain.search` is the same list"),
}
# Seen on other pages in the dashboard: each is a list there, and its single thing is the form that edits it.
READ_ON_FORMS = {
    "media.playback_ids.domain.listed": "a media's page shows its playback ids",
    "media.playback_ids.domain.get": "a media's page shows its playback ids",
    "media.clips.queries.listed": "a media's page names what it is a clip of",
    "media.clips.queries.recorded": "a stream's page shows its recordings",
    "media.source.domain.get": "a media's page shows what is known of its source",
    "media.uploads.domain.listed": "the upload page holds the uploads that are under way in it",
    "members.offboarding.domain.preview": "the pages of removing and of editing access show it",
    "fastpix.accounts.member_sessions.shown": "a person's page shows where they are signed in",
    "webhooks.deliveries.domain.listed": "a webhook's page shows its deliveries",
    "live_streams.playback_ids.domain.get": "a stream's page shows its playback ids",
    "live_streams.simulcasts.domain.get": "a stream's page shows its simulcast targets",
    "usage.queries.of_media": "a media's page shows its views",
    "live_streams.viewers.queries.audiences": "a stream's page shows how many watched",
    "live_streams.viewers.queries.count": "a stream's page shows how many watch",
    "media.not_offered.domain.drm": "what is not offered has no page",
    "media.not_offered.domain.read_summary": "what is not offered has no page",
    "usage.not_offered.domain.view": "what is not offered has no page",
    "usage.video_data.queries.overall": "the usage page and a media's page show views and minutes",
    "usage.video_data.queries.over_time": "the usage page and a media's page show views and minutes by day",
    "usage.video_data.queries.by_dimension": "each media's page shows its own views",
    "usage.video_data.queries.dimensions": "names that FastPix's clients choose from",
    "media.not_offered.domain.use_ai": "what is not offered has no page",
}
# Verbs that no door opens, and what does.
NO_DOOR = {
    **{
        f"{owner}.find": "quick search asks each resource, under the resource's own permission"
        for owner in (
            "media.queries",
            "live_streams.queries",
            "workspaces.domain",
            "access_tokens.domain",
            "signing_keys.domain",
        )
    },
    "media.uploads.domain._make_media": "the last byte of an upload, at the public address that is the proof",
    "fastpix.overview.checklist.steps": "the overview shows it beside `organizations.domain.get`",
    "fastpix.overview.attention.matters": "the overview shows it beside `organizations.domain.get`",
    "media.queries.failed": "the overview shows them; a script finds them in the list by their status",
    "live_streams.queries.on_air": "the overview shows them; a script finds them in the list by their status",
    "webhooks.domain.failing": "the overview shows them; a script finds them in the list by their failures",
    "usage.queries.views": "the overview shows them as a line; `usage.queries.history` has them with all else",
    "media.queries.count": "the overview counts; the API's lists say their total",
    "live_streams.queries.count": "the overview counts; the API's lists say their total",
    "live_streams.domain.log": "the stream's page reads it beside `live_streams.domain.get`",
    "members.domain.ordered": "the list reads it in place of `members.domain.page` where an order is chosen",
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
    elif not action.changes and not table.row(action.key).is_view:
        assert doors == set(), "it only prepares a form; the form's own verb is the door"
    else:
        assert doors == {"page", "api"}


def test_the_lists_of_exceptions_name_verbs_that_exist():
    assert {*ONE_DOOR, *READ_ON_FORMS, *NO_DOOR} <= {short(name) for name in ACTIONS}


def test_every_permission_of_a_built_resource_is_asked_for_at_both_doors():
    asked = {
        door: {POLICY[r.endpoint] for r in guarded() if r.is_api == (door == "api")} & set(table.ROWS)
        for door in ("page", "api")
    }
    assert asked["page"] - asked["api"] == {"organizations.delete", "members.view_as", "audit.export"}
    assert asked["api"] - asked["page"] == set()


def _pairs():
    """A route of each door for every verb that has both."""
    for action in ACTIONS.values():
        if action.doors["page"] and action.doors["api"]:
            mine = [r for r in guarded() if r.action and r.action.name == action.name]
            changing = "GET" if not action.changes else "POST"
            page = next(r for r in mine if not r.is_api and r.method == changing)
            yield pytest.param(page, next(r for r in mine if r.is_api), id=short(action.name))


@pytest.mark.full("the matrix holds both against the role table")
@pytest.mark.sqlite
@pytest.mark.parametrize(("page", "api"), list(_pairs()))
def test_the_page_says_what_the_api_says(world, page, api):
    """A session and a token of the same standing: both may, or neither."""
    for who, token in (("ada", "people"), ("mel", "people"), ("dana", "people"), ("rex", "people"), ("eve", "people")):
        may = {}
        for route, proof in ((page, "session"), (api, token)):
            response, status = ask(world, route, Caller(who, proof))
            assert response.status_code in (status, 401, 403, 404), f"{route} by {who}: {response.status_code}"
            may["api" if route is api else "page"] = response.status_code == status
            world.reset()
        if who == "rex" and not api.ids:
            continue  # his token leads to his own organization, the page's address to acme
        if page.action.key == "members.leave" and who in ("mel", "dana"):
            assert may == {"page": True, "api": False}, "members may leave; a token of theirs does not throw them out"
            continue
        assert may["page"] == may["api"], f"{who}: {may}"
