"""The pages of a playback id: add one, restrict it, delete it. Each owner registers them with its own verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from flask import Blueprint, request, url_for

from fastpix.errors import Missing
from fastpix.resources.playback_ids.forms import PolicyForm, RestrictForm
from fastpix.web.forms import EmptyForm
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.playback_ids.models import PlaybackIdRow

templates = Blueprint("playback_ids", __name__, template_folder="templates")


class Verbs(Protocol):
    """The verbs of an owner's playback ids, such as those in media/playback_ids/domain.py."""

    create: Callable[..., PlaybackIdRow]
    restrict_all: Callable[..., None]
    delete: Callable[..., None]


@dataclass(frozen=True)
class Owner:
    """What the pages show of the media or live stream. `address` are the values of its pages' addresses, `missing` says
    that it has no such playback id."""

    noun: str
    name: str
    page: str
    address: dict[str, Any]
    playback_ids: list[PlaybackIdRow]
    missing: str
    # Where on the page that deletes a playback id its id stands.
    is_id_in_subtitle: bool

    @property
    def url(self) -> str:
        return url_for(self.page, **self.address)

    def row(self, playback_id: UUID) -> PlaybackIdRow:
        """One of its playback ids. Raises `Missing`."""
        for row in self.playback_ids:
            if row["id"] == playback_id:
                return row
        raise Missing(self.missing)

    def go_back(self, message: str) -> Any:
        return go(self.page, message, **self.address)


def register(pages: Pages, verbs: Verbs, owner_of: Callable[..., Owner], create_form: type[PolicyForm]) -> None:
    """Register the pages. `owner_of` takes the values of an address and raises `Missing` where nothing is."""

    @pages.page(verbs.create, "GET POST", "/playback-ids/new")
    def add_playback_id(**address: Any) -> Any:
        owner, form = owner_of(**address), create_form()
        if form.is_sent():
            with form.catching():
                verbs.create(**address, policy=form.policy.data, **form.columns())
                return owner.go_back("A playback id was added.")
        return show("playback_ids/new.html", form=form, owner=owner)

    @pages.page(verbs.restrict_all, "GET POST", "/playback-ids/<uuid:playback_id>")
    def restrict(playback_id: UUID, **address: Any) -> Any:
        owner = owner_of(**address)
        row, form = owner.row(playback_id), RestrictForm()
        if request.method == "GET":
            form.fill(row["restrictions"])
        if form.is_sent():
            with form.catching():
                verbs.restrict_all(**address, playback_id=playback_id, drafts=form.drafts())
                return owner.go_back("The restrictions were saved.")
        return show("playback_ids/restrict.html", form=form, owner=owner, row=row)

    @pages.page(verbs.delete, "GET POST", "/playback-ids/<uuid:playback_id>/delete")
    def delete_playback_id(playback_id: UUID, **address: Any) -> Any:
        owner = owner_of(**address)
        row, form = owner.row(playback_id), EmptyForm()
        if form.is_sent():
            with form.catching():
                verbs.delete(**address, playback_id=playback_id)
                return owner.go_back("The playback id was deleted. What plays under it stops within seconds.")
        return show("playback_ids/delete.html", form=form, owner=owner, row=row)
