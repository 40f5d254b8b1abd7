"""Captions are changed one by one on a page: what is wrong is said at its row, and two at once do not overwrite each other."""

from __future__ import annotations

import re

import pytest

from fastpix.resources.media.cues import rules
from fastpix.storage import instance as storage
from fastpix.video import webvtt
from fastpix.video.cues import Cue
from tests.resources.media.test_media_jobs import folder_of, keys
from tests.stories.tables import change, rows
from tests.working import jobs

pytestmark = pytest.mark.sqlite
STORED = [Cue(1, 2.5, "Good &amp; evening", "line:0"), Cue(3, 4, "Welcome")]


@pytest.fixture
def page(shelf):
    return f"/o/acme/media/{shelf.media}/tracks/{shelf.track}/captions"


@pytest.fixture
def stored(world, shelf):
    """Subtitles whose file is there."""
    store(world, shelf, STORED)


def store(world, shelf, cues):
    key = f"{folder_of(world, str(shelf.media))}/tracks/{shelf.track}/cafe/subtitles.vtt"
    storage.get().write(key, webvtt.write(cues).encode())


def track(world, shelf):
    (row,) = rows(world, "tracks", id=shelf.track)
    return row


def saved(world, shelf):
    key = f"{folder_of(world, str(shelf.media))}/tracks/{shelf.track}/{track(world, shelf)['version']}/subtitles.vtt"
    return webvtt.read(storage.get().read_bytes(key).decode())


def fields(text):
    """The form as a browser sends it."""
    hidden = dict(re.findall(r'name="(version|since|until)" type="hidden" value="([^"]*)"', text))
    return hidden | {name: re.findall(rf'name="{name}" value="([^"]*)"', text) for name in ("begin", "end", "settings")}


def form(page_door, page, *texts, **more):
    sent = fields(page_door.get(page).text)
    return sent | {"text": list(texts)} | more


def test_captions_are_changed_added_and_removed(world, ada, shelf, page, stored):
    sent = form(ada.page, page, "Good <night>", "Welcome", "The end")
    sent["begin"] = ["0:01.000", "0:03.000", "0:05"]
    sent["end"] = ["0:02.500", "0:04.000", "0:06.5"]
    assert ada.page.post(page, sent | {"remove": ["2"]}).status_code == 303
    assert saved(world, shelf) == [Cue(1, 2.5, "Good &lt;night&gt;", "line:0"), Cue(5, 6.5, "The end")]
    names = {
        key.rpartition("/")[2]
        for key in keys(f"{folder_of(world, str(shelf.media))}/tracks/{shelf.track}/{track(world, shelf)['version']}")
    }
    assert names == {"subtitles.vtt", "index.m3u8"}
    row = max(
        (row for row in rows(world, "audit_log") if row["target_id"] == str(shelf.track)), key=lambda row: row["number"]
    )
    assert row["action"] == "media.edit" and (row["before"]["captions"], row["after"]["captions"]) == (2, 2)
    assert [job["kind"] for job in jobs(world) if job["kind"] == "storage.remove"], "the former file stays for ever"
    assert "Good &lt;night&gt;" in ada.page.get(page).text


def test_a_wrong_time_is_said_at_its_row_and_nothing_is_lost(world, ada, shelf, page, stored):
    sent = form(ada.page, page, "One", "Two", "Three")
    sent["begin"], sent["end"] = ["0:01", "soon", "0:09"], ["0:02", "0:04", "0:08"]
    answer = ada.page.post(page, sent)
    assert answer.status_code == 422
    assert 'href="#begin-2">Caption 2: Give times such as 1:02.500' in answer.text
    assert "Caption 3: It must end after it begins, which is at 0:09.000." in answer.text
    assert fields(answer.text)["begin"] == ["0:01", "soon", "0:09"] and fields(answer.text)["version"] == "cafe"
    assert all(text in answer.text for text in ("One", "Two", "Three"))
    assert saved(world, shelf) == STORED


@pytest.mark.parametrize(
    ("texts", "said"), [(["", "Welcome"], "Write what is said"), (["x" * 1001, "Welcome"], "at most 1000 letters")]
)
def test_what_is_no_caption_is_refused(world, ada, shelf, page, stored, texts, said):
    answer = ada.page.post(page, form(ada.page, page, *texts))
    assert answer.status_code == 422 and said in answer.text and saved(world, shelf) == STORED


def test_the_last_caption_stays(world, ada, shelf, page, stored):
    answer = ada.page.post(page, form(ada.page, page, "a", "b", remove=["1", "2"]))
    assert answer.status_code == 422 and "delete the track" in answer.text and saved(world, shelf) == STORED


