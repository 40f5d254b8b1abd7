"""A row of the audit log as a sentence: what somebody did to what, in the words people use, never a permission's.

`made` Mel `an admin`, `renamed the live stream A to` B: what stands before the name of the thing, the name, what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fastpix.access import table
from fastpix.resources.audit.models import CLOCK, AuditEntry


class Sentence(NamedTuple):
    """What follows the name of whoever acted."""

    lead: str
    name: str = ""
    tail: str = ""


# What no permission names: what the server does by itself.
OWN = {"live_streams.publish": "send a live stream", "audit.expire": "remove what was kept long enough"}
# What a person does to themselves (`table.PERSONAL`).
PERSONAL = {
    "account.sign_in": "sign in",
    "account.sign_out": "sign out",
    "account.edit": "edit their own account",
    "account.email": "change their mail address",
    "account.password": "change their password",
    "account.second_factor": "change their second factor",
    "account.view_as": "stop looking as a member",
    "account.reset": "reset their password",
    "account.delete": "delete their account",
    "sessions.end": "end browser sessions",
    "invitations.accept": "accept an invite",
    "organizations.create": "found an organization",
    "instance.operate": "look after the instance",
    "instance.set_up": "set the instance up",
}
# Where the thing is the person, or is said already.
_ALONE = {
    "account.sign_in": "signed in",
    "account.sign_out": "signed out",
    "account.edit": "changed their own account",
    "account.email": "changed their mail address",
    "account.password": "changed their password",
    "account.second_factor": "changed their second factor",
    "account.view_as": "stopped looking as a member",
    "account.reset": "reset their password",
    "account.delete": "deleted their account",
    "sessions.end": "ended browser sessions",
    "members.leave": "left the organization",
    "members.view_as": "began to look as a member",
    "access_review.complete": "completed the access review",
    "audit.export": "exported the audit log",
    "audit.expire": "removed rows of the audit log that were kept long enough",
    "instance.set_up": "set the instance up",
}
_ABOUT = {
    "members.uninvite": ("withdrew the invite of", ""),
    "members.remove": ("removed", "from the organization"),
    "organizations.create": ("founded the organization", ""),
    "organizations.edit": ("changed the settings of", ""),
    "organizations.delete": ("deleted the organization", ""),
    "access_tokens.revoke": ("revoked the access token", ""),
    "instance.operate": ("looked after the instance:", ""),
    "live_streams.publish": ("sent the live stream", ""),
}
_NOUNS = {
    "media": "the media",
    "upload": "an upload address for",
    "playlist": "the playlist",
    "track": "a track of",
    "live_stream": "the live stream",
    "simulcast": "a simulcast target of",
    "workspace": "the workspace",
    "signing_key": "the signing key",
    "access_token": "the access token",
    "webhook": "the webhook to",
    "invitation": "the invite of",
}
_SOURCES = {"upload": "uploaded", "url": "fetched", "clip": "clipped", "recording": "recorded"}
_CONTENTS = {"added": "added media to", "moved": "reordered", "removed": "took media out of"}
_PLAYBACK = ("playback_id", "live_playback_id")
_STATES = {"disabled": "disabled", "idle": "enabled"}


def of(row: AuditEntry) -> Sentence:
    """What the row tells of. Names are as they were then."""
    if row["result"] != "done":
        return _tried(row)
    action, name = row["action"], row["target_name"] or row["target_id"]
    if "confirmed_with" in row["after"]:
        return Sentence("confirmed who they are")
    if action in _ALONE:
        return Sentence(_ALONE[action])
    special = _of_member(row) or _of_invitation(row) or _of_thing(row)
    if special:
        return special
    if action in _ABOUT:
        lead, tail = _ABOUT[action]
        return Sentence(lead, name, tail)
    noun = _NOUNS.get(row["target_kind"], row["target_kind"].replace("_", " "))
    return Sentence(f"{_verb(action, row['before'], row['after'])} {noun}", name)


def deed(action: str) -> str:
    """What somebody would do by it, as after "to"; the action's own name where nothing is known of it."""
    permission = table.ROWS.get(action)
    return permission.does if permission else (OWN | PERSONAL).get(action, action)


