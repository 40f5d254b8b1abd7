"""Transport streams as ffmpeg writes them, whole, cut off, damaged and of other codecs; and what ffmpeg itself reads in them."""

from __future__ import annotations

import random
import subprocess
from io import BytesIO
from itertools import pairwise

import av
import pytest

from fastpix.live.mpegts.demuxer import MOST_SKIPPED, Demuxer
from fastpix.live.mpegts.errors import StreamError, WrongCodec
from fastpix.live.rtmp import flv
from fastpix.video import tools

PACKET = 188
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "96k")


def transport_stream(*codecs, seconds=2, after=()):
    """A moving picture of 25 a second with a tone."""
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100", "-t", str(seconds)),
        *(*codecs, *after, "-f", "mpegts", "pipe:1"),
    ]
    return subprocess.run(command, check=True, timeout=60, capture_output=True).stdout


@pytest.fixture(scope="module")
def usual():
    return transport_stream(*H264, *AAC)


def read(data, size=10_000):
    demuxer = Demuxer()
    tags = [tag for place in range(0, len(data), size) for tag in demuxer.feed(data[place : place + size])]
    return tags + demuxer.flush()


def of(tags, kind):
    return [tag for tag in tags if tag.kind == kind]


def packets(file, form=None):
    """Kind, times in ms and bytes of what ffmpeg reads in a file."""
    with av.open(BytesIO(file), format=form) as container:
        return [
            (each.stream.type, *(round(at * each.time_base * 1000) for at in (each.dts, each.pts)), bytes(each))
            for each in container.demux()
            if each.dts is not None
        ]


def as_flv(tags):
    first = tags[0].time
    return flv.header() + b"".join(flv.tag(tag.kind, tag.time - first, tag.payload) for tag in tags)


def test_the_tags_are_those_that_ffmpeg_makes_of_the_same_stream(usual):
    command = [tools.ffmpeg(), "-v", "error", "-i", "pipe:0", "-c", "copy", "-f", "flv", "pipe:1"]
    remuxed = subprocess.run(command, input=usual, check=True, timeout=60, capture_output=True).stdout
    own, theirs = packets(as_flv(read(usual)), "flv"), packets(remuxed, "flv")
    for kind, count in (("video", 50), ("audio", 87)):
        ours, expected = ([packet for packet in each if packet[0] == kind] for each in (own, theirs))
        assert len(ours) == len(expected) >= count
        offset = ours[0][1] - expected[0][1]
        for (_, *times, _), (_, *expected_times, _) in zip(ours, expected, strict=True):
            assert [time - offset for time in times] == pytest.approx(expected_times, abs=1)
    assert any(dts < pts for _, dts, pts, _ in own), "the stream has no B-frames"
    sound = [[packet[3] for packet in each if packet[0] == "audio"] for each in (own, theirs)]
    assert sound[0] == sound[1]


def test_it_makes_no_difference_where_the_bytes_are_cut(usual):
    whole = read(usual, len(usual))
    assert [read(usual, size) for size in (1, 187, 1316, 4099)] == [whole] * 4
    assert [tag.time for tag in whole] == sorted(tag.time for tag in whole)


def test_pictures_decode_and_sound_and_picture_keep_their_distance(usual):
    def begins(file, form):
        with av.open(BytesIO(file), format=form) as container:
            frames = {"video": [], "audio": []}
            for frame in container.decode():
                frames["video" if isinstance(frame, av.VideoFrame) else "audio"].append(frame.time)
        return len(frames["video"]), min(frames["video"]) - min(frames["audio"])

    (count, distance), (ours, own_distance) = begins(usual, "mpegts"), begins(as_flv(read(usual)), "flv")
    assert ours == count == 50 and own_distance == pytest.approx(distance, abs=0.003)


