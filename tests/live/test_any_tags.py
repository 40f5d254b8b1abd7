"""Whatever an encoder sends goes through all that looks at its tags, up to the muxer, without a fault."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies as st

from fastpix.live.fmp4 import setup
from fastpix.live.fmp4.muxer import Muxer
from fastpix.live.gaps import Gaps, SilenceBudget
from fastpix.live.rtmp import flv
from fastpix.live.soundless import Soundless
from fastpix.live.timestamps import Rebaser
from fastpix.live.tracks import Splitter
from tests.live.fmp4.muxing import is_config

# Baseline, 640x360.
H264 = bytes.fromhex("0142c01effe100196742c01eda0280bfe5c04400000fa40003a9803c58ba8001000468ce3c80")
SOUNDS = st.sampled_from([bytes.fromhex(each) for each in ("1190", "1210", "1188", "2b11", "119056e500")])
SOME = st.binary(max_size=20)
PAYLOADS = st.one_of(
    st.tuples(st.just(flv.VIDEO), st.builds(flv.h264_config, st.one_of(st.just(H264), SOME))),
    st.tuples(st.just(flv.AUDIO), st.builds(flv.aac_config, st.one_of(SOUNDS, SOME))),
    st.tuples(
        st.just(flv.VIDEO), st.builds(flv.h264_picture, SOME, st.sampled_from([0, 40, -40, 8000]), st.booleans())
    ),
    st.tuples(st.just(flv.AUDIO), st.builds(flv.aac_frame, SOME)),
)
STEPS = st.sampled_from([0, 20, 33, -20, 900, 9_000, -900, 1 << 20])
# Each with the ms since the one before, and whether what came is written behind it.
TAGS = st.lists(st.tuples(STEPS, PAYLOADS, st.booleans()), max_size=60)


def packaged(tags):
    """Send tags the way they go; how many parts were muxed by us."""
    budget = SilenceBudget()
    rebaser, soundless, gaps, splitter = Rebaser(), Soundless(budget), Gaps(budget), Splitter()
    made, muxer, timestamp = 0, None, 0
    for step, (kind, payload), is_flushed in tags:
        timestamp = (timestamp + step) % (1 << 32)
        for filled in soundless.take((kind, rebaser.rebase(timestamp), payload)):
            for whole in gaps.take(filled):
                outcome = splitter.take(whole, gaps.missing)
                if outcome.begins:
                    muxer = _muxer(outcome)
                    made += muxer is not None
                for tag in outcome.tags if muxer else ():
                    muxer.take(*tag)
        if muxer and is_flushed:
            muxer.flush()
    if muxer:
        muxer.end()
    return made


def _muxer(outcome):
    configs = {tag[0]: tag[2] for tag in outcome.tags if is_config(tag)}
    proved = setup.of(configs) if configs.keys() == outcome.begins else None
    return Muxer(proved) if proved else None


@hypothesis.settings(max_examples=400)
@hypothesis.given(TAGS)
def test_no_tags_make_a_fault(tags):
    packaged(tags)


PICTURE, SOUND = (flv.VIDEO, flv.h264_config(H264)), (flv.AUDIO, flv.aac_config(bytes.fromhex("1190")))
FRAME = (flv.AUDIO, flv.aac_frame(b"heard"))


def shown(is_keyframe=True):
    return flv.VIDEO, flv.h264_picture(b"shown", 0, is_keyframe)


def test_sound_of_before_a_change_that_comes_after_the_change_was_written():
    """The part that a change begins has its beginning in its keyframe; sound comes a little later than its picture."""
    changed = flv.VIDEO, flv.h264_config(H264[:-1] + b"\x81")
    begin = [(1_000, PICTURE, False), (0, SOUND, False), (0, shown(), False), (0, FRAME, True)]
    after = [(40, changed, False), (0, shown(), True), (-30, FRAME, True), (21, FRAME, True), (21, FRAME, True)]
    assert packaged([*begin, *after]) == 2
