"""Media to look at: rows and small stored files as processing leaves them, and tokens as customers sign them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from joserfc.registry import HeaderParameter

from fastpix.access import principal
from fastpix.resources.media.models import READY, Media
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.playback_ids.models import NO_RESTRICTIONS, PlaybackId
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.storage import instance as storage

HEIGHTS = {"1080p": (1920, 1080), "720p": (1280, 720), "360p": (640, 360)}
VERSION, TRACK_VERSION = "0123456789ab", "ba9876543210"
PLAYLIST = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\ns00000.m4s\n#EXT-X-ENDLIST\n'
CUES = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprite.jpg#xywh=0,0,160,90\n"
# Generated once: 0.1 s each, and tests that sign are many.
KEYS = [RSAKey.generate_key(2048) for _ in range(2)]


def rendition(name: str, **given: Any) -> dict[str, Any]:
    width, height = HEIGHTS.get(name, (0, 0))
    known = {
        "name": name,
        "width": width,
        "height": height,
        "bandwidth": height * 3000 or 128_000,
        "average_bandwidth": height * 2500 or 120_000,
        "codecs": "avc1.64001f,mp4a.40.2",
        "frame_rate": 30.0,
        "size": 1000,
    }
    return known | given


def segment(seed: int, size: int = 5000) -> bytes:
    """Bytes of which every part differs."""
    return bytes((n * 7 + seed + n // 251) % 256 for n in range(size))


@dataclass
class Screening:
    """What can be watched under a playback id, of a media or a live stream."""

    playback_id: UUID
    workspace_id: UUID
    organization_id: UUID

    @property
    def public(self) -> str:
        """Where the parts of a public one are."""
        return f"/stream/m/0/-/-/{self.playback_id}"

    @property
    def master(self) -> str:
        return f"/stream/{self.playback_id}.m3u8"


@dataclass
class Film(Screening):
    """A media in the storage and the database, and one playback id of it."""

    id: UUID
    tracks: dict[str, UUID] = field(default_factory=dict)
    version: str = VERSION

    @property
    def folder(self) -> str:
        return f"{self.organization_id}/{self.workspace_id}/{self.id}"

    @property
    def segment(self) -> str:
        return f"{self.version}/720p/s00000.m4s"

    @property
    def parts(self) -> list[str]:
        """Every kind of thing that lies inside a prefix."""
        sound, text = self.tracks["audio"], self.tracks["subtitle"]
        return [
            *(f"{self.version}/720p/{name}" for name in ("index.m3u8", "init.mp4", "s00000.m4s")),
            *(f"{self.version}/{name}" for name in ("poster.jpg", "sprite.jpg", "sprite.vtt")),
            *(f"{self.version}/{name}" for name in ("capped-4k.mp4", "audio.m4a")),
            *(f"tracks/{sound}/{TRACK_VERSION}/{name}" for name in ("index.m3u8", "init.mp4", "s00000.m4s")),
            *(f"tracks/{text}/{TRACK_VERSION}/{name}" for name in ("index.m3u8", "subtitles.vtt")),
        ]

    @property
    def doors(self) -> list[str]:
        """Everything that takes a token in its query."""
        sheets = [f"{kind}.{form}" for kind in ("spritesheet", "advanced-spritesheet") for form in ("json", "jpg")]
        images = ("thumbnail.jpg", "thumbnail.png", "clip.gif", *sheets, "storyboard.vtt")
        return [
            self.master,
            f"/stream/{self.playback_id}/capped-4k.mp4",
            f"/stream/{self.playback_id}/audio.m4a",
            *(f"/images/{self.playback_id}/{name}" for name in images),
        ]


class Cinema:
    """Makes films in a world."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def show(self, policy: str = "public", house: Any = None, *, workspace: str = "production", **given: Any) -> Film:
        """A film; `given` overrides columns of the media, and restrictions and resolution of the playback id."""
        house = house or self.world.cast.acme
        film = Film(uuid4(), house.workspaces[workspace], house.id, uuid4())
        playback = {
            "restrictions": given.pop("restrictions", NO_RESTRICTIONS),
            "resolution": given.pop("resolution", None),
        }
        has_files = given.pop("has_files", True)
        columns = {
            "status": READY,
            "version": VERSION,
            "duration": 6.0,
            "has_poster": True,
            "sprite": {"tile_width": 160, "tile_height": 90, "columns": 10, "rows": 1, "interval": 1.0, "count": 6},
            "renditions": [rendition(name) for name in HEIGHTS],
            "downloads": {name: {"status": "ready"} for name in ("capped-4k.mp4", "audio.m4a")},
        }
        with self.world.session() as session, principal.acting(principal.system("a test", house.id)):
            inside = {"workspace_id": film.workspace_id}
            media = Media(id=film.id, source_kind="upload", created_by="a test", **inside, **columns | given)
            session.add(media)
            session.flush()
            session.add(PlaybackId(id=film.playback_id, media_id=film.id, access_policy=policy, **inside, **playback))
            for kind in ("audio", "subtitle"):
                track = Track(media_id=film.id, type=kind, status="available", is_added=True, **inside)
                track.id, track.version = uuid4(), TRACK_VERSION
                track.language_code, track.language_name = "it", f"Italian {kind}"
                film.tracks[kind] = track.id
                session.add(track)
            session.flush()
        if has_files:
            self.write(film)
        return film

    def write(self, film: Film) -> None:
        """The files of all its parts, each with bytes of its own."""
        store = storage.get()
        for name in HEIGHTS:
            for number, file in enumerate(("init.mp4", "s00000.m4s")):
                store.write(f"{film.folder}/{film.version}/{name}/{file}", segment(number))
            store.write(f"{film.folder}/{film.version}/{name}/index.m3u8", PLAYLIST.encode())
        for path in film.parts:
            if not path.startswith(f"{film.version}/720p/"):
                told = {"m3u8": PLAYLIST.encode(), "vtt": CUES.encode()}
                store.write(f"{film.folder}/{path}", told.get(path.rpartition(".")[2], segment(9)))
        store.write(f"{film.folder}/source", b"the original")

    def key(self, house: Any = None, number: int = 0, workspace: str = "production") -> UUID:
        """A signing key of a workspace: the id of KEYS[number] there."""
        house = house or self.world.cast.acme
        with self.world.session() as session, principal.acting(principal.system("a test", house.id)):
            pem = KEYS[number].as_pem(private=False).decode()
            row = SigningKey(workspace_id=house.workspaces[workspace], public_key=pem, created_by="a test")
            row.id = uuid4()
            session.add(row)
            session.flush()
            return row.id

    def change(self, film: Film, model: Any = Media, **columns: Any) -> None:
        """Change the film's media, or its playback id."""
        with self.world.session() as session, principal.acting(principal.system("a test", film.organization_id)):
            row = session.get(model, film.id if model is Media else film.playback_id)
            for name, value in columns.items():
                setattr(row, name, value)
            session.flush()

    def delete_key(self, key_id: UUID, house: Any = None) -> None:
        house = house or self.world.cast.acme
        with self.world.session() as session, principal.acting(principal.system("a test", house.id)):
            session.delete(session.get(SigningKey, key_id))
            session.flush()


def token(film: Film, key_id: UUID | str | None, number: int = 0, *, header: dict | None = None, **claims: Any) -> str:
    """A token as a customer signs it; a claim of None is left out."""
    told = {"aud": f"media:{film.playback_id}", "exp": int(time.time()) + 600, "kid": str(key_id)} | claims
    told = {name: value for name, value in told.items() if value is not None}
    head = {"alg": "RS256", "typ": "JWT", "kid": str(key_id)} if header is None else header
    # As any library signs it: this one would refuse parameters of the header that it does not know.
    unknown = head.keys() - jws.JWSRegistry.default_header_registry.keys()
    anything = jws.JWSRegistry({name: HeaderParameter("", lambda _value: None) for name in unknown})
    return jwt.encode(head, told, KEYS[number], registry=anything)
