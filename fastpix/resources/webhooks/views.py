"""Webhooks in the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request

from fastpix.access import principal
from fastpix.resources.webhooks import domain
from fastpix.resources.webhooks.deliveries import domain as deliveries
from fastpix.resources.webhooks.forms import EditWebhookForm, WebhookForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import list_pages, remembered
from fastpix.web.confirm import confirm
from fastpix.web.forms import EmptyForm, OnceForm
from fastpix.web.list_pages import numbered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.webhooks.models import WebhookRow, WebhookWithSecret

pages = Pages(
    "webhooks",
    __name__,
    "/webhooks",
    menu=(Entry("Webhooks", "webhooks.index", "webhook", "webhooks.view", "Developers", "events callback"),),
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    may = _may()
    return numbered("webhooks/index.html", domain.listed, workspaces.choices(), may=may)


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = WebhookForm()
    form.workspace.choices = workspaces.choices()
    if request.method == "GET":
        form.workspace.data = remembered.workspace(form.workspace.choices)
    if form.is_sent():
        with form.catching():
            webhook = domain.create(
                form.workspace.data,
                form.url.data or "",
                form.event_types,
                form.description.data or "",
                form.is_enabled.data,
            )
            return _shown_once(webhook, is_new=True)
    return show("webhooks/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:webhook_id>")
def detail(webhook_id: UUID) -> Any:
    return show_detail(domain.get(webhook_id), EmptyForm())


@pages.page(domain.edit, "GET POST", "/<uuid:webhook_id>/edit")
def edit(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    current = {**webhook, "which": "these" if webhook["events"] else "all"}
    form = EditWebhookForm(data=current) if request.method == "GET" else EditWebhookForm()
    form.stands(**current)
    if form.is_sent():
        with form.catching():
            domain.edit(
                webhook_id,
                url=form.url.data or "",
                event_types=form.event_types,
                description=form.description.data or "",
                is_enabled=form.is_enabled.data,
            )
            return go(".detail", "The webhook was saved.", webhook_id=webhook_id)
    return show("webhooks/edit.html", form=form, webhook=webhook)


@pages.page(domain.rotate, "GET POST", "/<uuid:webhook_id>/rotate")
def rotate(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    form = OnceForm()
    return form.answer(lambda: _shown_once(domain.rotate(webhook_id), is_new=False)) or show(
        "webhooks/rotate.html", form=form, webhook=webhook
    )


@pages.page(domain.delete, "GET POST", "/<uuid:webhook_id>/delete")
def delete(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    message = f"The webhook to {webhook['url']} was deleted."
    return confirm("webhooks/delete.html", lambda: domain.delete(webhook_id), message, webhook=webhook)


def show_detail(webhook: WebhookRow, form: EmptyForm) -> Any:
    """A webhook's page with its deliveries; also after a test that was refused."""
    rows, total = deliveries.listed(webhook["id"], list_pages.number(), list_pages.SIZE)
    return show(
        "webhooks/detail.html",
        form=form,
        webhook=webhook,
        deliveries=rows,
        **list_pages.pager(total, list_pages.SIZE, "webhooks.detail", webhook_id=webhook["id"]),
        may=_may(),
    )


def _shown_once(webhook: WebhookWithSecret, *, is_new: bool) -> Any:
    return show("webhooks/secret.html", status=200, webhook=webhook, is_new=is_new)


def _may() -> dict[str, bool]:
    return principal.may_each("webhooks", "create", "edit", "delete")
