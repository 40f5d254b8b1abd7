"""The page with the player, for an iframe on another site."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import HTTPException

from fastpix import urls
from fastpix.config import instance
from fastpix.delivery import authorization, master_playlist, restrictions
from fastpix.delivery.authorization import LiveGrant, MediaGrant
from fastpix.delivery.errors import PlaybackRefused
from fastpix.errors import Invalid, Missing
from fastpix.web import security

blueprint = Blueprint("embed", __name__, url_prefix="/embed", template_folder="templates")


@blueprint.get("/<playback_id>")
def page(playback_id: str) -> Response:
    """The player alone; private media with `?token=`, which goes no further than this page."""
    grant = authorization.by_token(playback_id)
    response = _page(200, player=_player(grant), card=_card(grant, playback_id))
    response.headers["Cache-Control"] = grant.playlist_cache()
    response.headers["Content-Security-Policy"] = _policy(restrictions.frame_ancestors(grant.playable.restrictions))
    return response


@blueprint.errorhandler(PlaybackRefused)
def _playback_refused(problem: PlaybackRefused) -> Response:
    return _refused(problem.status, problem.shown or str(problem))


@blueprint.errorhandler(Missing)
@blueprint.errorhandler(Invalid)
def _unknown(_problem: Exception) -> Response:
    return _refused(404, "There is nothing to play under this address.")


@blueprint.errorhandler(HTTPException)
def _not_found(problem: HTTPException) -> Response:
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
    settings = instance.settings()
    return security.content_policy(
        (settings.stream_base, settings.images_base), form_action="'none'", frame_ancestors=ancestors
    )


def _card(grant: MediaGrant | LiveGrant, playback_id: str) -> dict[str, str]:
    """What other sites show of a link to this page: a picture of what everybody may see alone, and never a token."""
    image = ""
    if isinstance(grant, MediaGrant) and grant.is_public and grant.playable.has_poster:
        image = f"{urls.stream(grant.prefix)}/{grant.playable.version}/poster.jpg"
    return {
        "type": "video.other",
        "title": grant.playable.title or "Video",
        "description": "Watch it on fastpix",
        "url": urls.to(f"/embed/{playback_id}"),
        "image": image,
    }


def _live_player(grant: LiveGrant) -> dict[str, Any]:
    """The same for a live stream, which waits for it while it is not on air."""
    playable = grant.playable
    base = urls.stream(grant.prefix)
    return {
        "src": urls.stream(f"{playable.playback_id}.m3u8") if grant.is_public else f"{base}/master.m3u8",
        "title": playable.title,
        "is_live": True,
    }


def _player(grant: MediaGrant | LiveGrant) -> dict[str, Any]:
    """What the player's template takes. Everything lies under the prefix, so that the token stays here."""
    if isinstance(grant, LiveGrant):
        return _live_player(grant)
    playable = grant.playable
    base = urls.stream(grant.prefix)
    version_url = f"{base}/{playable.version}"
    largest = max(grant.renditions, key=master_playlist.short_side)
    return {
        "src": urls.stream(f"{playable.playback_id}.m3u8") if playable.policy == "public" else f"{base}/master.m3u8",
        "poster": f"{version_url}/poster.jpg" if playable.has_poster else "",
        "storyboard": f"{version_url}/sprite.vtt" if playable.sprite else "",
        "title": playable.title,
        "is_audio_only": playable.is_audio_only,
        "is_growing": grant.is_growing,
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
