"""Playlists over the API, read by the published client's own models (docs/fastpix-contract.md, section 6)."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from fastpix_python import errors, models

from tests.stories.tables import change, rows

ROOT = "on-demand/playlists"
SMART = {
    "name": "Of March",
    "referenceId": "march",
    "type": "smart",
    "playOrder": "createdDate ASC",
    "limit": 5,
    "metadata": {"createdDate": {"startDate": "2026-03-01", "endDate": "2026-03-31"}},
}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


@pytest.fixture
def made(ada):
    """The answer to a create."""
    answer = ada.api.post(ROOT, {"name": "Talks", "referenceId": "talks", "type": "manual", "description": "All"})
    assert answer.status_code == 201
    return answer.json["data"]


def ids(answer):
    return [each["id"] for each in answer.json["data"]["mediaList"]]


def named(films):
    return {"mediaIds": [str(each) for each in films]}


def test_a_created_playlist_has_the_shape_of_the_contract(made, cast):
    assert made == {
        "id": made["id"],
        "name": "Talks",
        "referenceId": "talks",
        "type": "manual",
        "description": "All",
        "mediaList": [],
        "mediaCount": 0,
        "workspaceId": str(cast.acme.workspace),
        "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
    }
    assert re.fullmatch(MOMENT, made["createdAt"]) and re.fullmatch(MOMENT, made["updatedAt"])


def test_a_smart_playlist_says_its_rules_again(ada):
    answer = ada.api.post(ROOT, SMART)
    assert answer.status_code == 201
    told = answer.json["data"]
    assert {name: told.get(name) for name in SMART} == SMART | {"limit": None}
    parsed = models.PlaylistCreatedResponse.model_validate(answer.json)
    assert parsed.data.metadata.created_date.end_date == "2026-03-31" and parsed.data.play_order == "createdDate ASC"


def test_media_in_a_playlist_has_the_shape_of_the_contract(world, ada, cast):
    change(world, "media", {"id": cast.acme.shelf.media}, creator_id="creator 7")
    answer = ada.api.get(f"{ROOT}/{cast.acme.playlist}")
    assert answer.status_code == 200
    shelf, (media,) = cast.acme.shelf, answer.json["data"]["mediaList"]
    assert media == {
        "id": str(shelf.media),
        "title": "The acme clip",
        "creatorId": "creator 7",
        "status": "Ready",
        "duration": "10.010",
        "sourceResolution": "720",
        "thumbnail": f"http://localhost/images/{shelf.playback_id}/thumbnail.jpg",
        "createdAt": media["createdAt"],
    }
    parsed = models.PlaylistByIDResponse.model_validate(answer.json).data
    assert (parsed.media_count, parsed.media_list[0].duration, parsed.type) == (1, 10.01, "manual")


def test_what_is_unknown_is_left_out(world, ada, cast):
    change(world, "media", {"id": cast.acme.shelf.media}, title="", duration=None, width=None, height=None)
    change(world, "playback_ids", {"media_id": cast.acme.shelf.media}, media_id=cast.rival.shelf.media)
    (media,) = ada.api.get(f"{ROOT}/{cast.acme.playlist}").json["data"]["mediaList"]
    assert set(media) == {"id", "status", "createdAt"}


def test_a_picture_that_stands_upright_is_named_by_its_short_side(world, ada, cast):
    change(world, "media", {"id": cast.acme.shelf.media}, width=1080, height=1920)
    (media,) = ada.api.get(f"{ROOT}/{cast.acme.playlist}").json["data"]["mediaList"]
    assert media["sourceResolution"] == "1080"


def test_the_list_has_the_shape_of_the_contract(ada, cast, made):
    answer = ada.api.get(ROOT)
    assert answer.json["pagination"] == {"totalRecords": 2, "currentOffset": 1, "offsetCount": 1}
    assert [row["id"] for row in answer.json["data"]] == [made["id"], str(cast.acme.playlist)], "newest first"
    assert answer.json["data"][1] == {
        "id": str(cast.acme.playlist),
        "name": "Best of acme",
        "type": "manual",
        "referenceId": "best",
        "createdAt": answer.json["data"][1]["createdAt"],
        "mediaCount": 1,
    }
    assert models.GetAllPlaylistsResponse.model_validate(answer.json).data[1].media_count == 1
    second = ada.api.get(ROOT, query_string={"limit": 1, "offset": 2}).json
    assert [row["referenceId"] for row in second["data"]] == ["best"]
    assert second["pagination"] == {"totalRecords": 2, "currentOffset": 2, "offsetCount": 2}
    assert ada.api.get(ROOT, query_string={"offset": 9}).json["data"] == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 51}, {"offset": 0}, {"limit": "x"}])
def test_a_bad_page_is_refused_by_name(ada, query):
    answer = ada.api.get(ROOT, query_string=query)
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == next(iter(query))


def test_media_is_added_ordered_and_removed(ada, made, films):
    path = f"{ROOT}/{made['id']}/media"
    added = ada.api.patch(path, named(films))
    assert (added.status_code, ids(added)) == (200, named(films)["mediaIds"])
    turned = ada.api.open("PUT", path, json=named(films[::-1]))
    assert (turned.status_code, ids(turned)) == (200, named(films[::-1])["mediaIds"])
    left = ada.api.delete(path, json=named(films[:2]))
    assert (left.status_code, ids(left), left.json["data"]["mediaCount"]) == (200, [str(films[2])], 1)
    for answer in (added, turned, left):
        assert models.PlaylistByIDResponse.model_validate(answer.json).data.id == made["id"]
    assert left.json["data"]["updatedAt"] > made["updatedAt"]


def test_name_and_description_are_changed_and_nothing_else(ada, made, cast):
    path = f"{ROOT}/{cast.acme.playlist}"
    before = ada.api.get(path).json["data"]
    answer = ada.api.open("PUT", path, json={"name": "Renamed", "description": ""})
    assert answer.status_code == 200
    after = answer.json["data"]
    assert (after["name"], after["description"]) == ("Renamed", "")
    assert {k: v for k, v in after.items() if before[k] != v}.keys() <= {"name", "description", "updatedAt"}
    assert models.PlaylistCreatedResponse.model_validate(answer.json).data.name == "Renamed"


@pytest.mark.parametrize("body", [{"name": "x"}, {"description": "x"}, {"name": "", "description": ""}])
def test_a_change_names_both(ada, made, body):
    assert ada.api.open("PUT", f"{ROOT}/{made['id']}", json=body).status_code == 422


def test_a_delete_answers_success_alone(ada, made):
    answer = ada.api.delete(f"{ROOT}/{made['id']}")
    assert (answer.status_code, answer.json) == (200, {"success": True})
    gone = ada.api.get(f"{ROOT}/{made['id']}")
    assert (gone.status_code, gone.json["error"]["code"], gone.json["error"]["message"]) == (
        404,
        404,
        "playlist not found",
    )


def test_a_taken_reference_id_is_409(world, ada, made):
    before = world.digest()
    answer = ada.api.post(ROOT, {"name": "Others", "referenceId": "talks", "type": "manual"})
    assert answer.status_code == 409
    parsed = errors.DuplicateReferenceIDErrorResponseData.model_validate(answer.json)
    assert parsed.error.code == 409 and "talks" in parsed.error.message
    assert world.digest() == before


def test_a_repeated_create_with_its_key_makes_one_playlist(world, ada):
    """The published client repeats a create whose answer got lost; without the key it would be told 409."""
    body, key = {"name": "Talks", "referenceId": "talks", "type": "manual"}, {"Idempotency-Key": "once"}
    first, second = (ada.api.post(ROOT, body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201) and first.json == second.json
    assert len(rows(world, "playlists", reference_id="talks")) == 1


BAD_CREATES = [
    ("name", {"name": ""}),
    ("referenceId", {"referenceId": ""}),
    ("referenceId", {"referenceId": None}),
    ("type", {"type": "clever"}),
    ("limit", {"limit": 0}),
    ("limit", {"limit": "5"}),
    ("playOrder", {"playOrder": "title ASC"}),
    ("playOrder", {"playOrder": None}),
    ("metadata", {"metadata": None}),
    ("metadata", {"type": "manual"}),
    ("metadata.createdDate.startDate", {"metadata": {"createdDate": {"startDate": "soon"}}}),
    ("organizationId", {"organizationId": "x"}),
]


@pytest.mark.parametrize(("field", "change_"), BAD_CREATES, ids=str)
def test_a_bad_create_is_refused_by_the_fields_name(world, ada, field, change_):
    before = world.digest()
    answer = ada.api.post(ROOT, SMART | change_)
    assert answer.status_code == 422
    parsed = errors.ValidationErrorResponse(answer.json, None)
    assert parsed.code == 422 and field in [each["field"] for each in parsed.fields]
    assert world.digest() == before


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("PATCH", "/media"), ("PUT", "/media"), ("DELETE", "/media")])  # fmt: skip
def test_a_malformed_id_is_422_and_an_unknown_one_404(ada, films, method, end):
    body = named(films) if end else {"name": "x", "description": "x"} if method == "PUT" else None
    bad = ada.api.open(method, f"{ROOT}/nonsense{end}", json=body)
    assert (bad.status_code, bad.json["error"]["fields"]) == (422, [{"field": "playlistId", "message": "is invalid"}])
    errors.InvalidPlaylistIDResponseErrorData.model_validate(bad.json)
    unknown = ada.api.open(method, f"{ROOT}/{uuid4()}{end}", json=body)
    assert unknown.status_code == 404
    assert errors.NotFoundErrorData.model_validate(unknown.json).error.code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "body", [{}, {"mediaIds": []}, {"mediaIds": ["x"]}, {"mediaIds": "x"}, {"mediaIds": [str(uuid4())]}]
)
def test_bad_media_ids_are_refused_and_nothing_changes(world, ada, cast, method, body):
    before = world.digest()
    answer = ada.api.open(method, f"{ROOT}/{cast.acme.playlist}/media", json=body)
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"].startswith("mediaIds")
    assert world.digest() == before


def test_media_of_another_workspace_is_422_by_the_api_too(world, ada, made, cast, film):
    elsewhere = film("Elsewhere", workspace=cast.acme.workspaces["development"])
    before = world.digest()
    for foreign in (cast.rival.shelf.media, elsewhere):
        assert ada.api.patch(f"{ROOT}/{made['id']}/media", named([foreign])).status_code == 422
    assert world.digest() == before


def test_filling_a_smart_playlist_is_400(ada, films):
    smart = ada.api.post(ROOT, SMART).json["data"]["id"]
    assert ada.api.patch(f"{ROOT}/{smart}/media", named(films)).status_code == 400


def test_a_token_sees_playlists_of_its_workspace_only(ada, acting, cast):
    from fastpix.resources.playlists import domain

    with acting("ada"):
        other = domain.create(cast.acme.workspaces["development"], "Elsewhere", "manual")["id"]
    assert ada.api.get(f"{ROOT}/{other}").status_code == 404
    assert [row["referenceId"] for row in ada.api.get(ROOT).json["data"]] == ["best"]


def test_the_address_is_not_taken_for_a_medias(ada):
    """`/on-demand/<mediaId>` stands beside it (docs/fastpix-contract.md, section 1)."""
    assert "pagination" in ada.api.get(ROOT).json
    assert ada.api.get("on-demand/nonsense").json["error"]["fields"][0]["field"] == "mediaId"


def test_the_number_of_statements_does_not_grow_with_the_media(world, ada, cast, film):
    from sqlalchemy import event

    def asked(path):
        seen = []
        note = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(world.engine, "before_cursor_execute", note)
        try:
            assert ada.api.get(path).status_code == 200
        finally:
            event.remove(world.engine, "before_cursor_execute", note)
        return len(seen)

    path = f"{ROOT}/{cast.acme.playlist}"
    asked(ROOT)  # the first request of a token notes its use
    few = asked(path), asked(ROOT)
    ada.api.patch(f"{path}/media", named([film(f"No {number}") for number in range(5)]))
    for number in range(5):
        ada.api.post(ROOT, {"name": "More", "referenceId": f"more-{number}", "type": "manual"})
    assert (asked(path), asked(ROOT)) == few
