"""Invitations in the dashboard: inviting, the pending ones, resending, editing and revoking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from fastpix.access import principal
from fastpix.mail import outbox
from fastpix.resources.members import presentation
from fastpix.resources.members.forms import AccessForm
from fastpix.resources.members.invitations import domain
from fastpix.resources.members.invitations.forms import InviteForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.text.counting import counted
from fastpix.web import list_pages
from fastpix.web.confirm import confirm
from fastpix.web.forms import EmptyForm, as_uuids
from fastpix.web.pages import AfterCommit, Pages, go, show

pages = Pages("invitations", __name__, "/members/invitations")
PAGE = 50
LONGEST = 4000  # of the addresses in the link that fills the form
# How long the answer to an invite waits for the mail server's word; after that the page goes on asking.
PATIENCE = 3.0


@pages.page(domain.pending, "GET", "/")
def index() -> Any:
    rows, total = domain.pending(list_pages.number(), PAGE)
    return show(
        "invitations/index.html",
        invitations=rows,
        **list_pages.pager(total, PAGE),
        may=principal.may_each("members", "invite", "uninvite", "edit"),
        mail_is_set_up=outbox.is_configured(),
    )


@pages.page(domain.invite, "GET POST", "/new")
def new() -> Any:
    form = InviteForm()
    form.offer(workspaces.choices())
    if request.method == "GET":
        form.emails.data, form.role.data = request.args.get("emails", "")[:LONGEST], "member"
    if form.is_sent():
        with form.catching():
            addresses = domain.check_addresses(form.emails.data or "")
            results = domain.invite(addresses, form.role.data, form.workspace_access)
            if any(result["status"] != "invalid" for result in results):
                return _when_safe(results)
            form.emails.errors = [f"{result['email']}: {result['message']}" for result in results]
    return show("invitations/new.html", form=form, mail_is_set_up=outbox.is_configured())


@pages.page(domain.resend, "GET POST", "/<uuid:invitation_id>/resend")
def resend(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    form = EmptyForm()
    return form.answer(lambda: _when_safe([domain.resend(invitation_id)])) or show(
        "invitations/resend.html", form=form, invitation=invitation, mail_is_set_up=outbox.is_configured()
    )


@pages.page(domain.edit, "GET POST", "/<uuid:invitation_id>/edit")
def edit(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    form = AccessForm()
    form.offer(workspaces.choices())
    form.fill(invitation["role"], presentation.workspace_access(invitation["workspaces"]))
    if form.is_sent():
        with form.catching():
            after = domain.edit(invitation_id, form.role.data, form.workspace_access)
            return go(".index", f"{after['email']} will join as {after['role']}.")
    return show("invitations/edit.html", form=form, invitation=invitation)


@pages.page(domain.revoke, "GET POST", "/<uuid:invitation_id>/revoke")
def revoke(invitation_id: UUID) -> Any:
    invitation = domain.get(invitation_id)
    message = f"The invite for {invitation['email']} was revoked. Its links are dead."
    return confirm("invitations/revoke.html", lambda: domain.revoke(invitation_id), message, invitation=invitation)


@pages.page(domain.resend, "GET POST", "/chosen/resend")
def resend_chosen() -> Any:
    """New links for the ticked invites, shown together."""
    return _chosen("invitations/resend_chosen.html", lambda ids: _when_safe(domain.resend_each(ids)))


@pages.page(domain.revoke, "GET POST", "/chosen/revoke")
def revoke_chosen() -> Any:
    def act(ids: list[UUID]) -> Any:
        revoked = domain.revoke_each(ids)
        return go(".index", f"{counted(revoked, 'invite was', 'invites were')} revoked. Their links are dead.")

    return _chosen("invitations/revoke_chosen.html", act)


def _chosen(template: str, act: Callable[[list[UUID]], Any]) -> Any:
    """The page that names the ticked invites and asks; sent, it acts on those of them that are still open."""
    sent = request.form if request.method == "POST" else request.args
    rows = domain.chosen(as_uuids(sent.getlist("invitation")))
    form = EmptyForm()
    if form.is_sent() and rows:
        with form.catching():
            return act([row["id"] for row in rows])
    return show(template, form=form, invitations=rows, mail_is_set_up=outbox.is_configured())


@pages.page(domain.get, "GET", "/<uuid:invitation_id>/status")
def status(invitation_id: UUID) -> Response:
    """The delivery status of one invite, asked for by the page that shows its link."""
    delivery = domain.get(invitation_id)["delivery"]
    return jsonify({"fields": {str(invitation_id): delivery}, "done": not delivery.startswith("On its way")})


def _when_safe(results: Sequence[Mapping[str, Any]]) -> AfterCommit:
    return AfterCommit(lambda: _results(results))


def _results(results: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """The links, shown once, with what the mail server said so far. Rendered only when the invites are safe."""
    ids = [result["invitation"]["id"] for result in results if result["invitation"]]
    statuses = outbox.wait(ids, PATIENCE) if outbox.is_configured() and ids else {}
    rows: list[dict[str, Any]] = []
    for result in results:
        delivery = ""
        if result["invitation"]:
            status_now = statuses.get(result["invitation"]["id"])
            delivery = outbox.describe(status_now, outbox.is_configured(), result["email"])
        rows.append({**result, "delivery": delivery})
    wrong = ", ".join(result["email"] for result in results if result["status"] == "invalid")
    links = "\n".join(f"{row['email']}\t{row['link']}" for row in rows if row["link"])
    return show("invitations/results.html", status=200, results=rows, links=links, wrong=wrong[:LONGEST])
