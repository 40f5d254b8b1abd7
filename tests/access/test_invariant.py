"""An organization always has an active admin, after any sequence of changes, and its counter tells the truth."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fastpix.access import principal, tenancy
from fastpix.access.principal import Actor, Denied
from fastpix.accounts import joining
from fastpix.errors import FastpixError
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.models import Member
from fastpix.resources.members.suspension import domain as suspension
from fastpix.resources.members.until import domain as until
from fastpix.resources.organizations.models import Organization
from tests.cast import NotAMember, acting_as

pytestmark = pytest.mark.sql("locks and counts keep an admin")

PEOPLE = ("ada", "mel", "dana", "eve", "sam")
person = st.sampled_from(PEOPLE)
role = st.sampled_from(["admin", "member"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("invite"), person, person, role),
        st.tuples(st.just("accept"), person),
        st.tuples(st.just("promote"), person, person),
        st.tuples(st.just("demote"), person, person),
        st.tuples(st.just("remove"), person, person),
        st.tuples(st.just("suspend"), person, person),
        st.tuples(st.just("resume"), person, person),
        st.tuples(st.just("end"), person, person),
        st.tuples(st.just("extend"), person, person),
        st.tuples(st.just("leave"), person, st.none() | person),
        st.tuples(st.just("revoke"), person, person),
    ),
    max_size=20,
)


class Story:
    """One sequence in one organization. Refusals are part of life; faults are not caught."""

    def __init__(self, world):
        self.world, self.cast, self.links = world, world.cast, {}

    def step(self, verb, *who):
        with self.world.session() as session:
            try:
                getattr(self, verb)(*who)
            except (FastpixError, Denied, NotAMember):
                session.rollback()

    @contextmanager
    def acting(self, key):
        with acting_as(self.cast, key):
            yield

    def member_of(self, key):
        found = membership.of_person(self.cast.people[key].id)
        here = [s.member_id for s in found if s.slug == self.cast.acme.slug]
        if not here:
            raise NotAMember(key)
        return here[0]

    def invite(self, by, whom, with_role):
        with self.acting(by):
            result = invitations.invite([self.cast.people[whom].email], with_role)[0]
        if result["link"]:
            self.links[whom] = result["link"].rpartition("/")[2]

    def accept(self, whom):
        someone = self.cast.people[whom]
        with principal.acting(Actor("person", someone.name, "dashboard", person_id=someone.id)):
            joining.accept(self.links.get(whom, ""), someone.id)

    def promote(self, by, whom):
        self._edit(by, whom, "admin")

    def demote(self, by, whom):
        self._edit(by, whom, "member")

    def _edit(self, by, whom, to):
        target = self.member_of(whom)
        with self.acting(by):
            members.edit(target, role=to)

    def remove(self, by, whom):
        target = self.member_of(whom)
        with self.acting(by):
            members.remove(target)

    def suspend(self, by, whom):
        target = self.member_of(whom)
        with self.acting(by):
            suspension.suspend([target])

    def end(self, by, whom, day=date(2099, 1, 1)):
        target = self.member_of(whom)
        with self.acting(by):
            until.end_on([target], day)

    def extend(self, by, whom):
        self.end(by, whom, None)

    def resume(self, by, whom):
        target = self.member_of(whom)
        with self.acting(by):
            suspension.resume([target])

    def leave(self, who, successor):
        chosen = self.member_of(successor) if successor else None
        with self.acting(who):
            members.leave(chosen)

    def revoke(self, by, whom):
        with self.acting(by):
            for invitation in invitations.pending()[0]:
                if invitation["email"] == self.cast.people[whom].email:
                    invitations.revoke(invitation["id"])

    def check(self):
        with self.world.session() as session, tenancy.everywhere("the test counts"):
            for house in (self.cast.acme, self.cast.rival):
                mine = Member.organization_id == house.id
                standing = list(
                    session.execute(sa.select(Member.role, Member.suspended_at, Member.ends_at).where(mine))
                )
                counted = session.scalar(sa.select(Organization.member_count).where(Organization.id == house.id))
                assert ("admin", None, None) in standing
                assert counted == len(standing)


def tell(world, steps):
    world.reset()
    story = Story(world)
    for step in steps:
        story.step(*step)
        story.check()


@pytest.mark.sqlite
@settings(max_examples=120, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink])
@given(steps=STEPS)
def test_any_sequence_keeps_an_admin_and_the_count(world, steps):
    tell(world, steps)


@pytest.mark.full("the races run on both; here the rules are the same")
@pytest.mark.postgres
@settings(max_examples=25, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink])
@given(steps=STEPS)
def test_any_sequence_keeps_an_admin_and_the_count_on_postgresql(world, steps):
    tell(world, steps)


@pytest.mark.parametrize(
    "steps",
    [
        [("promote", "ada", "mel"), ("demote", "mel", "ada"), ("demote", "mel", "mel")],
        [("promote", "ada", "mel"), ("remove", "mel", "ada"), ("leave", "mel", None), ("leave", "mel", "dana")],
        [("promote", "ada", "mel"), ("suspend", "mel", "ada"), ("demote", "mel", "mel"), ("leave", "mel", None)],
        [("leave", "ada", "mel"), ("remove", "mel", "dana"), ("leave", "mel", None)],
        [("invite", "ada", "sam", "admin"), ("demote", "ada", "ada"), ("accept", "sam"), ("demote", "ada", "ada")],
    ],
    ids=[
        "demoted to the last",
        "removed to the last",
        "the other is suspended",
        "handed over",
        "an invited admin does not count",
    ],
)
def test_stories_that_end_with_the_last_admin(world, steps):
    tell(world, steps)


def test_the_story_teller_really_changes_things(world):
    """Else the property above would hold for want of events."""
    story = Story(world)
    for step in [
        ("promote", "ada", "mel"),
        ("invite", "mel", "sam", "admin"),
        ("accept", "sam"),
        ("remove", "sam", "ada"),
    ]:
        story.step(*step)
    with world.session():
        standing_of = {
            key: [s.role for s in membership.of_person(world.cast.people[key].id)] for key in ("ada", "mel", "sam")
        }
    assert standing_of == {"ada": [], "mel": ["admin"], "sam": ["admin"]}


@pytest.mark.parametrize("door", ["page", "api"])
def test_the_last_admin_is_told_the_way_out(world, ada, door):
    me = world.cast.acme.members["ada"]
    before = world.digest()
    if door == "api":
        answers = [ada.api.patch(f"iam/members/{me}", {"role": "member"}), ada.api.post("iam/leave", {})]
    else:
        form = {"role": "member", "access": "all"}
        answers = [ada.page.post(f"/o/acme/members/{me}/edit", form), ada.page.post("/o/acme/members/leave")]
    assert [a.status_code for a in answers] == [409, 409]
    assert all("only admin" in a.text for a in answers)
    assert world.digest() == before


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_member_who_leaves_makes_nobody_an_admin(world, mel, door):
    """A successor is the admins' to name: else any member could make an accomplice an admin on the way out."""
    dana = world.cast.acme.members["dana"]
    if door == "api":
        mel.api.post("iam/leave", {"successorId": str(dana)})
    else:
        mel.page.post("/o/acme/members/leave", {"successor": str(dana)})
    roles = {row["id"]: row["role"] for row in world.rows()["members"]}
    assert roles[dana] == "member"
