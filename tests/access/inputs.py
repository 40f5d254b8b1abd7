"""Right input for every route that takes any, written by hand: the tests that walk all routes send it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from fastpix.crypto import seal
from tests.access.scene import Input, Scene
from tests.cast import PASSWORD


def _successor(scene: Scene) -> str:
    return str(scene.house.members["mel"]) if scene.who == "ada" else ""


def _one(scene: Scene) -> str:
    """Mel, or in the other house its only member."""
    return str(scene.house.members.get("mel") or next(iter(scene.house.members.values())))


def _removed(scene: Scene, status: int) -> int:
    """Somebody who is alone removes nobody."""
    return status if "mel" in scene.house.members else 409


def _media_ids(scene: Scene) -> dict[str, list[str]]:
    return {"mediaIds": [str(scene.house.shelf.media)]}


def _receipt(scene: Scene) -> str:
    media_id = uuid.uuid4()
    return f"{media_id}~{seal.sign('upload', 'staged', scene.house.id, media_id)}"


def _invite(scene: Scene) -> dict[str, str]:
    return {"fastpix_invite": scene.house.invite_secret}


def _settings(scene: Scene) -> dict[str, str]:
    """What a media is asked for in the dashboard."""
    return {"workspace": str(scene.house.workspace), "policy": "public", "resolution": "1080p", "mp4": "none"}


def _playback_ids(api: str, policy: str, id_name: str) -> dict[tuple[str, str], Callable[[Scene], Input]]:
    """What the operations on the playback ids of a media or a live stream take; the shelf has one by that name."""
    return {
        (f"{api}.create_post", "POST"): lambda s: Input(201, {"accessPolicy": policy}),
        (f"{api}.delete_delete", "DELETE"): lambda s: Input(
            200, query={"playbackId": str(getattr(s.house.shelf, id_name))}
        ),
        (f"{api}.domains_patch", "PATCH"): lambda s: Input(200, {"allow": ["example.com"], "defaultPolicy": "deny"}),
        (f"{api}.user_agents_patch", "PATCH"): lambda s: Input(200, {"deny": ["curl"]}),
    }


INPUTS: dict[tuple[str, str], Callable[[Scene], Input]] = {
    # pages of an organization
    ("organizations.edit", "POST"): lambda s: Input(303, {"name": "Acme two", "slug": "acme-two", "audit_days": "365"}),
    ("organizations.delete", "POST"): lambda s: Input(303, {"name": s.house.name}),
    ("workspaces.create", "POST"): lambda s: Input(303, {"name": "Staging", "kind": "staging"}),
    ("workspaces.edit", "POST"): lambda s: Input(303, {"name": "Renamed", "kind": "qa", "description": "new"}),
    ("workspaces.delete", "POST"): lambda s: Input(303, {"name": "production"}),
    ("viewing.start", "POST"): lambda s: Input(303, {"access": "all"}),
    ("viewing_end.end", "POST"): lambda s: Input(303),
    ("members.edit", "POST"): lambda s: Input(303, {"role": "admin", "access": "all"}),
    ("members.set_role", "POST"): lambda s: Input(303, {"role": "admin"}),
    ("members.remove", "POST"): lambda s: Input(303),
    ("members_bulk.edit", "POST"): lambda s: Input(303, {"member": _one(s), "role": "admin", "access": "these"}),
    ("members_bulk.remove", "POST"): lambda s: Input(_removed(s, 303), {"member": _one(s)}),
    ("members.leave", "POST"): lambda s: Input(303, {"successor": _successor(s)}),
    ("invitations.new", "POST"): lambda s: Input(
        200, {"emails": "new@acme.example", "role": "member", "access": "all"}
    ),
    ("invitations.resend", "POST"): lambda s: Input(200),
    ("invitations.resend_chosen", "POST"): lambda s: Input(200, {"invitation": str(s.house.invitation)}),
    ("invitations.revoke_chosen", "POST"): lambda s: Input(303, {"invitation": str(s.house.invitation)}),
    ("invitations.edit", "POST"): lambda s: Input(303, {"role": "admin", "access": "all"}),
    ("invitations.revoke", "POST"): lambda s: Input(303),
    ("signing_keys.create", "POST"): lambda s: Input(200, {"workspace": str(s.house.workspace)}),
    ("signing_keys.delete", "POST"): lambda s: Input(303),
    ("access_tokens.create", "POST"): lambda s: Input(
        200, {"name": "A new one", "workspace": str(s.house.workspace), "role": "member"}
    ),
    ("access_tokens.adopt", "POST"): lambda s: Input(200),
    ("access_tokens.revoke", "POST"): lambda s: Input(303),
    ("playlists.create", "POST"): lambda s: Input(
        303,
        {
            "name": "Talks",
            "workspace": str(s.house.workspace),
            "type": "manual",
            "limit": "10",
            "play_order": "createdDate ASC",
        },
    ),
    ("playlists.edit", "POST"): lambda s: Input(303, {"name": "Renamed", "description": "new"}),
    ("playlists.add", "POST"): lambda s: Input(303, {"media": str(s.house.shelf.media)}),
    ("playlists.order", "POST"): lambda s: Input(303, {"up": str(s.house.shelf.media)}),
    ("playlists.remove", "POST"): lambda s: Input(303, {"remove": str(s.house.shelf.media)}),
    ("playlists.delete", "POST"): lambda s: Input(303),
    # one's own account
    ("account.index", "POST"): lambda s: Input(303, {"name": "Another Name"}),
    ("account.checklist", "POST"): lambda s: Input(303, {"hide": "y", "org": "acme"}),
    ("account.theme", "POST"): lambda s: Input(303, {"theme": "dark"}),
    ("account.email", "POST"): lambda s: Input(422, {"email": "else@acme.example"}),  # no mail server here
    ("account.password", "POST"): lambda s: Input(303, {"current": PASSWORD, "new": "another long password"}),
    ("account.delete", "POST"): lambda s: Input(409 if s.belongs else 303, {"password": PASSWORD}),
    ("second_factor.start", "POST"): lambda s: Input(303),
    ("second_factor.activate", "POST"): lambda s: Input(409, {"code": "123456"}),  # nothing was begun
    ("second_factor.turn_off", "POST"): lambda s: Input(409),
    ("second_factor.renew_codes", "POST"): lambda s: Input(409),
    ("second_factor.add_passkey", "POST"): lambda s: Input(422, {"name": "Phone"}),  # see test_passkey_stories.py
    ("second_factor.remove_passkey", "POST"): lambda s: Input(404, values={"passkey_id": uuid.uuid4()}),  # has none
    ("account.end_session", "POST"): lambda s: Input(303, values={"session_id": s.session_id}),
    ("account.end_other_sessions", "POST"): lambda s: Input(303),
    ("accounts_more.found", "POST"): lambda s: Input(303, {"name": "Another House"}),
    ("accounts.sign_out", "POST"): lambda s: Input(303),
    ("invite.accept", "POST"): lambda s: Input(409, cookies=_invite(s)),  # the invite is for somebody else
    ("invite.ask", "POST"): lambda s: Input(303, cookies=_invite(s)),
    ("invite.sign_out", "POST"): lambda s: Input(303, cookies=_invite(s)),
    # the API
    ("organizations_api.verify_post", "POST"): lambda s: Input(200),
    ("organizations_api.edit_patch", "PATCH"): lambda s: Input(200, {"name": "Two", "membersEditWorkspaces": False}),
    ("workspaces_api.create_post", "POST"): lambda s: Input(201, {"name": "Staging", "type": "staging"}),
    ("workspaces_api.edit_patch", "PATCH"): lambda s: Input(200, {"name": "Renamed"}),
    ("workspaces_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("members_suspension.suspend", "POST"): lambda s: Input(_removed(s, 303), {"member": _one(s)}),
    ("members_suspension.resume", "POST"): lambda s: Input(409, {"member": _one(s)}),  # nobody is suspended
    ("members_suspension_api.suspend_post", "POST"): lambda s: Input(200),
    ("members_suspension_api.resume_post", "POST"): lambda s: Input(409),
    ("members_suspension_api.suspend_many_post", "POST"): lambda s: Input(_removed(s, 200), {"memberIds": [_one(s)]}),
    ("members_suspension_api.resume_many_post", "POST"): lambda s: Input(409, {"memberIds": [_one(s)]}),
    ("member_sessions.end", "POST"): lambda s: Input(303, values={"session_id": s.session_of("mel")}),
    ("member_sessions.end_all", "POST"): lambda s: Input(303),
    ("member_sessions_api.sessions_get", "GET"): lambda s: Input(200),
    ("member_sessions_api.end_session_delete", "DELETE"): lambda s: Input(
        200, values={"sessionId": s.session_of("mel")}
    ),
    ("member_sessions_api.end_sessions_delete", "DELETE"): lambda s: Input(200),
    ("members_until.end_on", "POST"): lambda s: Input(
        _removed(s, 303), {"member": _one(s), "kind": "day", "ends_on": "2099-01-01"}
    ),
    ("members_until_api.end_on_post", "POST"): lambda s: Input(200, {"endsOn": "2099-01-01"}),
    ("members_until_api.end_many_on_post", "POST"): lambda s: Input(
        _removed(s, 200), {"memberIds": [_one(s)], "endsOn": "2099-01-01"}
    ),
    ("members_api.edit_patch", "PATCH"): lambda s: Input(200, {"role": "admin", "workspaces": "all"}),
    ("members_api.remove_delete", "DELETE"): lambda s: Input(200),
    ("members_bulk_api.edit_many_post", "POST"): lambda s: Input(
        200, {"memberIds": [_one(s)], "role": "admin", "workspaces": []}
    ),
    ("members_bulk_api.remove_many_post", "POST"): lambda s: Input(_removed(s, 200), {"memberIds": [_one(s)]}),
    ("members_api.leave_post", "POST"): lambda s: Input(
        409 if s.who == "rex" else 200, {"successorId": _successor(s)} if _successor(s) else {}
    ),  # Rex is alone in rival
    ("invitations_api.invite_post", "POST"): lambda s: Input(201, {"emails": ["new@acme.example"], "role": "admin"}),
    ("invitations_api.edit_patch", "PATCH"): lambda s: Input(200, {"role": "admin"}),
    ("invitations_api.resend_post", "POST"): lambda s: Input(200),
    ("invitations_api.revoke_delete", "DELETE"): lambda s: Input(200),
    ("signing_keys_api.create_post", "POST"): lambda s: Input(201),
    ("signing_keys_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("media.edit", "POST"): lambda s: Input(303, {"title": "Another title", "key": "show", "value": "one"}),
    ("media.retry", "POST"): lambda s: Input(303, values={"media_id": s.house.shelf.failed}),
    ("media.delete", "POST"): lambda s: Input(303),
    ("media.delete_chosen", "POST"): lambda s: Input(303, {"media": str(s.house.shelf.media)}),
    ("media_bulk.make_public", "POST"): lambda s: Input(303, {"media": str(s.house.shelf.media)}),
    ("media_bulk.make_private", "POST"): lambda s: Input(303, {"media": str(s.house.shelf.failed)}),  # public so far
    ("media_bulk_api.set_privacy_post", "POST"): lambda s: Input(200, _media_ids(s) | {"accessPolicy": "public"}),
    # The file was staged already: a form that came back with an error brings its receipt.
    ("media_upload.new", "POST"): lambda s: Input(303, _settings(s) | {"file_name": "a.mp4", "receipt": _receipt(s)}),
    ("media_upload.start", "POST"): lambda s: Input(201, _settings(s) | {"file_name": "a.mp4"}),
    ("media_upload.cancel", "POST"): lambda s: Input(200),
    ("media_upload.from_url", "POST"): lambda s: Input(303, _settings(s) | {"url": "https://files.example/a.mp4"}),
    ("media_parts.set_privacy", "POST"): lambda s: Input(303, {"policy": "private"}),
    ("media_parts.add_playback_id", "POST"): lambda s: Input(303, {"policy": "public", "resolution": "720p"}),
    ("media_parts.restrict", "POST"): lambda s: Input(
        303, {"domains_policy": "deny", "domains_allow": "example.com", "agents_policy": "allow", "agents_deny": "curl"}
    ),
    ("media_parts.delete_playback_id", "POST"): lambda s: Input(303),
    ("media_parts.add_track", "POST"): lambda s: Input(
        303,
        {
            "kind": "subtitle",
            "url": "https://files.example/de.vtt",
            "language_code": "de",
            "language_name": "German",
        },
    ),
    ("media_parts.edit_track", "POST"): lambda s: Input(
        303, {"language_code": "en-GB", "language_name": "British English"}
    ),
    ("media_parts.delete_track", "POST"): lambda s: Input(303),
    ("media_parts.edit_cues", "POST"): lambda s: Input(
        303, {"version": "cafe", "begin": "0:01", "end": "0:02.5", "text": "Hello"}
    ),
    ("media_parts.retry_track", "POST"): lambda s: Input(
        303, values={"media_id": s.house.shelf.failed, "track_id": s.house.shelf.failed_track}
    ),
    # Without a speech model, as over the API.
    ("media_parts.captions", "POST"): lambda s: Input(501, {"language_code": "en", "language_name": "Spoken English"}),
    ("media_parts.downloads", "POST"): lambda s: Input(303, {"mp4": "audioOnly"}),
    ("media_parts.source", "POST"): lambda s: Input(303, {"source": "y"}),
    ("media_api.create_post", "POST"): lambda s: Input(
        201, {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
    ),
    ("media_api.upload_post", "POST"): lambda s: Input(
        201, {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    ),
    ("media_api.older_upload_post", "POST"): lambda s: Input(
        201, {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    ),
    ("media_api.cancel_put", "PUT"): lambda s: Input(200),
    ("media_api.edit_patch", "PATCH"): lambda s: Input(200, {"title": "Another title", "metadata": {"a": "b"}}),
    ("media_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("media_api.retry_post", "POST"): lambda s: Input(200, values={"mediaId": s.house.shelf.failed}),
    ("media_api.source_access_patch", "PATCH"): lambda s: Input(200, {"sourceAccess": True}),
    ("media_api.mp4_support_patch", "PATCH"): lambda s: Input(200, {"mp4Support": "audioOnly"}),
    **_playback_ids("playback_ids_api", "public", "playback_id"),
    ("tracks_api.create_post", "POST"): lambda s: Input(
        201,
        {
            "tracks": {
                "url": "https://files.example/de.vtt",
                "type": "subtitle",
                "languageCode": "de-DE",
                "languageName": "German",
            }
        },
    ),
    ("tracks_api.edit_patch", "PATCH"): lambda s: Input(200, {"languageName": "British English"}),
    ("tracks_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("tracks_api.generate_subtitles_post", "POST"): lambda s: Input(
        501, {"languageName": "English", "languageCode": "en"}
    ),
    ("not_offered_api.list_drm_get", "GET"): lambda s: Input(501),
    ("not_offered_api.get_drm_get", "GET"): lambda s: Input(501, values={"drmConfigurationId": uuid.uuid4()}),
    ("not_offered_api.get_summary_get", "GET"): lambda s: Input(501),
    **{
        (f"video_data_api.{name}_get", "GET"): lambda s, status=501 if name == "view" else 200: Input(
            status, values={"metricId": "views", "dimensionsId": "media_id", "viewId": uuid.uuid4()}
        )
        for name in (
            "views",
            "view",
            "top_content",
            "dimensions",
            "filters",
            "breakdown",
            "overall",
            "timeseries",
            "comparison",
            "errors",
        )
    },
    **{
        (f"not_offered_api.{name}_patch", "PATCH"): lambda s: Input(501)
        for name in ("summary", "chapters", "named_entities", "moderation")
    },
    ("playlists_api.create_post", "POST"): lambda s: Input(
        201, {"name": "Talks", "referenceId": "talks", "type": "manual"}
    ),
    ("playlists_api.edit_put", "PUT"): lambda s: Input(200, {"name": "Renamed", "description": "new"}),
    ("playlists_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("playlists_api.add_patch", "PATCH"): lambda s: Input(200, _media_ids(s)),
    ("playlists_api.reorder_put", "PUT"): lambda s: Input(200, _media_ids(s)),
    ("playlists_api.remove_delete", "DELETE"): lambda s: Input(200, _media_ids(s)),
    # live streams, the pages
    ("live_streams.create", "POST"): lambda s: Input(
        303,
        {
            "name": "Studio",
            "workspace": str(s.house.workspace),
            "policy": "public",
            "media_policy": "private",
            "resolution": "720p",
            "window": "120",
        },
    ),
    ("live_streams.edit", "POST"): lambda s: Input(303, {"name": "Renamed", "window": "300", "key": "a", "value": "b"}),
    ("live_streams.enable", "POST"): lambda s: Input(303, values={"stream_id": s.house.shelf.disabled_stream}),
    ("live_streams.disable", "POST"): lambda s: Input(303),
    ("live_streams.finish", "POST"): lambda s: Input(303, values={"stream_id": s.house.shelf.active_stream}),
    ("live_streams.reset_key", "POST"): lambda s: Input(303),
    ("live_streams.delete", "POST"): lambda s: Input(303),
    ("live_parts.add_playback_id", "POST"): lambda s: Input(303, {"policy": "public"}),
    ("live_parts.restrict", "POST"): lambda s: Input(
        303, {"domains_policy": "deny", "domains_allow": "example.com", "agents_policy": "allow", "agents_deny": "curl"}
    ),
    ("live_parts.delete_playback_id", "POST"): lambda s: Input(303),
    ("live_parts.add_simulcast", "POST"): lambda s: Input(
        303, {"url": "rtmps://live.elsewhere.example/app", "key": "another-key"}
    ),
    ("live_parts.switch_simulcast", "POST"): lambda s: Input(303, {"on": ""}),
    ("live_parts.delete_simulcast", "POST"): lambda s: Input(303),
    # live streams, the API
    ("live_streams_api.create_post", "POST"): lambda s: Input(
        201, {"playbackSettings": {"accessPolicy": "private"}, "inputMediaSettings": {"reconnectWindow": 120}}
    ),
    ("live_streams_api.edit_patch", "PATCH"): lambda s: Input(200, {"metadata": {"a": "b"}, "reconnectWindow": 300}),
    ("live_streams_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("live_streams_api.enable_put", "PUT"): lambda s: Input(200, values={"streamId": s.house.shelf.disabled_stream}),
    ("live_streams_api.disable_put", "PUT"): lambda s: Input(200),
    ("live_streams_api.finish_put", "PUT"): lambda s: Input(200, values={"streamId": s.house.shelf.active_stream}),
    ("live_streams_api.reset_key_post", "POST"): lambda s: Input(200),
    **_playback_ids("live_playback_ids_api", "private", "live_playback_id"),
    ("simulcasts_api.create_post", "POST"): lambda s: Input(
        201, {"url": "rtmps://live.elsewhere.example/app", "streamKey": "another-key"}
    ),
    ("simulcasts_api.edit_put", "PUT"): lambda s: Input(200, {"isEnabled": False}),
    ("simulcasts_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("access_tokens_api.create_post", "POST"): lambda s: Input(
        201, {"name": "A new one", "workspaceId": str(s.house.workspace), "role": "member"}
    ),
    ("access_tokens_api.adopt_post", "POST"): lambda s: Input(200),
    ("access_tokens_api.revoke_delete", "DELETE"): lambda s: Input(200),
    # webhooks: the address is public and takes no look-up of a name
    ("webhooks.create", "POST"): lambda s: Input(
        200, {"workspace": str(s.house.workspace), "url": "https://1.1.1.1/new", "which": "all", "is_enabled": "y"}
    ),
    ("webhooks.edit", "POST"): lambda s: Input(
        303, {"url": "https://1.1.1.1/other", "which": "these", "events": "video.media.ready"}
    ),
    ("webhooks.rotate", "POST"): lambda s: Input(200),
    ("webhook_deliveries.test", "POST"): lambda s: Input(303),
    ("webhook_deliveries.redeliver", "POST"): lambda s: Input(303),
    ("webhooks.delete", "POST"): lambda s: Input(303),
    ("webhooks_api.create_post", "POST"): lambda s: Input(201, {"url": "https://1.1.1.1/new"}),
    ("webhooks_api.edit_patch", "PATCH"): lambda s: Input(200, {"description": "Renamed", "isEnabled": False}),
    ("webhooks_api.rotate_post", "POST"): lambda s: Input(200),
    ("webhook_deliveries_api.test_post", "POST"): lambda s: Input(201),
    ("webhook_deliveries_api.redeliver_post", "POST"): lambda s: Input(201),
    ("webhooks_api.delete_delete", "DELETE"): lambda s: Input(200),
    ("audit.export", "POST"): lambda s: Input(200),
    ("access_review.complete", "POST"): lambda s: Input(303, {"note": "all well"}),
    ("access_review_api.complete_post", "POST"): lambda s: Input(200, {"note": "all well"}),
    # public pages: the status is everybody's, unless it is told apart
    ("system.index", "GET"): lambda s: Input(404),  # nobody of the cast is an operator
    ("system.retry", "POST"): lambda s: Input(404, values={"job_id": uuid.uuid4()}),
    ("system.send_mails", "POST"): lambda s: Input(404),
    ("metrics", "GET"): lambda s: Input(404),  # no key is set here
    ("accounts.home", "GET"): lambda s: Input(302 if s.belongs or s.who is None else 200),
    ("accounts.well_known_change_password", "GET"): lambda s: Input(302),
    ("accounts.set_up", "GET"): lambda s: Input(303),  # done long ago: to the sign-in
    ("accounts.set_up", "POST"): lambda s: Input(
        303, {"token": "x", "organization": "Mine", "name": "Me", "email": "me@me.example", "password": PASSWORD}
    ),
    ("accounts.sign_in", "GET"): lambda s: Input(302 if s.who else 200),
    ("accounts.sign_in", "POST"): lambda s: Input(303, {"email": "mel@mel.example", "password": PASSWORD}),
    ("accounts.sign_in_code", "GET"): lambda s: Input(303),  # without a right password before
    ("accounts.sign_in_code", "POST"): lambda s: Input(303, {"code": "123456"}),
    ("accounts.arrived", "GET"): lambda s: Input(302 if s.who else 400),
    ("accounts.forgot", "POST"): lambda s: Input(200, {"email": "mel@mel.example"}),
    ("accounts.reset_link", "GET"): lambda s: Input(302, values={"secret": "abc"}),
    ("accounts.reset", "GET"): lambda s: Input(410),
    ("accounts.reset", "POST"): lambda s: Input(410, {"password": "another long password"}),
    ("accounts_more.email_link", "GET"): lambda s: Input(302, values={"secret": "abc"}),
    ("accounts_more.confirm_email", "GET"): lambda s: Input(410),
    ("accounts_more.confirm_email", "POST"): lambda s: Input(410),
    ("invite.link", "GET"): lambda s: Input(302, values={"secret": s.house.invite_secret}),
    ("invite.look", "GET"): lambda s: Input(200, cookies=_invite(s)),
    ("invite.join", "POST"): lambda s: Input(
        409 if s.who else 303, {"name": "Pat", "password": PASSWORD}, cookies=_invite(s)
    ),
    ("invite.prove", "POST"): lambda s: Input(409, {"password": PASSWORD}, cookies=_invite(s)),
    ("intake.upload", "POST"): lambda s: Input(404),  # without the address's signature
    ("intake.upload", "PUT"): lambda s: Input(404),
    ("intake.source", "GET"): lambda s: Input(401),
    # private media: nobody's session or access token opens them, only a playback token does
    ("stream.master", "GET"): lambda s: Input(401),
    ("stream.part", "GET"): lambda s: Input(
        401, values={"expires": "0", "key_id": "-", "signature": "-", "path": "0123456789ab/720p/index.m3u8"}
    ),
    ("stream.text", "GET"): lambda s: Input(401, values={"track_id": s.house.shelf.track}),
    ("stream.download", "GET"): lambda s: Input(401, values={"name": "capped-4k.mp4"}),
    ("images.image", "GET"): lambda s: Input(401, values={"name": "thumbnail.jpg"}),
    ("embed.page", "GET"): lambda s: Input(401),
    ("static", "GET"): lambda s: Input(200, values={"filename": "app.css"}),
}