def test_what_begins_in_the_middle_begins_with_a_keyframe_and_its_sound(usual):
    tags = read(usual[len(usual) // 3 // PACKET * PACKET :])
    pictures, sound = of(tags, flv.VIDEO), of(tags, flv.AUDIO)
    assert flv.is_video_config(pictures[0].payload) and flv.is_keyframe(pictures[1].payload)
    assert 10 < len(pictures) < 40
    assert flv.is_audio_config(sound[0].payload)
    assert pictures[0].time - 250 <= sound[0].time <= pictures[0].time + 100


def test_a_lost_packet_costs_one_picture_or_one_run_of_sound_and_nothing_else(usual):
    whole = read(usual)
    lost = []
    for number in range(40, len(usual) // PACKET - 40, 7):
        tags = read(usual[: number * PACKET] + usual[(number + 1) * PACKET :])
        assert {tag.payload for tag in tags} <= {tag.payload for tag in whole}
        assert {(tag.time, tag.kind) for tag in tags} <= {(tag.time, tag.kind) for tag in whole}
        lost.append([len(of(whole, kind)) - len(of(tags, kind)) for kind in (flv.VIDEO, flv.AUDIO)])
    # Two where the first picture of a stream is hit, which the configuration goes with.
    assert {pictures for pictures, _ in lost} <= {0, 1, 2} and max(runs for _, runs in lost) <= 30
    assert all(not (pictures and runs) for pictures, runs in lost)


def test_times_go_on_when_the_33_bits_of_the_clock_are_used_up():
    tags = read(transport_stream(*H264, *AAC, after=("-output_ts_offset", "95441.5")))
    times = [tag.time for tag in tags]
    assert times == sorted(times) and 1_900 < times[-1] - times[0] < 2_100
    assert max(later - earlier for earlier, later in pairwise(times)) < 100


@pytest.mark.parametrize(
    ("codecs", "name", "is_picture"),
    [
        ((*H264, "-c:a", "mp2"), "mp2", False),
        ((*H264, "-c:a", "ac3"), "ac3", False),
        ((*H264, "-c:a", "libopus"), "opus", False),
        (("-c:v", "mpeg2video", *AAC), "mpeg2video", True),
        (("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", *AAC), "hevc", True),
    ],
)
def test_other_codecs_are_named(codecs, name, is_picture):
    with pytest.raises(WrongCodec, match=f"^{name}$") as wrong:
        read(transport_stream(*codecs, seconds=0.5))
    assert wrong.value.is_picture is is_picture


@pytest.mark.parametrize("codecs", [(*H264, "-an"), ("-vn", *AAC)])
def test_one_track_alone_is_enough(codecs):
    tags = read(transport_stream(*codecs))
    assert len({tag.kind for tag in tags}) == 1 and len(tags) > 50


def tables(data):
    """The places of the packets that say which tracks there are; ffmpeg gives them the id 0x1000."""
    return [place for place in range(0, len(data), PACKET) if data[place + 1] & 0x1F == 0x10 and data[place + 2] == 0]


@pytest.mark.parametrize("comes_late", [flv.AUDIO, flv.VIDEO])
def test_a_track_that_is_announced_later_takes_nothing_from_the_other(comes_late):
    """Between two keyframes, as multiplexers do when a microphone is switched on."""
    whole = transport_stream(*H264, "-g", "100", *AAC, seconds=4)
    alone = transport_stream(*((*H264, "-an") if comes_late == flv.AUDIO else ("-vn", *AAC)), seconds=1)
    changed = bytearray(whole)
    first = tables(alone)[0]
    early = [place for place in tables(whole) if place < len(whole) // 2]
    for place in early:
        changed[place : place + PACKET] = alone[first : first + PACKET]
        if comes_late == flv.VIDEO:  # where there is sound alone, ffmpeg gives it what is the picture's packet id here
            changed[place + 19] = 1
    tags, all_tags = read(bytes(changed)), read(whole)
    other = flv.VIDEO if comes_late == flv.AUDIO else flv.AUDIO
    assert len(early) > 5 and of(tags, other) == of(all_tags, other)
    # A picture cannot begin before the next keyframe.
    assert (0 < len(of(tags, comes_late)) < len(of(all_tags, comes_late))) == (comes_late == flv.AUDIO)
    assert [tag.time for tag in tags] == sorted(tag.time for tag in tags)


def test_high_profiles_say_their_colours_in_the_configuration():
    tags = read(
        transport_stream("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p10le", "-an", seconds=0.2)
    )
    record = tags[0].payload[5:]
    assert record[1] == 122 and record[-4:] == bytes((0xFC | 2, 0xF8 | 2, 0xF8 | 2, 0))


def test_what_is_no_transport_stream_is_told_so():
    with pytest.raises(StreamError, match="MPEG-TS"):
        read(bytes(MOST_SKIPPED + 1000))


def test_nothing_that_somebody_sends_raises_anything_else(usual):
    chance = random.Random(5)
    start = usual[: 120 * PACKET]
    for _ in range(150):
        damaged = bytearray(start)
        for _ in range(chance.randrange(1, 60)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = chance.randrange(len(damaged))
        try:
            read(bytes(damaged[:cut] + damaged[cut + chance.randrange(400) :]), 4096)
        except StreamError:
            continue
