"""The page with the player, for an iframe on another site."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import HTTPException

from fastpix import links
from fastpix.delivery import admission, playlists, rules
from fastpix.delivery.admission import Admitted, AdmittedLive
from fastpix.delivery.refusals import Withheld
from fastpix.errors import Invalid, Missing

blueprint = Blueprint("embed", __name__, url_prefix="/embed", template_folder="templates")

_elsewhere = {"origins": ""}


def configure(stream_base: str, images_base: str) -> None:
    """Set where the player fetches from. Called by `fastpix.delivery.registry`."""
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, (stream_base, images_base))}
    _elsewhere["origins"] = " ".join(sorted(origins))


@blueprint.get("/<playback_id>")
def page(playback_id: str) -> Response:
    """The player alone; private media with `?token=`, which goes no further than this page."""
    found = admission.by_token(playback_id)
    response = _page(200, player=_player(found), card=_card(found, playback_id))
    response.headers["Cache-Control"] = found.playlist_cache()
    response.headers["Content-Security-Policy"] = _policy(rules.frame_ancestors(found.playable.restrictions))
    return response


@blueprint.errorhandler(Withheld)
def _withheld(problem: Withheld) -> Response:
    return _refused(problem.status, problem.shown or str(problem))


@blueprint.errorhandler(Missing)
@blueprint.errorhandler(Invalid)
def _unknown(_problem: Exception) -> Response:
    return _refused(404, "There is nothing to play under this address.")


@blueprint.errorhandler(HTTPException)
def _wrong(problem: HTTPException) -> Response:
    return _refused(problem.code or 404, "There is nothing to play under this address.")


def _refused(status: int, message: str) -> Response:
    response = _page(status, message=message)
    # A refusal may be framed by anybody: it holds nothing, and the page around should say why it stays empty.
    response.headers["Content-Security-Policy"] = _policy("*")
    return response


def _page(status: int, **context: Any) -> Response:
    # Not render_template: what surrounds a page of the dashboard asks who is signed in.
    html = current_app.jinja_env.get_template("embed.html").render(**context)
    return Response(html, status, mimetype="text/html")


def _policy(ancestors: str) -> str:
    there = _elsewhere["origins"]
    return (
        f"default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: {there}; media-src 'self' blob: {there}; connect-src 'self' {there}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )


def _card(found: Admitted | AdmittedLive, playback_id: str) -> dict[str, str]:
    """What other sites show of a link to this page: a picture of what everybody may see alone, and never a token."""
    image = ""
    if isinstance(found, Admitted) and found.is_public and found.playable.has_poster:
        image = f"{links.stream(found.prefix)}/{found.playable.version}/poster.jpg"
    return {
        "type": "video.other",
        "title": found.playable.title or "Video",
        "description": "Watch it on fastpix",
        "url": links.to(f"/embed/{playback_id}"),
        "image": image,
    }


def _live_player(found: AdmittedLive) -> dict[str, Any]:
    """The same for a live stream, which waits for it while it is not on air."""
    playable = found.playable
    base = links.stream(found.prefix)
    return {
        "src": links.stream(f"{playable.playback_id}.m3u8") if found.is_public else f"{base}/master.m3u8",
        "title": playable.title,
        "is_live": True,
    }


def _player(found: Admitted | AdmittedLive) -> dict[str, Any]:
    """What the player's template takes. Everything lies under the prefix, so that the token stays here."""
    if isinstance(found, AdmittedLive):
        return _live_player(found)
    playable = found.playable
    base = links.stream(found.prefix)
    here = f"{base}/{playable.version}"
    largest = max(found.renditions, key=playlists.short_side)
    return {
        "src": links.stream(f"{playable.playback_id}.m3u8") if playable.policy == "public" else f"{base}/master.m3u8",
        "poster": f"{here}/poster.jpg" if playable.has_poster else "",
        "storyboard": f"{here}/sprite.vtt" if playable.sprite else "",
        "title": playable.title,
        "is_audio_only": playable.is_audio_only,
        "width": largest["width"],
        "height": largest["height"],
        "captions": [
            {
                "src": f"{base}/tracks/{track['id']}/{track['version']}/subtitles.vtt",
                "lang": track["language_code"],
                "label": track["title"] or track["language_name"] or track["language_code"],
            }
            for track in playable.tracks
            if track["type"] == "subtitle"
        ],
    }
