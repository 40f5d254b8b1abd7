"""What can go wrong, said as what happened; `fastpix.web.errors` decides which status that is."""

from __future__ import annotations


class FastpixError(Exception):
    """A refusal a person can read. `str(error)` is a sentence that says what happened and the way out."""


class Missing(FastpixError):
    """There is no such thing here, or it belongs to somebody else: both look the same."""


class Refused(FastpixError):
    """A rule says not now (last admin, already accepted, wrong state). The message names the way out."""


class WrongState(Refused):
    """A rule of the wire contract says not now; it answers such refusals with 400 over the API.

    `wire` is the contract's own short message where it has one; the sentence is then its description.
    """

    def __init__(self, message: str, wire: str = "") -> None:
        super().__init__(message)
        self.wire = wire


class NotOffered(FastpixError):
    """FastPix's API knows it, and this server does not do it."""


class Gone(FastpixError):
    """A link that worked once does not work any more (used, revoked, expired)."""


class Moved(FastpixError):
    """The organization has another address now, under `slug`."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class NotSignedIn(FastpixError):
    """Nobody is signed in, or the credentials are wrong."""


class SecondFactorMissing(FastpixError):
    """The organization requires a second factor, and the person, or the owner of the token, has none."""


class Suspended(FastpixError):
    """The person's membership, or that of the token's owner, is suspended."""


class NotFresh(FastpixError):
    """The person must prove once more who they are before this is done; nothing was changed."""


class TooMany(FastpixError):
    """A short-lived limit was reached; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Invalid(FastpixError):
    """Bad input: `fields` maps each bad field to what is wrong with it and what to do."""

    def __init__(self, field: str, message: str, **more: str) -> None:
        self.fields: dict[str, str] = {field: message, **more}
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.fields.items()))


class StorageFailed(FastpixError, OSError):
    """The disk or the server that keeps the bytes does not do what it is told. For strangers: names no folder and no server."""


class NoRoom(StorageFailed):
    """The disk is full, but for what is kept for the database."""


class Misconfigured(FastpixError):
    """A setting, file or database is not as it must be; the message is one line for the operator."""


def for_people(problem: FastpixError) -> str:
    """What those may read who do not run the server: nothing of its settings and paths."""
    if isinstance(problem, Misconfigured):
        return "The server is not set up as it must be. Whoever runs it finds the reason with `fastpix doctor`."
    return str(problem)
