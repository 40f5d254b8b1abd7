"""Why a viewer gets nothing: each refusal with its status, as the published player understands it.

See docs/fastpix-contract.md, section 8.4.
"""

from __future__ import annotations

from fastpix.errors import FastpixError


class PlaybackRefused(FastpixError):
    """A refusal of delivery; `status` is the HTTP status."""

    status = 404
    retry_after = 0  # seconds after which to ask again; 0: nobody knows
    # What people read on the page with the player, where programs get the message; empty: the message.
    shown = ""


class NotAuthorized(PlaybackRefused):
    """Private, and no valid token or signed address was shown. One answer for all that can be wrong with them."""

    status = 401
    shown = "This video is private."

    def __init__(self) -> None:
        super().__init__(
            "This media is private. Add ?token= with a JWT that is signed (RS256) by a signing key of its workspace, "
            "names it in aud (media:<playback id>) and has not expired."
        )


class Ended(NotAuthorized):
    """The token was a right one, and has expired. Programs get the one answer; who watches is told what to do."""

    shown = "This link has ended. Ask for a new one."


class NotReady(PlaybackRefused):
    """The media exists and cannot be played (yet). With `is_soon` it is worth asking again in a moment."""

    status = 400

    def __init__(self, message: str, *, is_soon: bool = False) -> None:
        super().__init__(message)
        self.retry_after = 1 if is_soon else 0


class Restricted(PlaybackRefused):
    """A restriction of the playback id forbids this site or this program."""

    status = 403
