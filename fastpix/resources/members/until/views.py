"""Until when people have access, in the dashboard: one from their page, or those who are ticked in the list."""

from __future__ import annotations

from typing import Any

from flask import request

from fastpix.resources.members import domain as members
from fastpix.resources.members.bulk import views as bulk_views
from fastpix.resources.members.until import domain
from fastpix.resources.members.until.forms import UntilForm
from fastpix.resources.members.until.rules import day_in_words
from fastpix.text.counting import counted
from fastpix.web.pages import Pages, show

pages = Pages("members_until", __name__, "/members/chosen")


@pages.page(domain.end_on, "GET POST", "/until")
def end_on() -> Any:
    """The last day, or none; what is set replaces what was."""
    rows, form = [row for row in bulk_views.chosen() if not row["is_me"]], UntilForm()
    zone, today, last = domain.form_facts()
    form.ends_on.description = f"It ends with this day in {zone}, the time zone of the organization."
    form.ends_on.render_kw = {"min": today.isoformat(), "max": last.isoformat()}
    one = rows[0] if len(rows) == 1 else None
    if form.is_sent():
        with form.catching():
            outcomes = domain.end_on([row["id"] for row in rows], form.day)
            count = sum(each["result"] == "changed" for each in outcomes)
            name = one["name"] if one else counted(count, "person", "people")
            until = f"ends with {day_in_words(form.day, zone)}" if form.day else "goes on without an end"
            return bulk_views.back(f"{name}: access {until}.", rows)
    if request.method == "GET" and one and one["ends_on"]:
        form.ends_on.data = one["ends_on"]
    is_last_admin = one is not None and members.is_last_admin(one)
    return show("members_until/until.html", form=form, is_last_admin=is_last_admin, **bulk_views.shown(rows))
