"""Forms of playback ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wtforms import RadioField, SelectField, TextAreaField

from fastpix.web.forms import Form, OnceForm

if TYPE_CHECKING:
    from fastpix.resources.playback_ids.models import Restrictions, Rule

POLICY_CHOICES = {"public": "Public", "private": "Private"}
POLICY_CONSEQUENCES = {
    "public": "Whoever has the address can watch.",
    "private": "Only who has a token signed with one of the workspace's signing keys can watch.",
}
RESOLUTION_CHOICES = {
    "2160p": "2160p (4K)", "1440p": "1440p", "1080p": "1080p (Full HD)", "720p": "720p (HD)", "480p": "480p", "360p": "360p",
}  # fmt: skip
# What the fields of a rule begin with, by its kind.
PREFIXES = {"domains": "domains", "userAgents": "agents"}


class PolicyForm(OnceForm):
    policy = RadioField(
        "Who can watch", choices=POLICY_CHOICES, default="public", render_kw={"consequences": POLICY_CONSEQUENCES}
    )
    wire_names = {"accessPolicy": "policy"}

    def columns(self) -> dict[str, str]:
        """What a verb takes beside the policy."""
        return {}


class PolicyAndResolutionForm(PolicyForm):
    resolution = SelectField("Largest resolution", choices={"": "As the media has it"} | RESOLUTION_CHOICES, default="")

    def columns(self) -> dict[str, str]:
        return {"resolution": self.resolution.data} if self.resolution.data else {}


class RestrictForm(Form):
    """Rules for sites and programs. The list that the policy does not use is kept beside one that it does."""

    domains_policy = RadioField("Sites that may show it", choices={"allow": "All but some", "deny": "Only some"})
    domains_deny = TextAreaField(
        "Sites that may not",
        description="For “All but some”. One a line, such as example.com or *.example.com.",
        render_kw={"rows": "2"},
    )
    domains_allow = TextAreaField("Sites that may", description="For “Only some”. One a line.", render_kw={"rows": "2"})
    agents_policy = RadioField("Programs that may play it", choices={"allow": "All but some", "deny": "Only some"})
    agents_deny = TextAreaField(
        "Programs that may not",
        description="For “All but some”. A part of the program's name (User-Agent), one a line; large and small letters differ.",
        render_kw={"rows": "2"},
    )
    agents_allow = TextAreaField(
        "Programs that may", description="For “Only some”. One a line.", render_kw={"rows": "2"}
    )

    def fill(self, restrictions: Restrictions) -> None:
        """Show the rules in force."""
        for kind, prefix in PREFIXES.items():
            rule = restrictions[kind]
            self._fields[f"{prefix}_policy"].data = rule["defaultPolicy"]
            self._fields[f"{prefix}_allow"].data = "\n".join(rule["allow"])
            self._fields[f"{prefix}_deny"].data = "\n".join(rule["deny"])

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse names that stand where they forbid nothing: the video would be open, and look restricted."""
        is_valid = bool(super().validate(extra_validators))
        for prefix in PREFIXES.values():
            policy, allow, deny = (self._fields[f"{prefix}_{name}"] for name in ("policy", "allow", "deny"))
            used, unused = (allow, deny) if policy.data == "deny" else (deny, allow)
            if (unused.data or "").strip() and not (used.data or "").strip():
                other = dict(policy.choices)["deny" if policy.data != "deny" else "allow"]
                unused.errors = [f"This counts for “{other}” alone: choose that, or empty this box."]
                is_valid = False
        return is_valid

    def drafts(self) -> dict[str, Rule]:
        """The rules as typed, by the contract's names."""
        return {
            kind: {
                "defaultPolicy": self._fields[f"{prefix}_policy"].data,
                "allow": _lines(self._fields[f"{prefix}_allow"].data),
                "deny": _lines(self._fields[f"{prefix}_deny"].data),
            }
            for kind, prefix in PREFIXES.items()
        }


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
