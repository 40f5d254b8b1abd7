"""Debian's nginx with its RTMP module in front, with the configuration that we ship: the same doorman, the same states."""

from __future__ import annotations

import pytest

from tests import nginx
from tests.nginx import Nginx
from tests.running.encoder import Encoder, make_clip
from tests.running.server import Server, eventually, free_port
from tests.running.stream import Stream
from tests.running.test_on_air import publishing

pytestmark = pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`fastpix up` behind nginx: `live_port` is nginx's."""
    folder = tmp_path_factory.mktemp("nginx")
    made = Server(folder, fetch_allow_private="true")
    made.settings |= {
        "live_bind": "off",
        "live_callbacks": f"127.0.0.1:{free_port()}",
        "live_relay_url": f"rtmp://127.0.0.1:{made.live_port}/live",
    }
    made.cast = made.seed()
    callbacks = int(made.settings["live_callbacks"].rpartition(":")[2])
    front = Nginx(folder / "front", made.live_port, main=nginx.rtmp(made.live_port, callbacks))
    try:
        front.start()
        made.start()
        yield made
    finally:
        made.stop()
        front.stop()


def test_a_stream_that_nginx_took_in_plays_is_cut_off_and_recorded(server, clip):
    stream = Stream(server)
    with publishing(clip, stream.url) as encoder:
        stream.until("active", 20)
        stream.until_pieces(3)
        Encoder(clip, stream.url).refused()  # a second one at the same time
        stream.do("finish")
        encoder.refused(15)
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    (media,) = stream.recordings()
    assert abs(float(media["duration"]) - ended.seconds) < 2.0
    assert "broadcast" in stream.audit()[0]


def test_the_same_doorman_turns_away(server, clip):
    stream = Stream(server)
    Encoder(clip, stream.url.replace(stream.key, "nonsense")).refused()
    Encoder(clip, stream.url.replace(stream.key, stream.id)).refused()  # the name under which nginx gives it out
    stream.do("live-disable")
    Encoder(clip, stream.url).refused()
    assert [row["reason"] for row in stream.audit()] == ["This stream is disabled. An admin can enable it on its page."]


def test_an_encoder_that_dies_behind_nginx_may_return(server, clip):
    stream = Stream(server)
    with publishing(clip, stream.url) as encoder:
        stream.until_pieces(2)
        encoder.kill()
    eventually(lambda: stream.is_away, 25)
    with publishing(clip, stream.url):
        joined = stream.until_pieces(4)
    assert joined.breaks == 1 and joined.first == 1


def test_a_stream_behind_nginx_is_pushed_to_another_server(server, clip):
    stream, far = Stream(server, recording=False), Stream(server, recording=False)
    stream.of("/simulcast", "POST", {"url": far.url.rpartition("/")[0], "streamKey": far.key})
    with publishing(clip, stream.url):
        stream.until("active")
        far.until("active", 30)
        far.until_pieces(2)
    keys = (stream.key, far.key)
    assert not [key for key in keys if key in server.log]
