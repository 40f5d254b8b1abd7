"""The API's media as clients read it: shapes, refusals, and what a member is not told.

See docs/fastpix-contract.md, sections 1 to 3.
"""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.sqlite
CREATE = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}


def fields(answer):
    assert answer.status_code == 422, answer.text
    return {entry["field"]: entry["message"] for entry in answer.json["error"]["fields"]}


def test_a_create_answers_201_with_what_was_asked_for(api):
    body = CREATE | {"metadata": {"a": "b"}, "title": "A title", "maxResolution": "720p"}
    answer = api.post("on-demand", body)
    assert answer.status_code == 201
    data = answer.json["data"]
    assert {data["status"], data["maxResolution"], data["mediaQuality"]} == {"Created", "720p", "standard"}
    assert data["trial"] is False and data["sourceAccess"] is False and data["optimizeAudio"] is False
    assert data["metadata"] == {"a": "b"}
    assert data["inputs"] == body["inputs"]
    assert data["playbackIds"][0]["accessPolicy"] == "public"
    assert data["createdAt"].endswith("Z")


def test_a_media_has_the_contracts_keys_and_leaves_out_what_has_no_value(api, shelf):
    data = api.get(f"on-demand/{shelf.media}").json["data"]
    assert {
        "thumbnail", "id", "workspaceId", "metadata", "mediaQuality", "title", "maxResolution", "sourceResolution",
        "status", "mp4Support", "sourceAccess", "playbackIds", "tracks", "generatedSubtitles", "isAudioOnly",
        "subtitleAvailable", "duration", "aspectRatio", "createdAt", "updatedAt",
    } <= set(data)  # fmt: skip
    assert (data["duration"], data["aspectRatio"], data["sourceResolution"]) == ("10.010", "16:9", "720")
    assert "creatorId" not in data and "failure" not in data and "percent" not in data
    video = next(track for track in data["tracks"] if track["type"] == "video")
    assert (video["width"], video["height"], video["frameRate"]) == (1280, 720, "30.000")
    assert data["mp4Support"] == "capped_4k"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accessPolicy": "drm"}, "accessPolicy"),
        ({"accessPolicy": "secret"}, "accessPolicy"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [{"type": "subtitle", "url": "https://a.example/a.vtt"}]}, "inputs"),
        ({"inputs": [{"type": "video", "url": "ftp://a.example/a.mp4"}]}, "url"),
        ({"inputs": [{"type": "video", "url": "file:///etc/passwd"}]}, "url"),
        ({"inputs": [{"type": "video", "url": "fastpix-media://x"}]}, "url"),
        ({"inputs": [{"type": "video", "url": "https://a.example", "introUrl": "https://b.example"}]}, "inputs.0"),
        ({"inputs": [{"type": "video", "url": "https://a.example", "startTime": 5, "endTime": 2}]}, "endTime"),
        ({"metadata": {str(number): "x" for number in range(11)}}, "metadata"),
        ({"metadata": {"a": "x" * 256}}, "metadata"),
        ({"title": "x" * 256}, "title"),
        ({"maxResolution": "8K"}, "maxResolution"),
        ({"mediaQuality": "golden"}, "mediaQuality"),
        ({"chapters": True}, "chapters"),
        ({"summary": {"generate": True}}, "summary"),
        ({"sourceAccess": "yes"}, "sourceAccess"),
        ({"accessRestrictions": {"domains": {"allow": ["localhost"]}}}, "allow"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=str,
)
def test_a_bad_field_is_422_by_its_name(world, api, change, field):
    before = world.digest()
    assert field in fields(api.post("on-demand", CREATE | change))
    assert world.digest() == before


def test_ai_switches_that_are_off_are_taken(api):
    off = {"chapters": False, "namedEntities": False, "summary": {"generate": False}}
    assert api.post("on-demand", CREATE | off).status_code == 201


def test_an_upload_wants_an_origin_and_its_settings_where_they_belong(api):
    assert "corsOrigin" in fields(api.post("on-demand/upload", {"pushMediaSettings": {"accessPolicy": "public"}}))
    assert "metadata" in fields(api.post("on-demand/upload", {"corsOrigin": "*", "metadata": {}}))
    assert "corsOrigin" in fields(
        api.post("on-demand/upload", {"corsOrigin": "nowhere", "pushMediaSettings": {"accessPolicy": "public"}})
    )


