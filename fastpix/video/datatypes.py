"""The shapes that modules of this package exchange: what is known of a file, and of what was made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastpix.errors import FastpixError
from fastpix.video import colours as colour_names
from fastpix.video.colours import Colours


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
    begins: float = 0.0  # seconds after the first of all that is in the file
    ends: float | None = None  # None where the container does not tell
    changes: bool = False  # its size or its coding, on the way
    hidden: int = 0  # packets that an edit list hides
    is_open: bool = False  # of its groups of pictures, which then cannot be begun with everywhere
    is_delayed: bool = False  # its decoder's delay counts as time: AVI tells when to decode, and not when to show
    colours: Colours = field(default_factory=Colours)

    @property
    def matrix(self) -> str:
        """swscale's name of the matrix it was made with."""
        return colour_names.matrix(self.colours, self.width, self.height, self.codec)


@dataclass(frozen=True)
class AudioFacts:
    """A sound; times as those of the picture."""

    index: int
    codec: str
    profile: str
    channels: int
    sample_rate: int
    language: str = "und"
    title: str = ""
    begins: float = 0.0
    ends: float | None = None
    strays: float = 0.0  # seconds between when its packets are to be heard and what their samples add up to, at most
    changes: bool = False
    hidden: int = 0  # packets that an edit list hides; a few are the encoder's delay


@dataclass(frozen=True)
class Facts:
    """A probed file. `duration` is in seconds, of what is to be shown; `container` the demuxer's first name (mp4, mp3 ...)."""

    container: str
    duration: float
    size: int
    video: VideoFacts | None
    audio: tuple[AudioFacts, ...] = ()
    # The time stamp of what comes first, in seconds; the times of picture and sounds count from it.
    first: float = 0.0
    # Seconds at the beginning that are not to be shown, where our ffmpeg does not know it; `duration` is without them.
    lead: float = 0.0
    # Sentences for the owner, such as that a part is missing.
    notices: tuple[str, ...] = ()
    # Its time stamps begin anew on the way, or its end is missing: how long it plays is what the encode finds.
    is_rough: bool = False

    @property
    def is_audio_only(self) -> bool:
        return self.video is None


def halves(audio: tuple[AudioFacts, ...]) -> tuple[AudioFacts, ...]:
    """Left and right, as they are in the file, where cameras recorded them as sounds of their own; else nothing.

    Two mono sounds are that, and the first two of four or more (MXF), unless they have titles or another is the default.
    """
    by_index = sorted(audio, key=lambda sound: sound.index)
    are_alike = all(
        sound.channels == 1 and (sound.codec, sound.language) == (audio[0].codec, audio[0].language) for sound in audio
    )
    is_many = len(audio) >= 4 and audio[0] is by_index[0] and not any(sound.title for sound in audio)
    return tuple(by_index[:2]) if are_alike and (len(audio) == 2 or is_many) else ()


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
