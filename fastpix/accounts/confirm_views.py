"""The fresh step in the browser: "Confirm that it is you" in place of a change, and then the very same request.

The page keeps all that was typed and is sent to where the change was sent. The proof is looked at before the view is,
and taken for its own: it stands whatever becomes of the change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask, Response, after_this_request, g, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from fastpix.access import principal
from fastpix.accounts import cookies, domain, passkeys, return_targets, second_factor
from fastpix.accounts.forms import ConfirmForm
from fastpix.db import db
from fastpix.errors import Invalid, Missing, NotFresh, NotSignedIn, TooMany
from fastpix.web import envelope

PREFIX = "fresh_"
MARK = "fresh_step"


def install(app: Flask) -> None:
    """Look at a proof before every view; ask for one where a verb demands it. After the check of CSRF tokens."""
    app.before_request(_take_proof)
    app.register_error_handler(NotFresh, _ask)


def _take_proof() -> Response | None:
    """When the form of this page was sent: go on to the view as freshly proved, or show the page again."""
    if request.method != "POST" or envelope.is_wanted() or g.get("csrf_problem") or MARK not in request.form:
        return None
    if not current_user.is_authenticated:
        return None  # the view says so
    form = ConfirmForm()
    try:
        secret = domain.confirm(
            cookies.settings(),
            current_user.id,
            current_user.session_id,
            domain.Proof(form.fresh_password.data or "", form.fresh_code.data or "", form.fresh_passkey.data or ""),
            browser=cookies.browser(),
        )
        db.session.commit()
    except Invalid as problem:
        db.session.rollback()
        form.blame(problem)
        return _page(form, 422)
    except TooMany as problem:
        db.session.rollback()
        form.form_errors.append(str(problem))
        response = _page(form, 429)
        response.headers["Retry-After"] = str(problem.retry_after)
        return response
    except Missing:
        raise NotSignedIn("Sign in to see this page.") from None
    _go_on(secret)
    return None


def _go_on(secret: str) -> None:
    lasts_until = current_user.expires_at if current_user.is_remembered else None
    principal.enter(replace(principal.current(), is_fresh=True))

    @after_this_request
    def renew(response: BaseResponse) -> BaseResponse:
        return cookies.renew_session(response, secret, lasts_until)


def _ask(_problem: NotFresh) -> Any:
    db.session.rollback()
    return _page(ConfirmForm(formdata=None), 403)


def _page(form: ConfirmForm, status: int) -> Response:
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith(PREFIX)
    ]
    options = passkeys.options_to_prove(
        cookies.settings(), current_user.id, "confirm", current_user.id, current_user.session_id
    )
    query = request.query_string.decode()
    html = render_template(
        "accounts/confirm.html",
        form=form,
        me=current_user,
        has_code=second_factor.is_on(current_user.id),
        passkey_options=options,
        typed=typed,
        action=f"{request.path}?{query}" if query else request.path,
        cancel_url=return_targets.safe_target(request.path) or url_for("accounts.home"),
        mark=MARK,
        minutes=principal.FRESH_MINUTES,
    )
    return Response(html, status, mimetype="text/html")
