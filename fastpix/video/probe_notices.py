"""Sentences for the owner of a file that is taken, though not all of it plays."""

from __future__ import annotations

from typing import Any

from fastpix.video.datatypes import AudioFacts, halves

LEAST_MISSING = 0.1  # seconds; less are the last frames, which some programs count otherwise


def missing(seen: dict[str, Any], duration: float) -> tuple[str, ...]:
    """What is said of a file without an end, which is taken all the same. `duration` is of what is there, in seconds."""
    if not (seen["is_cut_off"] or seen.get("missing_from") is not None):
        return ()
    # Of a film in fragments libav knows those alone whose beginning is there.
    declared = 0.0 if seen["is_fragmented"] else float(seen.get("declared_duration") or seen["duration"] or 0)
    if declared and declared - duration < LEAST_MISSING:
        return ()  # what is gone is its index alone
    if declared and words(declared) != words(duration):
        what = f"The end is missing: the file says that it plays for {words(declared)}, and its data ends after "
    else:
        what = "Its end is cut off: the data of this file breaks off after "
    return (f"{what}{words(duration)}. What is there was taken. For the rest send it again.",)


def left_out(seen: dict[str, Any], audio: tuple[AudioFacts, ...]) -> tuple[str, ...]:
    """What of a file does not play: one sound does, or two that are one."""
    heard = halves(audio) or audio[:1]
    further = [sound.title or sound.language for sound in audio if sound not in heard]
    texts = list(seen["subtitles"])
    parts = [_counted(further, "further sound", "further sounds")] if further else []
    parts += [_counted(texts, "track of subtitles", "tracks of subtitles")] if texts else []
    if not parts:
        return ()
    return (
        f"The file also holds {' and '.join(parts)}, left out here. Add what is needed as tracks, from files of their own.",
    )


def words(seconds: float) -> str:
    """A length as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest and not hours)]
    return " ".join(filter(None, parts)) or "0 s"


def _counted(names: list[str], one: str, several: str) -> str:
    return f"{len(names)} {one if len(names) == 1 else several} ({', '.join(names)})"
