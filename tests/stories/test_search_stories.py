"""Quick search is a way to learn names: nobody finds by it what they may not see, nor that it is there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fastpix.access import principal
from fastpix.overview.search import domain, views
from tests.access.persons import Caller, ask
from tests.access.routes import guarded

pytestmark = pytest.mark.sql("search and paging")

SEARCHES = [r for r in guarded() if r.endpoint.startswith("search.")]
PAGE, RESULTS = "/o/acme/search/?q=", "/o/acme/search/results.json?q="
PATHS = (pytest.param(PAGE, marks=pytest.mark.full("the same answers, with a page around them")), RESULTS)


def traces(door, path, question, marker):
    """Whether the answer tells more of the marker than what was asked."""
    answer = door.page.get(path + question)
    assert answer.status_code == 200
    return marker in answer.text.replace(f'value="{question}"', "")


@pytest.fixture
def hidden(cast):
    """A question for each thing of acme that a member may not see, and what its finding would show."""
    acme = cast.acme
    found = {str(acme.signing_key): f"/signing-keys/{acme.signing_key}"}
    for token in acme.tokens.values():
        found[token.name.split()[0] + " " + token.name.split()[1]] = str(token.id)
        found[str(token.id)] = f"/access-tokens/{token.id}"
    return found


@pytest.mark.full("every name asked for, on every page")
@pytest.mark.parametrize("path", PATHS)
def test_an_admin_finds_keys_and_tokens_by_name_and_id(ada, hidden, path):
    for question, marker in hidden.items():
        assert traces(ada, path, question, marker), question


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["mel", pytest.param("dana", marks=pytest.mark.full("a member as Mel is"))])
def test_a_member_finds_no_key_and_no_token(request, hidden, path, who):
    """Neither their names nor that there are any: the answer is the one to a question that fits nothing."""
    door = request.getfixturevalue(who)
    nothing = door.page.get(path + "zzzzzz").text
    for question, marker in hidden.items():
        if question.startswith(who):
            continue  # people are found by their names, and may be
        assert not traces(door, path, question, marker), question
        answer = door.page.get(path + question).text
        if path.endswith("json?q=") and not question.startswith(("ada", "mel", "dana", "eve")):
            assert answer == nothing
        for word in (
            "Access tokens",
            "Signing keys",
            "access tokens",
            "signing keys",
            "/access-tokens",
            "/signing-keys",
        ):
            assert word not in answer


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_is_not_found_by_its_key(ada, mel, cast, path):
    """Not even by whoever may see it on its page: what is searched for stands in logs of proxies."""
    for secret in cast.acme.shelf.stream_secrets.values():
        for door in (ada, mel):
            assert str(cast.acme.shelf.stream) not in door.page.get(path + secret[:60]).text.replace(secret[:60], "")


@pytest.mark.parametrize("path", PATHS)
def test_another_organization_is_not_searched(world, ada, rex, path):
    rival = world.cast.rival
    things = [rival.name.lower(), "rex", "rex@rex.example", "the rival", str(rival.workspace), str(rival.signing_key)]
    things += [str(rival.shelf.media), str(rival.shelf.stream), str(rival.shelf.playback_id)]
    for question in things:
        answer = ada.page.get(path + question).text
        for marker in ("The rival", "rex@", str(rival.shelf.media), str(rival.shelf.stream), str(rival.signing_key)):
            assert f">{marker}" not in answer and f'"name":"{marker}' not in answer
            assert f"/{marker}" not in answer
    assert rex.page.get(path + "ada").status_code == 404


def test_only_workspaces_one_may_enter_are_searched(world, ada, cast):
    """Ada looks as a member who enters the workspace development alone; film and stream lie in production."""
    things = {"clip": str(cast.acme.shelf.media), "stream": str(cast.acme.shelf.stream), "production": "production"}
    things |= {str(cast.acme.shelf.media): "Ready", str(cast.acme.shelf.stream): "Idle"}
    for question, marker in things.items():
        assert traces(ada, RESULTS, question, marker), question
    chosen = str(cast.acme.workspaces["development"])
    assert ada.page.post("/o/acme/view-as-member/", {"access": "these", "workspaces": [chosen]}).status_code == 303
    for question, marker in things.items():
        assert not traces(ada, RESULTS, question, marker), question
    assert traces(ada, RESULTS, "dev", chosen)


@pytest.mark.parametrize("route", SEARCHES, ids=str)
def test_who_does_not_belong_may_not_search(world, route):
    for who, status in (("eve", 404), ("sam", 404), ("rex", 404), (None, 302)):
        assert ask(world, route, Caller(who, "session"))[0].status_code == status


def test_what_is_typed_is_text_and_nothing_else(ada):
    for question in (
        "%",
        "_",
        "%%",
        "' OR 1=1 --",
        "*",
        "\u0000",
        "<script>alert(1)</script>",
        "\U0010ffff",
        "a" * 5000,
    ):
        page = ada.page.get(PAGE[:-3], query_string={"q": question})
        assert page.status_code == 200 and "<script>alert" not in page.text
        data = ada.page.get(RESULTS[:-3], query_string={"q": question}).json
        assert [g["label"] for g in data["groups"]] in ([], ["People"]), question


def test_the_stories_would_notice(mel, hidden, monkeypatch):
    """A search that asks without a look at the permission: the verbs of the resources refuse by themselves."""
    blind = SimpleNamespace(may=lambda _key: True, current=principal.current)
    monkeypatch.setattr(domain, "principal", blind)
    assert mel.page.get(PAGE + "ada").status_code == 403
    monkeypatch.undo()
    careless = (
        *domain._KINDS[:4],
        ("access_tokens", "media.view", lambda *_: [{"id": "x", "name": "ada admin token"}]),
    )
    monkeypatch.setattr(domain, "_KINDS", careless)
    monkeypatch.setitem(views._LINES, "access_tokens", lambda row, _names: views._line(row["name"], "", "/x"))
    assert "ada admin token" in mel.page.get(RESULTS + "ada").text
