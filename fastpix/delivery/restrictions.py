"""Restrictions of a playback id to sites and programs: pure rules over what a request says.

See docs/fastpix-contract.md, section 3.3.

`allow` counts only where the default policy is deny, `deny` only where it is allow. A domain is an exact host, or
`*.host` for all below it; a user agent is a case-sensitive substring. Who does not say where they come from is
refused where only named ones are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastpix import hostnames
from fastpix.delivery.errors import Restricted
from fastpix.resources.playback_ids.models import Drafts, Rule, RuleDraft

_IN_POLICY = re.compile(r"(?:\*\.)?[a-z0-9.-]+")


@dataclass(frozen=True)
class Visit:
    """What a request says of where it comes from: the headers Origin, Referer and User-Agent."""

    origin: str = ""
    referer: str = ""
    user_agent: str = ""

    @property
    def host(self) -> str:
        """The host of the page that asks, without port; empty where nothing says so."""
        named = self.referer if self.origin in ("", "null") else self.origin
        try:
            return hostnames.same_in_ascii(urlsplit(named).hostname or "").rstrip(".")
        except ValueError:
            return ""


def is_restricted(restrictions: Drafts) -> bool:
    """Whether the answer depends on who asks, so that no shared cache may keep it."""
    return any(_is_set(restrictions.get(kind) or {}) for kind in ("domains", "userAgents"))


def check(restrictions: Drafts, visit: Visit, own_hosts: frozenset[str]) -> None:
    """Raise `Restricted` unless this site and this program may play it. `own_hosts`: our own pages always may."""
    domains, agents = restrictions.get("domains") or {}, restrictions.get("userAgents") or {}
    host = visit.host
    if host not in own_hosts and not _is_allowed(domains, lambda entries: _fits(host, entries)):
        raise Restricted("This media may not be played on this site. Its owner names the sites where it may.")
    if not _is_allowed(agents, lambda entries: any(entry in visit.user_agent for entry in entries)):
        raise Restricted("This media may not be played with this program. Its owner names those with which it may.")


def frame_ancestors(restrictions: Drafts) -> str:
    """Who may frame the player, as Content-Security-Policy says it. (A list of denied ones cannot be said there.)"""
    domains = restrictions.get("domains") or {}
    if domains.get("defaultPolicy") != "deny":
        return "*"
    named = (_ascii(entry) for entry in domains.get("allow") or ())
    return " ".join(["'self'", *(entry for entry in named if _IN_POLICY.fullmatch(entry))])


def _is_set(rule: Rule | RuleDraft) -> bool:
    return rule.get("defaultPolicy") == "deny" or bool(rule.get("deny"))


def _is_allowed(rule: Rule | RuleDraft, fits: Callable[[Sequence[str]], bool]) -> bool:
    if rule.get("defaultPolicy") == "deny":
        return fits(rule.get("allow") or ())
    return not fits(rule.get("deny") or ())


def _fits(host: str, entries: Iterable[str]) -> bool:
    for entry in map(_ascii, entries):
        if host == entry or (entry.startswith("*.") and host.endswith(entry[1:]) and host != entry[1:]):
            return True
    return False


def _ascii(entry: str) -> str:
    star, name = ("*.", entry[2:]) if entry.startswith("*.") else ("", entry)
    return star + hostnames.same_in_ascii(name.strip())
