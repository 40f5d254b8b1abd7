"""Films as people really have them, each of which plays out of step, not to its end, or in false colours where one is careless.

All flash and beep at `MOMENTS` (see `flashes.py`), as far as they have picture and sound there.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastpix.video import tools
from tests.video.clips import clip
from tests.video.flashes import GRANTED, MOMENTS, picture, rounded, sound

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50")
B_FRAMES, PLAIN = (*H264, "-bf", "3"), (*H264, "-bf", "0")
MPEG4 = ("-c:v", "mpeg4", "-q:v", "3", "-pix_fmt", "yuv420p")  # is encoded anew
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-pix_fmt", "yuv420p")
VP8 = ("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime")
VP9 = ("-c:v", "libvpx-vp9", "-b:v", "1M", "-deadline", "realtime")
AAC, AC3, OPUS = ("-c:a", "aac"), ("-c:a", "ac3"), ("-c:a", "libopus", "-ar", "48000")
MP3 = ("-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0")
STEREO, SURROUND = ("FL", "FR"), ("FL", "FR", "FC", "LFE", "BL", "BR")
GAP = (2.6, 5.2)
TRIMMED = 1.2  # seconds, with the first flash in them

Make = Callable[[Path, str], Path]


@dataclass(frozen=True)
class Film:
    """`seen` and `heard`: the moments of its flashes and beeps; `lags`: how much later each beep is in the film itself."""

    name: str
    make: Make
    rate: int = 25
    seen: Sequence[float] = MOMENTS
    heard: Sequence[float] = MOMENTS
    seconds: float = 8.0
    is_silent: bool = False
    lags: Sequence[float] = (0,) * len(MOMENTS)

    def at(self, folder: Path) -> Path:
        """The film in a folder of its name, made once."""
        place = folder / self.name.replace(" ", "_")
        place.mkdir(exist_ok=True)
        return self.make(place, f"film.{self.name.rpartition(' ')[2]}")

    def faults(self, flashes: Sequence[float], beeps: Sequence[float]) -> list[str]:
        """What a viewer would complain about, in seconds; nothing where sound and picture are as in the film."""
        if len(flashes) != len(self.seen) or len(beeps) != len(self.heard):
            return [f"flashes {rounded(flashes)} of {self.seen}, beeps {rounded(beeps)} of {self.heard}"]
        shown = dict(zip(self.seen, flashes, strict=True))
        faults = []
        for moment, beep, lag in zip(self.heard, beeps, self.lags, strict=False):
            if moment in shown:
                waits = math.ceil(round(moment * self.rate, 3)) / self.rate - moment  # until the next picture
                late = beep - shown[moment] + waits - lag
                if abs(late) > GRANTED:
                    faults.append(f"{late:+.3f} at {moment}")
        return faults


def plain(*arguments: str) -> Make:
    return lambda folder, name: clip(folder, name, *arguments)


def later(seconds: float, total: float = 8) -> tuple[str, ...]:
    """Sound that begins so much after the picture."""
    moments = [moment - seconds for moment in MOMENTS if moment > seconds]
    return ("-itsoffset", str(seconds), *sound(total - seconds, moments=moments))


def earlier(seconds: float) -> tuple[str, ...]:
    """A picture that begins so much after the sound, and the sound."""
    moments = [moment for moment in MOMENTS if moment > seconds]
    first = picture(8 - seconds, moments=[moment - seconds for moment in moments])
    return ("-itsoffset", str(seconds), *first, *sound(moments=moments))


def run(*arguments: object) -> None:
    subprocess.run([tools.ffmpeg(), "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60)


def halves(
    ways: Sequence[tuple[str, ...]], ending: str, folder: Path, take: Callable[..., tuple[str, ...]]
) -> list[Path]:
    """Two files of four seconds, each made another way."""
    made = []
    for number, arguments in enumerate(ways):
        begin, path = 4 * number, folder / f"half{number}.{ending}"
        moments = [moment - begin for moment in MOMENTS if begin <= moment < begin + 4]
        run(*take(4, moments=moments), *arguments, path)
        made.append(path)
    return made


def resized(codec: tuple[str, ...], ending: str, audio: tuple[str, ...] = AAC) -> Make:
    """A picture that changes its size at four seconds, as of a shared window; the sound goes on."""

    def make(folder: Path, name: str) -> Path:
        to = folder / name
        if not to.exists():
            ways = [codec, ("-vf", "scale=640:480", *codec)]
            parts = halves(ways, ending, folder, picture)
            listed = folder / "list"
            listed.write_text("".join(f"file '{part}'\n" for part in parts))
            both = ("-f", "concat", "-safe", "0", "-i", listed, *sound(), "-map", "0:v", "-map", "1:a")
            run(*both, "-c:v", "copy", *audio, to)
        return to

    return make


def relaid(codec: tuple[str, ...], ending: str, layouts: Sequence[Sequence[str]], late: float = 0) -> Make:
    """A sound that changes its layout at four seconds, as broadcasts do."""

    def make(folder: Path, name: str) -> Path:
        to = folder / name
        if not to.exists():
            parts = []
            for number, layout in enumerate(layouts):
                begin, path = 4 * number, folder / f"half{number}.{ending}"
                moments = [moment - begin for moment in MOMENTS if begin <= moment < begin + 4]
                run(*sound(4, moments=moments, rate=48_000, channels=layout), *codec, path)
                parts.append(path)
            joined = folder / f"joined.{ending}"
            joined.write_bytes(b"".join(part.read_bytes() for part in parts))
            delay = ("-itsoffset", late) if late else ()
            run(*picture(), *delay, "-i", joined, "-map", "0:v", "-map", "1:a", *B_FRAMES, "-c:a", "copy", to)
        return to

    return make


def gapped(*codecs: str) -> Make:
    cut = ("-af", f"aselect='not(between(t,{GAP[0]},{GAP[1]}))'")
    return plain(*picture(), *sound(), "-map", "0", "-map", "1", *codecs, *cut)


def emptied(*codecs: str) -> Make:
    """A film whose sound is declared, and has not one packet."""
    return plain(*picture(), *sound(), "-map", "0", "-map", "1", *codecs, "-af", "aselect=0")


def trimmed(*codecs: str) -> Make:
    """The beginning was taken off without encoding: it is still in the file, and its edit list hides it."""

    def make(folder: Path, name: str) -> Path:
        to = folder / name
        if not to.exists():
            run("-ss", TRIMMED, "-i", clip(folder, "whole.mp4", *picture(), *sound(), *codecs), "-c", "copy", to)
        return to

    return make


ALL_BUT_GAP = [moment for moment in MOMENTS if not GAP[0] <= moment <= GAP[1]]
LATE = [moment for moment in MOMENTS if moment > 3]
AFTER = [moment for moment in MOMENTS if moment > 1.6]
FIRST = [moment for moment in MOMENTS if moment < 4]
REST = [moment - TRIMMED for moment in MOMENTS if moment > TRIMMED]
JOINED = (0.022, 0.022, 0.022, 0.054, 0.054)  # two sounds, each with its encoder's delay
FILMS = (
    Film("plain mp4", plain(*picture(), *sound(), *PLAIN, *AAC)),
    Film("b-frames, 10 a second mp4", plain(*picture(rate=10), *sound(), *B_FRAMES, *AAC), rate=10),
    Film("b-frames, 24 a second mp4", plain(*picture(rate=24), *sound(), *B_FRAMES, *AAC), rate=24),
    Film("b-frames mkv", plain(*picture(rate=30), *sound(), *B_FRAMES, *AAC), rate=30),
    Film("b-frames flv", plain(*picture(), *sound(), *B_FRAMES, *AAC)),
    Film("b-frames ts", plain(*picture(), *sound(), *B_FRAMES, *AAC)),
    Film("b-frames, mp3 mp4", plain(*picture(), *sound(), *B_FRAMES, "-c:a", "libmp3lame")),
    Film("encoded, 10 a second mkv", plain(*picture(rate=10), *sound(), *MPEG4, *AAC), rate=10),
    Film("encoded avi", plain(*picture(), *sound(), *MPEG4, "-c:a", "libmp3lame")),
    Film("b-frames avi", plain(*picture(), *sound(), *B_FRAMES, "-c:a", "libmp3lame")),
    Film("xvid avi", plain(*picture(), *sound(), "-c:v", "libxvid", "-q:v", "3", "-bf", "2", "-c:a", "libmp3lame")),
    Film("encoded webm", plain(*picture(), *sound(), *VP8, *OPUS)),
    Film("sound 0.4 s late mp4", plain(*picture(), *later(0.4), *PLAIN, *AAC)),
    Film("sound 3 s late mkv", plain(*picture(), *later(3), *B_FRAMES, *AAC), heard=LATE),
    Film("sound 0.4 s late, encoded mkv", plain(*picture(), *later(0.4), *MPEG4, *AAC)),
    Film("sound 3 s late, encoded mkv", plain(*picture(), *later(3), *MPEG4, *AAC), heard=LATE),
    Film("picture 1.6 s late mp4", plain(*earlier(1.6), *B_FRAMES, *AAC), seen=AFTER, heard=AFTER),
    Film("picture 1.6 s late, encoded mkv", plain(*earlier(1.6), *MPEG4, *AAC), seen=AFTER, heard=AFTER),
    Film("trimmed mp4", trimmed(*B_FRAMES, *AAC), seen=REST, heard=REST, seconds=8 - TRIMMED),
    Film("a gap in the sound mp4", gapped(*B_FRAMES, *AAC), heard=ALL_BUT_GAP),
    Film("a gap in the sound mkv", gapped(*B_FRAMES, *AAC), heard=ALL_BUT_GAP),
    Film("a gap in the sound, encoded mkv", gapped(*MPEG4, *AAC), heard=ALL_BUT_GAP),
    Film("half as much sound mp4", plain(*picture(), *sound(4), *B_FRAMES, *AAC), heard=FIRST),
    Film("half as much sound ts", plain(*picture(), *sound(4), *B_FRAMES, *AAC), heard=FIRST),
    Film("half as much sound, encoded mkv", plain(*picture(), *sound(4), *MPEG4, *AAC), heard=FIRST),
    Film("half as much picture mp4", plain(*picture(4), *sound(), *B_FRAMES, *AAC), seen=FIRST),
    Film("half as much picture, encoded mkv", plain(*picture(4), *sound(), *MPEG4, *AAC), seen=FIRST),
    Film("no packet of sound mp4", emptied(*B_FRAMES, *AAC), heard=(), is_silent=True),
    Film("no packet of sound, encoded mkv", emptied(*MPEG4, *AAC), heard=(), is_silent=True),
    Film("another size webm", resized(VP8, "webm", OPUS)),
    Film("another size, vp9 webm", resized(VP9, "webm", OPUS)),
    Film("another size, h264 mkv", resized(PLAIN, "ts")),
    Film("another size ts", resized(B_FRAMES, "ts")),
    Film("another size flv", resized(PLAIN, "flv")),
    Film("another size mp4", resized(PLAIN, "ts")),
    Film("another size, mpeg2 ts", resized(MPEG2, "ts")),
    Film("ac-3 from 2.0 to 5.1 ts", relaid(AC3, "ac3", (STEREO, SURROUND))),
    Film("ac-3 from 5.1 to 2.0 mkv", relaid(AC3, "ac3", (SURROUND, STEREO))),
    Film("aac from 2.0 to 5.1 ts", relaid(AAC, "aac", (STEREO, SURROUND)), lags=JOINED),
    Film("mp3 from stereo to mono ts", relaid(MP3, "mp3", (STEREO, ("FC",))), lags=JOINED),
)
NAMED = {film.name: film for film in FILMS}
