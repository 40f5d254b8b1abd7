"""The access review in the dashboard."""

from __future__ import annotations

from typing import Any

from fastpix.access import principal
from fastpix.resources.access_review import domain, queries
from fastpix.resources.access_review.forms import ReviewedForm
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

pages = Pages(
    "access_review",
    __name__,
    "/access-review",
    menu=(Entry("Access review", "access_review.index", "circle-check", "access_review.view", "People"),),
)


@pages.page(domain.review, "GET", "/")
def index() -> Any:
    return _page(ReviewedForm())


@pages.page(domain.complete, "POST", "/done")
def complete() -> Any:
    form = ReviewedForm()
    if form.is_sent():
        with form.catching():
            domain.complete(form.note.data or "")
            return go(".index", "The review is kept in the audit log. Thank you.")
    return _page(form)


def _page(form: ReviewedForm) -> Any:
    return show(
        "access_review/index.html",
        review=domain.review(),
        form=form,
        most=queries.MOST,
        may={key: principal.may(key) for key in ("access_review.complete", "members.edit", "members.remove")},
    )
