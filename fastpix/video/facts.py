"""What is known of a file and of what was made of it: the shapes that the other modules of this room exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastpix.errors import FastpixError


class Unplayable(FastpixError):
    """The file is no video or audio we take, or it is damaged. The message is for the person who sent it."""


class Failed(FastpixError):
    """ffmpeg ended badly or broke a limit. `log` holds its last lines, for admins only: they contain paths."""

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log = log


class Stopped(FastpixError):
    """The work was called off (`should_stop` said so); every process of it is dead."""


@dataclass(frozen=True)
class VideoFacts:
    """The picture, as displayed: `width` and `height` are after rotation and with square pixels."""

    index: int
    codec: str
    profile: str
    level: int
    pixel_format: str
    width: int
    height: int
    frame_rate: float
    rotation: int = 0
    pixel_aspect: float = 1.0
    is_interlaced: bool = False
    is_hdr: bool = False
    longest_gop: float | None = None  # seconds; None where the container does not tell
    bit_rate: int | None = None


@dataclass(frozen=True)
class AudioFacts:
    index: int
    codec: str
    profile: str
    channels: int
    sample_rate: int
    language: str = "und"
    title: str = ""


@dataclass(frozen=True)
class Facts:
    """A probed file. `duration` is in seconds, `container` the demuxer's first name (mp4, matroska, mp3 ...)."""

    container: str
    duration: float
    size: int
    video: VideoFacts | None
    audio: tuple[AudioFacts, ...] = ()

    @property
    def is_audio_only(self) -> bool:
        return self.video is None


@dataclass(frozen=True)
class Wish:
    """What is asked for. `max_height` counts the short side (1080 for "1080p"); times are seconds of the source."""

    max_height: int = 1080
    start: float | None = None
    end: float | None = None
    normalize_audio: bool = False


@dataclass(frozen=True)
class Rendition:
    """One entry of the master playlist. Bandwidths are in bits a second, measured from the real segments."""

    name: str
    width: int
    height: int
    bandwidth: int
    average_bandwidth: int
    codecs: str
    frame_rate: float
    size: int


@dataclass(frozen=True)
class Sprite:
    """The sheet of small pictures for scrubbing: tiles of `tile_width` x `tile_height`, one every `interval` seconds."""

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    interval: float
    count: int


@dataclass(frozen=True)
class Result:
    """What `pipeline.process` made in its folder. `notices` are sentences such as "the source is damaged"."""

    duration: float
    renditions: tuple[Rendition, ...]
    sprite: Sprite | None
    has_poster: bool
    is_copy: bool
    size: int
    notices: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one ffmpeg may use. Bytes and seconds; `output_bytes` counts the whole folder it writes to."""

    cpu_seconds: int = 600
    wall_seconds: int = 3600
    stall_seconds: int = 120
    memory_bytes: int = 3 << 30
    file_bytes: int = 64 << 30
    output_bytes: int = 64 << 30


@dataclass(frozen=True)
class Ran:
    """How an ffmpeg ended well: processor seconds of its whole group and the last lines it wrote to stderr."""

    cpu_seconds: float
    log: tuple[str, ...] = field(default=())


Report = Callable[[float], None]  # share done, 0.0 to 1.0
ShouldStop = Callable[[], bool]