def test_who_saves_later_is_told_and_may_then_replace(world, ada, shelf, page, stored):
    first, second = (form(ada.page, page, name, "Welcome") for name in ("Hers", "His"))
    assert ada.page.post(page, first).status_code == 303
    refused = ada.page.post(page, second)
    assert refused.status_code == 409 and "Somebody saved these captions" in refused.text
    assert "His" in refused.text and [cue.text for cue in saved(world, shelf)] == ["Hers", "Welcome"]
    wrong = fields(refused.text) | {"text": ["His", "Welcome"]}
    assert ada.page.post(page, wrong).status_code == 303
    assert [cue.text for cue in saved(world, shelf)] == ["His", "Welcome"]


def test_a_mistake_does_not_hide_that_somebody_saved(world, ada, shelf, page, stored):
    first, second = (form(ada.page, page, name, "Welcome") for name in ("Hers", "His"))
    ada.page.post(page, first)
    back = ada.page.post(page, second | {"begin": ["soon", "0:03"]})
    assert back.status_code == 422
    again = fields(back.text) | {"text": ["His", "Welcome"], "begin": ["0:01", "0:03"]}
    assert ada.page.post(page, again).status_code == 409


def test_a_row_is_added_without_scripts(world, ada, shelf, page, stored):
    answer = ada.page.post(page, form(ada.page, page, "Changed", "Welcome", add="1"))
    assert answer.status_code == 200 and "Changed" in answer.text
    assert fields(answer.text)["begin"] == ["0:01.000", "0:02.500", "0:03.000"]
    assert saved(world, shelf) == STORED


def test_while_they_are_made_anew_nothing_typed_is_lost(world, ada, shelf, page, stored):
    sent = form(ada.page, page, "Typed", "Welcome")
    change(world, "tracks", {"id": shelf.track}, status="preparing")
    assert ada.page.get(page).status_code == 409
    answer = ada.page.post(page, sent)
    assert answer.status_code == 409 and "Typed" in answer.text and "being prepared" in answer.text


def test_many_are_on_several_pages_and_only_theirs_are_replaced(world, ada, shelf, page):
    store(world, shelf, [Cue(at, at + 0.5, f"Caption of {at}") for at in range(1, 251)])
    first = ada.page.get(page).text
    onward = re.search(r'href="([^"]*captions\?since=[\d.]+)"', first)[1]
    assert "1 to 100 of 250" in first and onward.endswith("since=101.000")
    text = ada.page.get(onward).text
    sent = fields(text) | {"text": ["Changed"] * 100}
    assert ada.page.post(onward, sent).status_code == 303
    texts = [cue.text for cue in saved(world, shelf)]
    assert len(texts) == 250 and texts[100:200] == ["Changed"] * 100
    assert texts[99] == "Caption of 100" and texts[200] == "Caption of 201"


def test_pages_are_not_parted_where_captions_begin_together():
    cues = [Cue(1.0, 2.0, str(at)) for at in range(150)] + [Cue(3.0, 4.0, "x")]
    assert [(each.first, len(each.cues), each.since, each.until) for each in rules.stretches(cues)] == [
        (1, 150, 0.0, 3.0),
        (151, 1, 3.0, None),
    ]
    assert rules.stretches([]) == [rules.Stretch(1, [], 0.0, None)]


def test_where_the_file_is_gone_captions_can_be_written_anew(world, ada, shelf, page):
    storage.get().delete_folder(f"{folder_of(world, str(shelf.media))}/tracks/{shelf.track}")
    text = ada.page.get(page).text
    assert "their file is gone" in text
    sent = fields(text) | {"begin": ["0:01"], "end": ["0:02"], "text": ["Anew"]}
    assert ada.page.post(page, sent).status_code == 303
    assert saved(world, shelf) == [Cue(1, 2, "Anew")]


def test_members_and_others_change_none(world, mel, rex, shelf, page, stored):
    sent = {"version": "cafe", "begin": "0:01", "end": "0:02", "text": "Mine"}
    assert mel.page.get(page).status_code == mel.page.post(page, sent).status_code == 403
    assert rex.page.get(page).status_code == rex.page.post(page, sent).status_code == 404
    assert "Edit captions" not in mel.page.get(f"/o/acme/media/{shelf.media}").text
    assert saved(world, shelf) == STORED


def test_a_sound_has_no_captions(world, ada, shelf):
    (sound,) = (row["id"] for row in rows(world, "tracks", media_id=shelf.media) if row["type"] == "audio")
    assert ada.page.get(f"/o/acme/media/{shelf.media}/tracks/{sound}/captions").status_code in (400, 404)