def _tried(row: AuditEntry) -> Sentence:
    lead = f"{'was not allowed' if row['result'] == 'denied' else 'was not able'} to {deed(row['action'])}"
    return Sentence(f"{lead}:", row["target_name"]) if row["target_name"] else Sentence(lead)


def _verb(action: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Parts of a thing are made and deleted by whoever may change the thing, so the values tell."""
    if action.endswith(".delete") or (before and not after):
        return "deleted"
    return "created" if action.endswith(".create") or (after and not before) else "changed"


def _of_member(row: AuditEntry) -> Sentence | None:
    if row["target_kind"] != "member":
        return None
    name, old, new = row["target_name"], row["before"].get("role"), row["after"].get("role")
    if row["action"] == "invitations.accept":
        return Sentence(f"joined as {_article(new)}")
    if row["action"] == "members.edit" and "ends_at" in row["after"] and "role" not in row["after"]:
        day = row["after"].get("ends_on") or str(row["after"]["ends_at"] or "")[:10]  # older rows have the moment alone
        return Sentence("let the access of", name, f"end on {day}" if day else "go on without an end")
    if row["action"] == "members.suspend":
        return Sentence("suspended" if row["after"].get("suspended") else "resumed", name)
    if row["action"] == "members.end_sessions":
        return Sentence("ended browser sessions of", name)
    if row["action"] != "members.edit":
        return None
    if old != new:
        return Sentence("made", name, _article(new))
    return Sentence("changed the workspaces of", name)


def _of_invitation(row: AuditEntry) -> Sentence | None:
    if row["action"] == "invitations.accept" and "asked_for" in row["after"]:
        return Sentence("asked for an invite to", str(row["after"]["asked_for"]), f"instead of {row['target_name']}")
    if row["target_kind"] != "invitation" or row["action"] != "members.invite":
        return None
    name, after = row["target_name"], row["after"]
    if "invitations" in after:
        return Sentence("invited", name, f"as {_article(after.get('role'))}")
    return Sentence("made a new link for the invite of" if "expires_at" in after else "changed the invite of", name)


def _of_thing(row: AuditEntry) -> Sentence | None:
    """What a change of a thing is called, where its values say more than that it was changed."""
    kind, name, before, after = row["target_kind"], row["target_name"], row["before"], row["after"]
    noun = _NOUNS.get(kind, "")
    if kind in _PLAYBACK:
        return _of_playback(name, before, after)
    if kind == "playlist" and (inside := _CONTENTS.keys() & (before.keys() | after.keys())):
        return Sentence(f"{_CONTENTS[inside.pop()]} the playlist", name)
    if kind == "media" and not before and after.get("source") in _SOURCES:
        return Sentence(f"{_SOURCES[after['source']]} the media", name)
    if kind == "access_token" and before and after:
        return Sentence("took over the access token", name)
    if kind == "webhook" and "secret" in after:
        return Sentence("rotated the secret of the webhook to", name)
    if noun and "privacy" in after:
        return Sentence(f"made {noun}", name, str(after["privacy"]))
    if before.keys() - {CLOCK} == {"status"} and after.get("status") in _STATES and kind == "live_stream":
        return Sentence(f"{_STATES[after['status']]} the live stream", name)
    old = _called(before)
    if noun and old and (new := _called(after)) and old != new:
        return Sentence(f"renamed {noun} {old} to", new)
    return None


def _of_playback(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Sentence:
    policy = str((after or before).get("policy", "")).strip()
    what = f"{policy} playback id".strip()
    if before and after:
        return Sentence(f"restricted a {what} of", name)
    return Sentence(f"added a {what} to" if after else f"deleted a {what} of", name)


def _called(values: Mapping[str, object]) -> str:
    """The name of a thing among its values."""
    inside = values.get("metadata")
    named = values.get("name") or values.get("title") or (inside.get("name") if isinstance(inside, dict) else "")
    return str(named or "")


def _article(role: object) -> str:
    return "an admin" if role == "admin" else "a member"
