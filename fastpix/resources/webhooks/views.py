"""Webhooks in the dashboard."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.access import principal
from fastpix.resources.webhooks import deliveries, domain
from fastpix.resources.webhooks.forms import EditWebhookForm, WebhookForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm, OnceForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

PAGE = 25
pages = Pages(
    "webhooks", __name__, "/webhooks", menu=(Entry("Webhooks", "webhooks.index", "webhook", "webhooks.view"),)
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    number = max(1, min(request.args.get("page", 1, type=int), 100000))
    chosen = request.args.get("workspace", None, type=UUID)
    found, total = domain.listed(number, PAGE, chosen)
    return show(
        "webhooks/index.html",
        webhooks=found,
        total=total,
        workspaces=workspaces.choices(),
        chosen=chosen,
        newer_url=url_for(".index", page=number - 1, workspace=chosen) if number > 1 else None,
        older_url=url_for(".index", page=number + 1, workspace=chosen) if number * PAGE < total else None,
        may=_may(),
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = WebhookForm()
    form.workspace.choices = workspaces.choices()
    if request.method == "GET":
        form.workspace.data = request.args.get("workspace", None, type=UUID)
    if form.is_sent():
        with form.catching():
            made = domain.create(
                form.workspace.data,
                form.url.data or "",
                form.wanted,
                form.description.data or "",
                form.is_enabled.data,
            )
            return show("webhooks/secret.html", status=200, webhook=made, is_new=True)
    return show("webhooks/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:webhook_id>")
def detail(webhook_id: UUID) -> Any:
    return _detail(domain.get(webhook_id), EmptyForm())


@pages.page(domain.edit, "GET POST", "/<uuid:webhook_id>/edit")
def edit(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    known = {"which": "these" if webhook["events"] else "all"}
    form = EditWebhookForm(data=webhook | known) if request.method == "GET" else EditWebhookForm()
    form.stands(**webhook | known)
    if form.is_sent():
        with form.catching():
            domain.edit(
                webhook_id,
                url=form.url.data or "",
                wanted=form.wanted,
                description=form.description.data or "",
                is_enabled=form.is_enabled.data,
            )
            return go(".detail", "The webhook was saved.", webhook_id=webhook_id)
    return show("webhooks/edit.html", form=form, webhook=webhook)


@pages.page(domain.rotate, "GET POST", "/<uuid:webhook_id>/rotate")
def rotate(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    form = OnceForm()
    if form.is_sent():
        with form.catching():
            return show("webhooks/secret.html", status=200, webhook=domain.rotate(webhook_id), is_new=False)
    return show("webhooks/rotate.html", form=form, webhook=webhook)


@pages.page(domain.delete, "GET POST", "/<uuid:webhook_id>/delete")
def delete(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.delete(webhook_id)
            return go(".index", f"The webhook to {webhook['url']} was deleted.")
    return show("webhooks/delete.html", form=form, webhook=webhook)


@pages.page(deliveries.test, "POST", "/<uuid:webhook_id>/test")
def test(webhook_id: UUID) -> Any:
    webhook = domain.get(webhook_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            made = deliveries.test(webhook_id)
            told = "The test is on its way. Reload this page to see what came of it."
            return go(".delivery", told, webhook_id=webhook_id, delivery_id=made["id"])
    return _detail(webhook, form)


@pages.page(deliveries.get, "GET", "/<uuid:webhook_id>/deliveries/<uuid:delivery_id>")
def delivery(webhook_id: UUID, delivery_id: UUID) -> Any:
    return _delivery(webhook_id, delivery_id, EmptyForm())


@pages.page(deliveries.redeliver, "POST", "/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver")
def redeliver(webhook_id: UUID, delivery_id: UUID) -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            made = deliveries.redeliver(webhook_id, delivery_id)
            told = "The event is on its way once more. Reload this page to see what came of it."
            return go(".delivery", told, webhook_id=webhook_id, delivery_id=made["id"])
    return _delivery(webhook_id, delivery_id, form)


def _detail(webhook: dict[str, Any], form: EmptyForm) -> Any:
    number = max(1, min(request.args.get("page", 1, type=int), 100000))
    rows, total = deliveries.listed(webhook["id"], number, PAGE)
    here = {"webhook_id": webhook["id"]}
    return show(
        "webhooks/detail.html",
        form=form,
        webhook=webhook,
        deliveries=rows,
        total=total,
        newer_url=url_for(".detail", page=number - 1, **here) if number > 1 else None,
        older_url=url_for(".detail", page=number + 1, **here) if number * PAGE < total else None,
        may=_may(),
    )


def _delivery(webhook_id: UUID, delivery_id: UUID, form: EmptyForm) -> Any:
    told = deliveries.get(webhook_id, delivery_id)
    body = json.dumps(json.loads(told["body"]), indent=2, ensure_ascii=False)
    return show(
        "webhooks/delivery.html",
        form=form,
        webhook=domain.get(webhook_id),
        delivery=told,
        body=body,
        may=_may(),
    )


def _may() -> dict[str, bool]:
    return {key: principal.may(f"webhooks.{key}") for key in ("create", "edit", "delete")}
