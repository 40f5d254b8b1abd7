"""Deliveries in the dashboard: send a test, look at one, send its event once more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastpix.access import principal
from fastpix.resources.webhooks import domain as webhooks
from fastpix.resources.webhooks.deliveries import domain
from fastpix.resources.webhooks.views import show_detail
from fastpix.web.forms import EmptyForm
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.webhooks.deliveries.models import DeliveryRow

pages = Pages("webhook_deliveries", __name__, "/webhooks/<uuid:webhook_id>")


@pages.page(domain.test, "POST", "/test")
def test(webhook_id: UUID) -> Any:
    webhook = webhooks.get(webhook_id)
    form = EmptyForm()
    sent = form.answer(lambda: _under_way(domain.test(webhook_id), "The test is on its way."))
    return sent or show_detail(webhook, form)


@pages.page(domain.get, "GET", "/deliveries/<uuid:delivery_id>")
def detail(webhook_id: UUID, delivery_id: UUID) -> Any:
    return _detail(webhook_id, delivery_id, EmptyForm())


@pages.page(domain.redeliver, "POST", "/deliveries/<uuid:delivery_id>/redeliver")
def redeliver(webhook_id: UUID, delivery_id: UUID) -> Any:
    form = EmptyForm()
    message = "The event is on its way once more."
    sent = form.answer(lambda: _under_way(domain.redeliver(webhook_id, delivery_id), message))
    return sent or _detail(webhook_id, delivery_id, form)


def _under_way(delivery: DeliveryRow, message: str) -> Any:
    message += " Reload this page to see what came of it."
    return go(".detail", message, webhook_id=delivery["webhook_id"], delivery_id=delivery["id"])


def _detail(webhook_id: UUID, delivery_id: UUID, form: EmptyForm) -> Any:
    delivery = domain.get(webhook_id, delivery_id)
    return show(
        "webhook_deliveries/detail.html",
        form=form,
        webhook=webhooks.get(webhook_id),
        delivery=delivery,
        body=json.dumps(json.loads(delivery["body"]), indent=2, ensure_ascii=False),
        may={"edit": principal.may("webhooks.edit")},
    )
