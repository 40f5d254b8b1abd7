"""What ended with a membership, in names for the audit log and in sentences for the mail to the admins."""

from __future__ import annotations

from collections.abc import Iterable

from fastpix.resources.access_tokens.models import CreatedToken
from fastpix.resources.members.offboarding.models import Ending, EndingNames, WorkingToken


def names(ending: Ending, adopted: Iterable[CreatedToken] = ()) -> EndingNames:
    """The same in names, for the audit row and the receipt."""
    return {
        "tokens": [_name(token) for token in ending["tokens"]],
        "adopted": [_name(token) for token in adopted],
        "invitations": ending["invitations"],
        "signing_keys": [f"{key['id']} ({key['workspace_name']})" for key in ending["signing_keys"]],
        "uploads": ending["uploads"],
    }


def _name(token: WorkingToken | CreatedToken) -> str:
    return f"{token['name']} ({token['workspace_name']})"


def sentences(ending: Ending, *, is_removed: bool, adopted: Iterable[CreatedToken] = ()) -> str:
    """What ended, each sentence after a space; empty where nothing did."""
    lines, ended = [], names(ending, adopted)
    if ended["tokens"]:
        end = "stopped, until an admin adopts them" if is_removed else "can only read now"
        lines.append(f"Access tokens that {end}: {', '.join(ended['tokens'])}.")
    if ended["adopted"]:
        lines.append(f"Access tokens that were adopted, whose old secrets stopped: {', '.join(ended['adopted'])}.")
    if ended["invitations"]:
        lines.append(f"Invites that are void: {', '.join(ended['invitations'])}.")
    if ended["uploads"]:
        lines.append(f"Upload addresses that ended: {ended['uploads']}.")
    if ended["signing_keys"]:
        lines.append(
            f"Signing keys they made, which still work: {', '.join(ended['signing_keys'])}. Delete one to end every "
            "playback address that was signed with it."
        )
    return "".join(f" {line}" for line in lines)
