"""Encoders as people use them, each with its settings and its way in, and what has to come of it: the one table of it.

What is sent is a film of eight seconds that flashes and beeps (`tests/video/flashes.py`), in real time. `test_encoders.py` reads
this, lets all of them send at once, and looks at what was recorded and what was said.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastpix.live.broadcast import WRONG_AUDIO, WRONG_VIDEO
from fastpix.live.srt_calls import NOT_PROVED
from fastpix.video import tools
from tests.video.flashes import MOMENTS

SECONDS = 8.0
OWN, NGINX, RTMPS, SRT = "our RTMP", "nginx", "RTMPS", "SRT"
# 9.0 of imageio-ffmpeg, and 5.1 of Debian 12, unpacked where nothing else finds it.
PACKAGE, DEBIAN = tools.ffmpeg(), "/opt/ffmpeg/usr/bin/ffmpeg"
MISSING = " and ".join(program for program in ("gst-launch-1.0", DEBIAN) if shutil.which(program) is None)
Command = Callable[[Path, str], list[str]]


@dataclass(frozen=True)
class Row:
    """One encoder. `command` is made of the film, an FLV file, and of the address to send to.

    `refusal`: what the stream's log says, and by RTMP to our own listener the encoder, too; "" where it is let in. Then
    what is recorded is as long as the film, and flashes and beeps at the moments `seen` and `heard`.
    """

    name: str
    way: str
    command: Command
    refusal: str = ""
    seen: tuple[float, ...] = MOMENTS
    heard: tuple[float, ...] = MOMENTS
    secret: str = ""  # instead of the right passphrase


def ffmpeg(program: str, *options: str) -> Command:
    head = (program, "-hide_banner", "-nostdin", "-v", "error", "-re")

    def command(film: Path, url: str) -> list[str]:
        form = "mpegts" if url.startswith("srt:") else "flv"
        return [*head, "-i", str(film), *(options or COPY), "-f", form, url]

    return command


def through_srtsink(made: Command) -> Command:
    """The same stream, sent to its end (findings/ffmpeg_srt_keeps_the_end.sh)."""
    return lambda film, url: [
        *("sh", "-c", '"$@" | gst-launch-1.0 -q fdsrc fd=0 blocksize=1316 ! srtsink uri="$0"', url),
        *made(film, "srt:")[:-1],
        "pipe:1",
    ]


def gstreamer(sink: str, *, end: str = "") -> Command:
    """Reads the film with its own demultiplexer, and sends what its own multiplexer makes of it."""

    def command(film: Path, url: str) -> list[str]:
        is_srt = url.startswith("srt:")
        mux = ("mpegtsmux", "alignment=7") if is_srt else ("flvmux", "streamable=true")
        return [
            *("gst-launch-1.0", "-q", "filesrc", f"location={film}", "!", "flvdemux", "name=from"),
            *("from.video", "!", "queue", "!", "h264parse", "!", "to."),
            *("from.audio", "!", "queue", "!", "aacparse", "!", "to."),
            *(*mux, "name=to", "!", *sink.split(), f"{'uri' if is_srt else 'location'}={url}{end}"),
        ]

    return command


def dropped(kind: str, begin: float, end: float) -> tuple[str, ...]:
    """Options that leave out the picture ("v") or sound ("a") between two times; the other is sent without waiting."""
    drop = f"noise=drop='between(pts*tb,{begin},{end})'"
    return (*COPY, f"-bsf:{kind}", drop, "-max_interleave_delta", "200000")


COPY = ("-c", "copy")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "60")
PHONE = (*X264, "-tune", "zerolatency", "-r", "30000/1001", "-c:a", "aac", "-ar", "44100", "-ac", "1")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-c:a", "copy")
FIVE_HOURS = (*COPY, "-output_ts_offset", "17000")  # past the 24 bits of a time in RTMP
MUTED, MUTED_HEARD = dropped("a", 3.0, 6.5), (0.6, 2.0, 7.0)
# What RTMP announces is heard at once; what MPEG-TS brings unannounced from the next keyframe on, the one at 4.8 seconds.
LATE_SOUND, LATE_BY_SRT, LATE_HEARD = dropped("a", 0.0, 4.4), dropped("a", 0.0, 3.9), (5.6, 7.0)
DARK, DARK_SEEN = dropped("v", 1.9, 9.0), (0.6,)

ROWS = (
    Row("ffmpeg 9, copy with B-frames", OWN, ffmpeg(PACKAGE)),
    Row("ffmpeg 5, copy with B-frames", OWN, ffmpeg(DEBIAN)),
    Row("ffmpeg 9, as a phone: 29.97 a second, mono", OWN, ffmpeg(PACKAGE, *PHONE)),
    Row("ffmpeg 9, on air for five hours", OWN, ffmpeg(PACKAGE, *FIVE_HOURS)),
    Row("ffmpeg 5, sound alone", OWN, ffmpeg(DEBIAN, *COPY, "-vn"), seen=()),
    Row("ffmpeg 9, picture alone", OWN, ffmpeg(PACKAGE, *COPY, "-an"), heard=()),
    Row("ffmpeg 9, muted for a while", OWN, ffmpeg(PACKAGE, *MUTED), heard=MUTED_HEARD),
    Row("ffmpeg 5, the sound begins late", OWN, ffmpeg(DEBIAN, *LATE_SOUND), heard=LATE_HEARD),
    Row("ffmpeg 9, the picture stops", OWN, ffmpeg(PACKAGE, *DARK), seen=DARK_SEEN),
    Row("GStreamer, rtmp2sink", OWN, gstreamer("rtmp2sink")),
    Row("librtmp, GStreamer's rtmpsink", OWN, gstreamer("rtmpsink", end=" live=1")),
    Row("ffmpeg 9, HEVC", OWN, ffmpeg(PACKAGE, *HEVC), WRONG_VIDEO.format("hevc")),
    Row("ffmpeg 5, MP3", OWN, ffmpeg(DEBIAN, "-c:v", "copy", "-c:a", "libmp3lame"), WRONG_AUDIO.format("mp3")),
    Row("ffmpeg 9 to nginx", NGINX, ffmpeg(PACKAGE)),
    Row("GStreamer to nginx", NGINX, gstreamer("rtmp2sink")),
    Row("ffmpeg 9, HEVC to nginx", NGINX, ffmpeg(PACKAGE, *HEVC), WRONG_VIDEO.format("hevc")),
    Row("ffmpeg 5 over TLS", RTMPS, ffmpeg(DEBIAN)),
    Row("GStreamer over TLS", RTMPS, gstreamer("rtmp2sink tls-validation-flags=0")),
    Row("ffmpeg 9 by SRT", SRT, ffmpeg(PACKAGE)),
    Row("ffmpeg 5 by SRT", SRT, ffmpeg(DEBIAN)),
    Row("GStreamer, srtsink", SRT, gstreamer("srtsink")),
    Row("ffmpeg 9 and srtsink, muted for a while", SRT, through_srtsink(ffmpeg(PACKAGE, *MUTED)), heard=MUTED_HEARD),
    Row("ffmpeg 9 and srtsink, the picture stops", SRT, through_srtsink(ffmpeg(PACKAGE, *DARK)), seen=DARK_SEEN),
    Row(
        "ffmpeg 9 and srtsink, the sound begins late",
        SRT,
        through_srtsink(ffmpeg(PACKAGE, *LATE_BY_SRT)),
        heard=LATE_HEARD,
    ),
    Row("ffmpeg 9 by SRT, MP2", SRT, ffmpeg(PACKAGE, "-c:v", "copy", "-c:a", "mp2"), WRONG_AUDIO.format("mp2")),
    Row("ffmpeg 5 by SRT, wrong passphrase", SRT, ffmpeg(DEBIAN), NOT_PROVED, secret="x" * 32),
)
