"""What the API takes and tells of playback ids, as FastPix's clients parse it (docs/fastpix-contract.md, sections 2 and 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from fastpix.web.api import Answer, Wire

if TYPE_CHECKING:
    from fastpix.resources.playback_ids.models import PlaybackIdRow, Restrictions, Rule, RuleDraft

Policy = Literal["public", "private", "drm"]
Resolution = Literal["360p", "480p", "720p", "1080p", "1440p", "2160p"]


class RuleIn(Wire):
    default_policy: Literal["allow", "deny"] | None = None
    allow: list[str] | None = None
    deny: list[str] | None = None

    def as_draft(self) -> RuleDraft:
        """As the domain takes it, by the contract's names."""
        draft: RuleDraft = {}
        if self.default_policy is not None:
            draft["defaultPolicy"] = self.default_policy
        if self.allow is not None:
            draft["allow"] = self.allow
        if self.deny is not None:
            draft["deny"] = self.deny
        return draft


class RestrictionsIn(Wire):
    domains: RuleIn | None = None
    user_agents: RuleIn | None = None

    def as_drafts(self) -> dict[str, RuleDraft]:
        """As the domain takes them, by the contract's names."""
        rules = {"domains": self.domains, "userAgents": self.user_agents}
        return {kind: rule.as_draft() for kind, rule in rules.items() if rule}


class PlaybackIdCreate(Wire):
    access_policy: Policy
    access_restrictions: RestrictionsIn | None = None
    resolution: Resolution | None = None
    drm_configuration_id: str | None = None


class PlaybackIdQuery(Wire):
    playback_id: str


class RuleOut(Answer):
    default_policy: str
    allow: list[str]
    deny: list[str]


class RestrictionsOut(Answer):
    domains: RuleOut
    user_agents: RuleOut


class PlaybackIdOut(Answer):
    id: UUID
    access_policy: str
    access_restrictions: RestrictionsOut


class PlaybackIdMade(PlaybackIdOut):
    resolution: str | None


def as_drafts(restrictions: RestrictionsIn | None) -> dict[str, RuleDraft]:
    """The restrictions as the domain takes them; none where there are none."""
    return restrictions.as_drafts() if restrictions else {}


def playback_id(row: PlaybackIdRow) -> dict[str, Any]:
    """A playback id as the wire has it: its restrictions by the names of `RestrictionsOut`."""
    return {**row, "access_restrictions": restrictions(row["restrictions"])}


def rule(row: Rule) -> dict[str, Any]:
    """One rule, as the four restriction calls answer it."""
    return {"default_policy": row["defaultPolicy"], "allow": row["allow"], "deny": row["deny"]}


def restrictions(rules: Restrictions) -> dict[str, Any]:
    return {"domains": rule(rules["domains"]), "user_agents": rule(rules["userAgents"])}
