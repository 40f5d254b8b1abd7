"""What there is: the one list of resources, in the order of the menu, and of background jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastpix.mail import outbox
from fastpix.resources.access_tokens import api as access_tokens_api
from fastpix.resources.access_tokens import views as access_tokens
from fastpix.resources.members import api as members_api
from fastpix.resources.members import invitations_api, invitations_views
from fastpix.resources.members import views as members
from fastpix.resources.organizations import api as organizations_api
from fastpix.resources.organizations import views as organizations
from fastpix.resources.signing_keys import api as signing_keys_api
from fastpix.resources.signing_keys import views as signing_keys
from fastpix.resources.workspaces import api as workspaces_api
from fastpix.resources.workspaces import views as workspaces

RESOURCES = (
    (organizations.pages, organizations_api.api),
    (workspaces.pages, workspaces_api.api),
    (members.pages, members_api.api),
    (invitations_views.pages, invitations_api.api),
    (signing_keys.pages, signing_keys_api.api),
    (access_tokens.pages, access_tokens_api.api),
)
JOBS: dict[str, Callable[[Mapping[str, Any]], None]] = {"mail.deliver": outbox.deliver}

BLUEPRINTS = [door.blueprint for doors in RESOURCES for door in doors]
MENU = [entry for pages, _ in RESOURCES for entry in pages.menu]
