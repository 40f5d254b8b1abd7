"""What a playback id may be: its policy, its resolution, and who may play it where (docs/fastpix-contract.md, section 3.3)."""

from __future__ import annotations

import re

from fastpix import hostnames
from fastpix.errors import Invalid
from fastpix.resources.playback_ids.models import NO_RESTRICTIONS, NO_RULE, Drafts, Restrictions, Rule, RuleDraft

POLICIES = ("public", "private")
RESOLUTIONS = ("360p", "480p", "720p", "1080p", "1440p", "2160p")
KINDS = tuple(NO_RESTRICTIONS)
MOST_ENTRIES, LONGEST_ENTRY = 100, 255
_DOMAIN = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)


def choose(name: str, value: str, choices: tuple[str, ...]) -> str:
    """The value, if it is one of the choices. Raises `Invalid`."""
    if value == "drm":
        raise Invalid(name, "This server offers no DRM. Choose public or private.")
    if value not in choices:
        raise Invalid(name, f"Choose one of {', '.join(choices)}.")
    return value


def restrictions(drafts: Drafts) -> Restrictions:
    """The rules for domains and user agents; what is left out restricts nobody. Raises `Invalid`."""
    return {kind: rule(kind, drafts.get(kind, NO_RULE)) for kind in KINDS}


def rule(kind: str, draft: Rule | RuleDraft, before: Rule = NO_RULE) -> Rule:
    """The rule for "domains" or "userAgents"; what the draft leaves out stays as `before`. Raises `Invalid`."""
    if kind not in KINDS:
        raise Invalid("kind", f"Choose one of {', '.join(KINDS)}.")
    policy = draft.get("defaultPolicy", before["defaultPolicy"]) or "allow"
    return {
        "defaultPolicy": choose("defaultPolicy", policy, ("allow", "deny")),
        "allow": _entries(kind, "allow", draft.get("allow", before["allow"])),
        "deny": _entries(kind, "deny", draft.get("deny", before["deny"])),
    }


def _entries(kind: str, name: str, entries: list[str]) -> list[str]:
    if len(entries) > MOST_ENTRIES:
        raise Invalid(name, f"Use at most {MOST_ENTRIES} entries.")
    for entry in entries:
        if not isinstance(entry, str) or not 0 < len(entry) <= LONGEST_ENTRY:
            raise Invalid(name, f"Each entry is a text of at most {LONGEST_ENTRY} characters.")
        if kind == "domains" and not _is_domain(entry):
            raise Invalid(name, f"{entry} is no domain. Write example.com, or *.example.com for all below it.")
    return [entry.lower() if kind == "domains" else entry for entry in entries]


def _is_domain(entry: str) -> bool:
    """Whether it is a name such as `straße.de` or `*.example.com`; it is kept as it was written."""
    star, name = ("*.", entry[2:]) if entry.startswith("*.") else ("", entry)
    try:
        return _DOMAIN.fullmatch(star + hostnames.in_ascii(name)) is not None
    except UnicodeError:
        return False
