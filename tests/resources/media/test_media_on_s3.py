"""The whole way of a media with its bytes on an S3 server over real HTTP, with another setting and nothing else."""

from __future__ import annotations

import uuid

import pytest
from fastpix_python._version import __user_agent__
from moto.server import ThreadedMotoServer

from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import db
from fastpix.resources.media import growing, lifecycle
from fastpix.storage import instance as storage
from tests.cast import make_cast
from tests.doors import Doors
from tests.resources.media.test_growing_show import VERSION, begun, rung
from tests.video.clips import H264, clip, colour, tone
from tests.working import work
from tests.world import migrate
from tests.world import test_settings as cheap_settings


@pytest.fixture
def s3(tmp_path):
    """An application whose media lie in a bucket."""
    import boto3

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).create_bucket(Bucket="films")
    settings = cheap_settings(
        tmp_path,
        storage_url="s3://films/house",
        storage_endpoint=endpoint,
        storage_access_key="AKIAEXAMPLE",
        storage_secret_key="secret",
    )
    app = create_app(settings)
    migrate(app)

    class World:
        pass

    world = World()
    world.app, world.cast = app, make_cast(app)
    yield world
    from fastpix.db import db

    with app.app_context():
        db.engine.dispose()
    server.stop()


def test_it_is_uploaded_processed_played_and_deleted(s3, tmp_path):
    made = clip(tmp_path, "clip.mp4", *colour(seconds=2), *tone(2), *H264, "-c:a", "aac", "-shortest")
    api = Doors(s3.app, s3.cast.people["ada"]).api_with("admin")
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", "mp4Support": "capped_4k"}}
    told = api.post("on-demand/upload", body).json["data"]
    path, data = told["url"].removeprefix("http://localhost"), made.read_bytes()
    client, half = s3.app.test_client(), len(data) // 2

    def get(path, **options):
        return client.get(path, buffered=True, **options)

    first = client.put(path, data=data[:half], headers={"Content-Range": f"bytes 0-{half - 1}/{len(data)}"})
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{half - 1}")
    rest = {"Content-Range": f"bytes {half}-{len(data) - 1}/{len(data)}"}
    assert client.put(path, data=data[half:], headers=rest).status_code == 200
    work(s3)
    media = api.get(f"on-demand/{told['uploadId']}", headers={"User-Agent": __user_agent__}).json["data"]
    assert (media["status"], media["mp4Support"][0]["status"]) == ("Ready", "ready")

    playback_id = media["playbackIds"][0]["id"]
    master = get(f"/stream/{playback_id}.m3u8")
    variant = "/stream/" + master.text.splitlines()[-1]
    playlist = get(variant).text
    segment = variant.rpartition("/")[0] + "/" + next(line for line in playlist.splitlines() if line.endswith(".m4s"))
    whole = get(segment)
    assert whole.status_code == 200
    part = get(segment, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, whole.data[4:8])
    assert get(f"/images/{playback_id}/thumbnail.jpg").status_code == 200
    assert get(f"/stream/{playback_id}/capped-4k.mp4").data[4:8] == b"ftyp"

    api.delete(f"on-demand/{media['id']}")
    work(s3)
    assert not [entry for entry in storage.get().list() if media["id"] in entry.key]


def test_what_is_made_so_far_plays_from_the_bucket(s3, tmp_path):
    api = Doors(s3.app, s3.cast.people["ada"]).api_with("admin")
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    told = api.post("on-demand/upload", body).json["data"]
    client, media_id = s3.app.test_client(), uuid.UUID(told["uploadId"])
    client.put(told["url"].removeprefix("http://localhost"), data=b"a film")
    playback_id = api.get(f"on-demand/{media_id}").json["data"]["playbackIds"][0]["id"]
    with s3.app.app_context(), principal.acting(principal.system("worker", s3.cast.acme.id)):
        lifecycle.enter(media_id, lifecycle.PROCESSING)
        db.session.commit()
        work = lifecycle.look(media_id)
        with growing.shown(work, VERSION) as show:
            made = [rung(tmp_path / name, name, 2) for name in ("720p", "360p")]
            begun(show, made, work)
            base = f"/stream/m/0/-/-/{playback_id}/{VERSION}/360p"
            assert client.get(f"{base}/index.m3u8").text.splitlines()[-1] == "s00001.m4s"
            assert client.get(f"{base}/s00001.m4s", buffered=True).data == b"360p s00001.m4s"
            show.leave_rest()
            assert not list(tmp_path.rglob("*.m4s"))
            show.settle()