def test_waiting_uploads_are_listed_and_cancelled_ones_are_not(api, shelf):
    listed = api.get("on-demand/uploads").json
    assert [row["uploadId"] for row in listed["data"]] == [str(shelf.upload)]
    assert listed["data"][0]["pushMediaSettings"]["playbackIds"][0]["accessPolicy"] == "public"
    cancelled = api.open("PUT", f"on-demand/upload/{shelf.upload}/cancel").json["data"]
    assert cancelled["status"] == "cancelled"
    assert {"uploadId", "corsOrigin", "maxResolution", "accessPolicy", "metadata", "trial"} <= set(cancelled)
    assert api.get("on-demand/uploads").json["pagination"]["totalRecords"] == 0


def test_metadata_is_replaced_as_a_whole_and_what_is_absent_stays(api, shelf):
    api.patch(f"on-demand/{shelf.media}", {"metadata": {"one": "1"}, "creatorId": "me"})
    after = api.patch(f"on-demand/{shelf.media}", {"metadata": {"two": "2"}}).json["data"]
    assert (after["metadata"], after["creatorId"], after["title"]) == ({"two": "2"}, "me", "The acme clip")
    assert api.patch(f"on-demand/{shelf.media}", {}).status_code == 200


def test_pages_are_counted_from_one_and_far_pages_come_from_the_nearer_end(api):
    made = [api.post("on-demand", CREATE).json["data"]["id"] for _ in range(9)]
    everything = [row["id"] for row in api.get("on-demand?limit=50").json["data"]]
    assert everything[:9] == made[::-1]
    total = len(everything)
    for order, expected in (("desc", everything), ("asc", everything[::-1])):
        for limit in (1, 2, 3, 4, 50):
            paged = []
            for page in range(1, -(-total // limit) + 1):
                answer = api.get(f"on-demand?limit={limit}&offset={page}&orderBy={order}").json
                paged += [row["id"] for row in answer["data"]]
                assert answer["pagination"] == {
                    "totalRecords": total,
                    "currentOffset": page,
                    "offsetCount": -(-total // limit),
                }
            assert paged == expected, (order, limit)
    assert api.get(f"on-demand?limit=5&offset={total}").json["data"] == []


def test_the_count_follows_creates_and_deletes(api, shelf):
    before = api.get("on-demand").json["pagination"]["totalRecords"]
    made = api.post("on-demand", CREATE).json["data"]["id"]
    assert api.get("on-demand").json["pagination"]["totalRecords"] == before + 1
    api.delete(f"on-demand/{made}")
    assert api.get("on-demand").json["pagination"]["totalRecords"] == before


@pytest.mark.parametrize("path", ["uploads", "playlists", "upload", "drm-configurations", "uploads/", ""])
def test_names_of_collections_are_no_media_ids(api, path):
    answer = api.delete(f"on-demand/{path}")
    assert answer.status_code in (404, 405), answer.text


def test_a_repeated_create_with_a_key_makes_one_media(api):
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (api.post("on-demand", CREATE, headers=headers).json["data"]["id"] for _ in range(2))
    assert first == second


def test_an_absent_list_of_a_rule_keeps_its_value(api, shelf):
    path = f"on-demand/{shelf.media}/playback-ids/{shelf.playback_id}/domains"
    api.patch(path, {"defaultPolicy": "deny", "allow": ["A.example", "*.b.example"]})
    after = api.patch(path, {"deny": ["c.example"]}).json["data"]
    assert after == {"defaultPolicy": "deny", "allow": ["a.example", "*.b.example"], "deny": ["c.example"]}


def test_a_rule_may_name_a_site_in_other_letters_and_nonsense_is_422(api, shelf):
    path = f"on-demand/{shelf.media}/playback-ids/{shelf.playback_id}/domains"
    written = ["straße.de", "*.Bücher.example"]
    answer = api.patch(path, {"defaultPolicy": "deny", "allow": written})
    assert answer.status_code == 200, answer.text
    assert answer.json["data"]["allow"] == ["straße.de", "*.bücher.example"]
    for nonsense in ("é..de", "straße", "a b.é", "*.*.straße.de", "é.de/path", "a;b.é"):
        assert api.patch(path, {"allow": [nonsense]}).status_code == 422, nonsense


def test_the_same_mp4_support_again_is_400(api, shelf):
    answer = api.patch(f"on-demand/{shelf.media}/update-mp4Support", {"mp4Support": "capped_4k"})
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == 400


def test_a_language_is_there_once(api, shelf):
    body = {
        "url": "https://a.example/a.vtt",
        "type": "subtitle",
        "languageCode": "en",
        "languageName": "English",
    }
    answer = api.post(f"on-demand/{shelf.media}/tracks", {"tracks": body})
    assert answer.status_code == 400
    assert "duplicate languageName" in answer.json["error"]["message"]
    assert "tracks" in fields(api.post(f"on-demand/{shelf.media}/tracks", body))  # flat is refused


def test_a_sound_may_be_called_as_subtitles_are(api, shelf):
    """FastPix's validator makes English subtitles, and then calls an added sound English."""
    body = {"url": "https://a.example/a.mp3", "type": "audio", "languageCode": "it", "languageName": "Italian"}
    sound = api.post(f"on-demand/{shelf.media}/tracks", {"tracks": body}).json["data"]
    path = f"on-demand/{shelf.media}/tracks/{sound['id']}"
    assert api.patch(path, {"languageCode": "en", "languageName": "English"}).status_code == 200
    again = api.post(f"on-demand/{shelf.media}/tracks", {"tracks": body | {"languageName": "English"}})
    assert again.status_code == 400


def test_an_upload_is_asked_for_where_older_clients_ask(api):
    """PHP's and Ruby's 0.0.1."""
    asked = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    answer = api.post("on-demand/uploads", asked)
    assert answer.status_code == 201
    assert answer.json["data"].keys() == api.post("on-demand/upload", asked).json["data"].keys()
    assert answer.json["data"]["uploadId"] in {row["uploadId"] for row in api.get("on-demand/uploads").json["data"]}


def test_the_list_of_a_streams_recordings_has_what_fastpix_describes(api, shelf):
    (told,) = api.get(f"on-demand/{shelf.media.hex}/live-clips").json["data"]
    whole = api.get(f"on-demand/{shelf.media}").json["data"]
    assert whole.keys() - told.keys() == {"metadata", "mediaQuality"} and not told.keys() - whole.keys()


def test_the_own_picture_and_sound_are_no_added_tracks(api, shelf):
    own = [t for t in api.get(f"on-demand/{shelf.media}").json["data"]["tracks"] if t["type"] != "subtitle"]
    for track in own:
        assert api.delete(f"on-demand/{shelf.media}/tracks/{track['id']}").status_code == 400


@pytest.mark.parametrize("path", ["", "/input-info", "/playback-ids", "/media-clips"])
def test_another_organizations_media_is_not_there(api, cast, path):
    assert api.get(f"on-demand/{cast.rival.shelf.media}{path}").status_code == 404


def test_a_clip_of_a_foreign_media_cannot_be_made(world, api, cast):
    before = world.digest()
    url = f"fastpix-media://{cast.rival.shelf.media}"
    assert "url" in fields(api.post("on-demand", CREATE | {"inputs": [{"type": "video", "url": url}]}))
    assert world.digest() == before


@pytest.mark.parametrize(("who", "label"), [("mel", "people"), ("ada", "member")])
def test_a_member_is_told_neither_where_a_file_came_from_nor_where_one_may_be_sent(doors, cast, who, label):
    shelf, api = cast.acme.shelf, doors(who).api_with(label)
    answers = [
        api.get(path)
        for path in (
            "on-demand",
            "on-demand/uploads",
            f"on-demand/{shelf.media}",
            f"on-demand/{shelf.failed}",
            f"on-demand/{shelf.media}/input-info",
        )
    ]
    said = "".join(answer.text for answer in answers)
    assert {answer.status_code for answer in answers} == {200}
    for hidden in (shelf.source_url, "secret-source", shelf.upload_url.partition("upload_id=")[2], "moov atom"):
        assert hidden not in said


def test_an_admin_is_told_both(api, shelf):
    assert api.get("on-demand/uploads").json["data"][0]["url"] == shelf.upload_url
    assert api.get(f"on-demand/{shelf.media}/input-info").json["data"]["configuration"]["url"] == shelf.source_url


def test_the_list_is_searched_filtered_and_put_in_order(api):
    for title in ("Émile at sea", "Zebra", "A day at sea"):
        assert api.post("on-demand", CREATE | {"title": title}).status_code == 201

    def titles(query):
        answer = api.get(f"on-demand?{query}")
        assert answer.status_code == 200, answer.text
        return [row["title"] for row in answer.json["data"]], answer.json["pagination"]["totalRecords"]

    assert titles("query=sea") == (["A day at sea", "Émile at sea"], 2)
    assert titles("query=se+%C3%89mi") == (["Émile at sea"], 1)
    assert titles("query=sea&limit=1&offset=2&orderBy=asc") == (["A day at sea"], 2)
    assert titles("query=%21%21") == ([], 0), "no word finds nothing"
    assert titles("status=Created&query=zebra")[1] == 1 and titles("status=Failed&query=zebra")[1] == 0
    assert titles("sortBy=title&orderBy=asc&status=Created")[0] == ["A day at sea", "Zebra", "Émile at sea"]
    assert fields(api.get("on-demand?sortBy=size&status=Broken")).keys() == {"sortBy", "status"}
