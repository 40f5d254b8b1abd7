"""Invitations in the dashboard: inviting, the pending ones, resending, editing and revoking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request, url_for

from fastpix.access import principal
from fastpix.mail import outbox
from fastpix.resources.members import invitations as domain
from fastpix.resources.members.forms import AccessForm, InviteForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm
from fastpix.web.resource import AfterCommit, Pages, go, show

pages = Pages("invitations", __name__, "/members/invitations")
# How long the answer to an invite waits for the mail server's word; after that the page goes on asking.
PATIENCE = 3.0


@pages.page(domain.pending, "GET", "/")
def index() -> Any:
    number = request.args.get("page", 1, type=int)
    number = max(1, min(number, 100000))
    rows, total = domain.pending(number, 50)
    return show(
        "invitations/index.html",
        invitations=rows,
        total=total,
        newer_url=url_for(".index", page=number - 1) if number > 1 else None,
        older_url=url_for(".index", page=number + 1) if number * 50 < total else None,
        may={key: principal.may(f"members.{key}") for key in ("invite", "uninvite", "edit")},
    )


@pages.page(domain.invite, "GET POST", "/new")
def new() -> Any:
    form = InviteForm()
    form.offer(workspaces.choices())
    if request.method == "GET":
        form.emails.data = request.args.get("emails", "")[:254]
    if form.is_sent():
        with form.catching():
            addresses = domain.check_addresses(form.emails.data or "")
            results = domain.invite(addresses, form.role.data, form.workspace_access)
            return AfterCommit(lambda: _results(results))
    return show("invitations/new.html", form=form, mail_is_set_up=outbox.is_configured())


@pages.page(domain.resend, "GET POST", "/<uuid:invitation_id>/resend")
def resend(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            result = domain.resend(invitation_id)
            return AfterCommit(lambda: _results([result]))
    return show("invitations/resend.html", form=form, invitation=invitation)


@pages.page(domain.edit, "GET POST", "/<uuid:invitation_id>/edit")
def edit(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    form = AccessForm()
    form.offer(workspaces.choices())
    form.fill(invitation)
    if form.is_sent():
        with form.catching():
            after = domain.edit(invitation_id, form.role.data, form.workspace_access)
            return go(".index", f"{after['email']} will join as {after['role']}.")
    return show("invitations/edit.html", form=form, invitation=invitation)


@pages.page(domain.revoke, "GET POST", "/<uuid:invitation_id>/revoke")
def revoke(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.revoke(invitation_id)
            return go(".index", f"The invite for {invitation['email']} was revoked. Its links are dead.")
    return show("invitations/revoke.html", form=form, invitation=invitation)


@pages.page(domain.get, "GET", "/<uuid:invitation_id>/status")
def status(invitation_id: UUID) -> Response:
    """The delivery status of one invite, asked for by the page that shows its link."""
    delivery = domain.get(invitation_id)["delivery"]
    return jsonify({"fields": {str(invitation_id): delivery}, "done": not delivery.startswith("On its way")})


def _results(results: list[dict[str, Any]]) -> tuple[str, int]:
    """The links, shown once, with what the mail server said so far. Rendered only when the invites are safe."""
    ids = [r["invitation"]["id"] for r in results if r["invitation"]]
    told = outbox.wait(ids, PATIENCE) if outbox.is_configured() and ids else {}
    for result in results:
        if result["invitation"]:
            status_now = told.get(result["invitation"]["id"])
            result["delivery"] = outbox.describe(status_now, outbox.is_configured(), result["email"])
    return show("invitations/results.html", status=200, results=results)
