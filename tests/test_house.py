"""The fixtures themselves: the cast is as told, and every test starts from it."""

from __future__ import annotations

import pytest

from tests.world import World

pytestmark = pytest.mark.sql("the fixtures themselves")


def test_the_cast_stands_where_it_should(world: World, ada, mel, rex, dana, eve, sam, anonymous):
    roles = {key: doors.api.get("iam/me") for key, doors in {"ada": ada, "mel": mel, "rex": rex, "dana": dana}.items()}
    assert {key: answer.json["data"]["role"] for key, answer in roles.items()} == {
        "ada": "admin", "mel": "member", "rex": "admin", "dana": "member",
    }  # fmt: skip
    assert eve.api.get("iam/me").status_code == 401
    assert anonymous.api.get("iam/me").status_code == 401
    assert anonymous.page.get("/o/acme/").status_code == 302


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_starts_from_the_cast(world: World, ada, turn):
    assert ada.api.get("iam/organization").json["data"]["name"] == "Acme"
    before = world.digest()
    assert ada.api.patch("iam/organization", {"name": "Changed"}).status_code == 200
    assert world.digest() != before


def test_looking_changes_no_digest(world: World, ada):
    before = world.digest()
    assert ada.api.get("iam/members").status_code == 200
    assert world.digest() == before
