"""The two lanes: the quick one (`pytest`), which one waits for, and the full one (`pytest -m ""`), which leaves out nothing.

`@pytest.mark.full("why")` leaves a test to the full lane, and `LEFT_OUT` whole folders and modules, which are not even
imported then, unless they are named on the command line. PostgreSQL runs in the quick lane what SQL decides, marked
`@pytest.mark.sql("what it decides")`, and everything in the full one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

# Below `tests/`, and why the quick lane does without.
LEFT_OUT = {
    "browser": "seconds a page, in a real browser; the quick lane has one journey through it",
    "running": "seconds to start whole servers and to kill them; the quick lane has one short life of one",
    "scale": "a fleet of servers behind a balancer, killed one by one",
    "demo": "films are made and processed for an instance to show around",
    "stories": "attacks told step by step, hundreds of requests each; the rules that they try to break stay",
    "access/test_secrets.py": "every page and answer is searched for every secret there is",
    "backup": "whole instances saved, moved, put back and upgraded",
    "cli": "the operator's commands, each on an instance of its own",
    "config/test_addresses.py": "settings drawn at random, hundreds of times",
    "monitoring/test_doctor.py": "installations with each fault in turn, and what is said of each",
    "resources/members/test_query_counts.py": "statements are counted for 3 members and for 300, and searches for 2,000",
    "resources/members/test_name_search.py": "names by the thousand in every script, found and not found",
    "resources/test_answer_shapes.py": "every answer of FastPix's own service beside ours",
    "web/test_page_sizes.py": "lists as long as they get, with the longest names, weighed",
    "storage/test_storage_contract.py": "the same demands on disk and on an S3 server",
    "delivery/test_images.py": "pictures made by ffmpeg, one after the other",
    "live/rtmp/test_rtmp_attacks.py": "encoders that send nonsense, until the server's patience ends",
    "live/mpegts/test_demuxer.py": "streams of every codec, each made by ffmpeg",
    "live/srt": "callers over UDP in their own time; and libsrt, which not every machine has",
    "live/test_ingest_recovery.py": "broadcasts cut off by a kill, and taken up again",
    "live/test_rtmp_with_nginx.py": "an nginx of its own in front of the ingest",
    "video/test_hostile_files.py": "files that lie, each through ffmpeg",
    "video/test_pipeline.py": "whole films through ffmpeg; the short life of a server uploads one",
    "video/test_probing.py": "a process for each file that is looked at",
    "video/test_recording.py": "whole recordings, made and joined by ffmpeg",
    "video/test_running.py": "ffmpeg started, slowed down and killed",
    "video/test_stills.py": "posters and sprites, each made by ffmpeg",
    "resources/live_streams/test_recordings.py": "broadcasts become media, by ffmpeg and the worker",
    "resources/live_streams/test_segments_kept.py": "broadcasts with their segments, on disk and in a bucket",
    "resources/media/test_media_jobs.py": "media made by ffmpeg, job by job",
    "resources/media/test_media_on_s3.py": "an S3 server of its own beside the worker",
}
# Of these, what the quick lane runs all the same.
ESSENTIAL = ("browser/test_journey.py", "running/test_short_life.py", "stories/test_escalation_stories.py")

# Where real time decides: a second try beside a busy machine, which the run lists. A fault fails both times.
TRIED_TWICE = {
    "browser": "what Chromium plays and hears is measured while the other process of the tests takes its time from it",
    "running": "servers, encoders and proxies speak to each other within seconds",
    "scale": "a fleet of servers, killed one by one, within seconds",
}


def is_quick(config: pytest.Config) -> bool:
    return "not full" in config.option.markexpr


def is_left_out(path: Path, config: pytest.Config) -> bool:
    """Whether the quick lane does without this module, which nobody named."""
    if not (is_quick(config) and path.name.startswith("test_")):
        return False
    tests = config.rootpath / "tests"
    place = path.relative_to(tests).as_posix() if path.is_relative_to(tests) else ""
    room = next((room for room in LEFT_OUT if place == room or place.startswith(f"{room}/")), None)
    if room is None or place in ESSENTIAL:
        return False
    named = (Path(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args)
    return not any(each.resolve().is_relative_to(tests / room) for each in named)


def group(items: list[pytest.Item]) -> None:
    """Keep a module with a server or a browser of its own in one process, which starts it once."""
    for item in items:
        if any(definition.scope == "module" for definition in _fixtures(item)):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def try_twice(items: list[pytest.Item], tests: Path) -> None:
    """Mark what `TRIED_TWICE` names for pytest-rerunfailures; `tests` is the folder of the tests."""
    for item in items:
        if item.path.is_relative_to(tests) and item.path.relative_to(tests).parts[0] in TRIED_TWICE:
            item.add_marker(pytest.mark.flaky(reruns=1))


def sort(items: list[pytest.Item]) -> None:
    """What is grouped first, then what takes long, then the rest.

    So nothing long is begun at the end, while the other processes have nothing left to do.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("xdist_group"):
        return 0
    return 1 if item.get_closest_marker("full") or "tests/running/" in item.nodeid else 2


def _fixtures(item: pytest.Item) -> list[pytest.FixtureDef[object]]:
    found = getattr(item, "_fixtureinfo", None)
    return [definitions[-1] for definitions in found.name2fixturedefs.values() if definitions] if found else []
