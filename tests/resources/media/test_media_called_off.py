"""Work that nobody waits for any more: it ends within seconds, and the next one in the queue has its turn."""

from __future__ import annotations

import threading
import time
import uuid

import psutil
import pytest

from fastpix import resources
from fastpix.db import set_reading
from fastpix.errors import Gone
from fastpix.intake import protocol, receive
from fastpix.jobs import worker
from fastpix.processes import programs
from fastpix.resources.media.uploads import authentication
from fastpix.storage import instance as storage
from tests.resources.media.test_media_jobs import folder_of, keys, send
from tests.running.server import eventually
from tests.video.clips import clip, picture
from tests.working import jobs, work

pytestmark = [pytest.mark.sqlite, pytest.mark.full("a film long enough to be stopped, and a worker that encodes it")]
# Two are promised; a machine on which other tests encode takes longer to come to it.
SECONDS = 4.0


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """Half an hour that no browser plays as it is, small and quickly made."""
    folder = tmp_path_factory.mktemp("long")
    part = clip(folder, "part.avi", *picture("640x360", seconds=5), "-c:v", "mpeg4", "-g", "30")
    return clip(folder, "long.avi", "-stream_loop", "359", "-i", str(part), "-c", "copy")


def delete_media(world, ada, media_id):
    assert ada.api_with("admin").delete(f"on-demand/{media_id}").status_code == 200


def delete_workspace(world, ada, media_id):
    to = f"/o/acme/workspaces/{world.cast.acme.workspace}/delete"
    assert ada.page.post(to, {"name": "production"}).status_code == 303


def delete_organization(world, ada, media_id):
    assert ada.page.post("/o/acme/settings/delete", {"name": "Acme"}).status_code == 303


def encoders():
    return [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]


@pytest.mark.parametrize("delete", [delete_media, delete_workspace, delete_organization])
def test_what_is_deleted_is_encoded_no_further_and_the_lane_is_free(world, ada, api, long_film, delete):
    media_id = send(world, api, long_film.read_bytes())
    folder = folder_of(world, media_id)
    work(world, "media.ingest")

    def lane():
        set_reading(False)
        worker.run_one(world.app, resources.TRANSCODING, "a lane", scope=programs.scope, stop=threading.Event())

    busy = threading.Thread(target=lane)
    busy.start()
    eventually(encoders, 30)
    delete(world, ada, media_id)
    began = time.monotonic()
    busy.join(60)
    assert time.monotonic() - began < SECONDS, "the lane was not free"
    assert not encoders()
    work(world)
    assert not keys(folder)
    assert not list(storage.get().work_root.glob(f"{media_id}-*"))
    assert {job["state"] for job in jobs(world)} == {"done"}


def test_an_upload_that_is_cancelled_while_it_comes_takes_no_more(world, api, monkeypatch):
    """Also where the storage would go on taking bytes: the row is looked up while they come."""
    monkeypatch.setattr(receive, "LOOK_SECONDS", 0.0)
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    made = api.post("on-demand/upload", body).json["data"]
    upload_id, secret = made["uploadId"], made["url"].rpartition("=")[2]
    pieces = []

    def read(size):
        """After the first piece somebody cancels the upload."""
        if len(pieces) == 1:
            cancelling = threading.Thread(target=lambda: api.open("PUT", f"on-demand/upload/{upload_id}/cancel"))
            cancelling.start()
            cancelling.join(20)
        pieces.append(bytes(size))
        return pieces[-1]

    with world.session(), pytest.raises(Gone):
        upload = authentication.find(uuid.UUID(upload_id), secret)
        receive.take(upload, protocol.parse(f"bytes 0-{(8 << 20) - 1}/{8 << 20}", None), read, 1 << 30)
    assert len(pieces) == 2
    assert storage.get().appended(f"uploads/{upload_id}") == 0
