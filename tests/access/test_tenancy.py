"""The tenancy filter fails closed: no scope, no rows; a foreign row can neither be seen nor written, by any statement."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.tenancy import InOrganization, InWorkspace, IsOrganization, IsWorkspace, NoScope
from fastpix.db import Base, db, reading
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.invitations.models import Invitation
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.workspaces.models import Workspace

pytestmark = pytest.mark.sql("the filter by organization is SQL")

TENANTS = sorted(
    (m.class_ for m in Base.registry.mappers if issubclass(m.class_, InOrganization | IsOrganization)),
    key=lambda model: model.__name__,
)


def key(model):
    """The column that tells the rows of the two organizations apart: the first of the primary key."""
    return getattr(model, sa.inspect(model).primary_key[0].key)


def own_column(model):
    return model.id if issubclass(model, IsOrganization) else model.organization_id


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__name__)
def test_without_a_scope_there_is_an_exception_and_no_row(world, model):
    with world.session() as session, principal.acting(principal.NOBODY):
        for statement in (
            sa.select(model),
            sa.select(key(model)),
            sa.select(sa.func.count(key(model))),
            sa.select(sa.func.count()).select_from(model),
            sa.update(model).values({key(model): key(model)}),
            sa.delete(model),
            sa.select(Person).where(Person.id.in_(sa.select(own_column(model)))),
            sa.select(sa.func.count()).select_from(model.__table__),
            sa.select(sa.select(key(model)).subquery()),
        ):
            with pytest.raises(NoScope):
                session.execute(statement)
            session.rollback()
        with pytest.raises(NoScope):
            session.get(model, (world.cast.acme.id,) * len(sa.inspect(model).primary_key))
        session.rollback()


def test_a_scope_of_no_organization_is_no_scope(world):
    with world.session() as session, principal.acting(principal.system("a job", None)), pytest.raises(NoScope):
        session.scalars(sa.select(Member)).all()


def _all_of(model):
    """Statements that reach rows of a model in every way SQL knows; each gives the ids it saw."""
    alias = sa.orm.aliased(model)
    key_of_alias = getattr(alias, key(model).key)
    cte = sa.select(key(model).label("id")).cte("seen")
    inner = sa.select(key(model).label("id")).subquery()
    yield "select", sa.select(key(model))
    yield "entity", sa.select(model).with_only_columns(key(model))
    yield "alias", sa.select(key_of_alias)
    yield "subquery", sa.select(inner.c.id)
    yield "cte", sa.select(cte.c.id)
    yield "in", sa.select(key(model)).where(key(model).in_(sa.select(key_of_alias)))
    yield "exists", sa.select(key(model)).where(sa.exists().where(key_of_alias == key(model)))
    yield "self join", sa.select(key_of_alias).select_from(model).join(alias, key_of_alias == key(model))
    yield "or true", sa.select(key(model)).where(sa.or_(sa.true(), key(model) == key(model)))
    yield "group", sa.select(key(model)).group_by(key(model))
    yield "lateral scalar", sa.select(sa.select(key(model)).limit(1).scalar_subquery())
    if not issubclass(model, IsOrganization):
        yield "joined organization", sa.select(key(model)).join(Organization, Organization.id == model.organization_id)
        yield (
            "outer join",
            sa.select(key(model)).select_from(Person).outerjoin(model, sa.true()).where(key(model).is_not(None)),
        )


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__name__)
def test_no_statement_sees_rows_of_another_organization(world, model, acting):
    with world.session() as session, tenancy.everywhere("the test compares"):
        own, foreign = (
            list(session.scalars(sa.select(key(model)).where(own_column(model) == house.id)))
            for house in (world.cast.acme, world.cast.rival)
        )
    assert own and foreign, "both organizations must have rows, or nothing is proved"
    with acting("ada"):
        for how, statement in _all_of(model):
            seen = set(db.session.scalars(statement))
            assert seen <= set(own) and seen, how
        count = sa.select(sa.func.count(key(model)))
        assert db.session.scalar(count) == len(own)
        assert db.session.scalar(sa.select(count.scalar_subquery())) == len(own)
        union = sa.union_all(sa.select(key(model)), sa.select(key(model)))
        assert set(db.session.scalars(union)) == set(own)
        assert db.session.scalar(sa.select(model).where(key(model).in_(foreign)).limit(1)) is None


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__name__)
def test_update_and_delete_reach_only_ones_own(world, model, acting):
    def rows(house):
        with reading(), world.engine.connect() as connection:
            return sorted(
                map(repr, connection.execute(sa.select(model.__table__).where(own_column(model) == house.id)))
            )

    rivals = rows(world.cast.rival)
    quiet = {"synchronize_session": False}
    with acting("ada"):
        touched = db.session.execute(
            sa.update(model).values({key(model): key(model)}).execution_options(**quiet)
        ).rowcount
        assert touched == db.session.scalar(sa.select(sa.func.count(key(model))))
        db.session.execute(sa.delete(model).execution_options(**quiet))
    assert rows(world.cast.rival) == rivals
    assert rows(world.cast.acme) == []


def test_a_foreign_row_cannot_be_fetched_by_its_key(world, acting):
    rival = world.cast.rival
    with acting("ada"):
        assert db.session.get(Member, rival.members["rex"]) is None
        assert db.session.get(Workspace, rival.workspace) is None
        assert db.session.get(Organization, rival.id) is None
        assert db.session.get(SigningKey, rival.signing_key) is None


def test_a_row_is_stamped_with_the_scope(world, acting):
    with acting("ada"):
        made = Workspace(name="x", name_folded="x", kind="qa", slug="x")
        db.session.add(made)
        db.session.flush()
        assert made.organization_id == world.cast.acme.id


@pytest.mark.parametrize("what", ["new", "moved", "changed", "deleted"])
def test_a_foreign_row_can_neither_be_made_nor_changed_nor_deleted(world, acting, what):
    before = world.digest()
    with world.session() as session, tenancy.everywhere("the test fetches"):
        foreign = session.get(Workspace, world.cast.rival.workspace)
        own = session.get(Workspace, world.cast.acme.workspace)
        session.expunge_all()
    with pytest.raises(NoScope), acting("ada"):
        if what == "new":
            db.session.add(
                Workspace(name="x", name_folded="x", kind="qa", slug="x", organization_id=world.cast.rival.id)
            )
        elif what == "moved":
            db.session.add(own)
            own.organization_id = world.cast.rival.id
        elif what == "changed":
            db.session.add(foreign)
            foreign.name = "taken over"
        else:
            db.session.add(foreign)
            db.session.delete(foreign)
        db.session.flush()
    assert world.digest() == before


def test_without_a_scope_nothing_is_written(world):
    before = world.digest()
    with pytest.raises(NoScope), world.session() as session:
        session.add(Workspace(name="x", name_folded="x", kind="qa", slug="x", organization_id=world.cast.acme.id))
        session.flush()
    assert world.digest() == before


def test_workspaces_out_of_reach_are_as_foreign(world, acting):
    acme = world.cast.acme
    with acting("ada") as ada:
        narrow = replace(ada, workspace_ids=frozenset({acme.workspaces["development"]}))
        with principal.acting(narrow):
            assert set(db.session.scalars(sa.select(Workspace.id))) == {acme.workspaces["development"]}
            assert db.session.scalars(sa.select(SigningKey)).all() == []
            assert db.session.scalar(sa.select(sa.func.count(AccessToken.id))) == 0
            assert db.session.execute(sa.delete(SigningKey)).rowcount == 0
            db.session.add(SigningKey(workspace_id=acme.workspace, public_key="x", created_by="x"))
            with pytest.raises(NoScope):
                db.session.flush()
            db.session.rollback()
        assert db.session.scalar(sa.select(sa.func.count(SigningKey.id))) == 1
        with principal.acting(replace(ada, workspace_ids=frozenset())):
            assert db.session.scalars(sa.select(Workspace)).all() == []


def test_prepared_statements_follow_the_scope(world, acting):
    """The filtered statement is kept; its parameters are not."""
    statement = sa.select(Member.person_id).order_by(Member.joined_at).limit(1)
    for who in ("ada", "rex", "ada"):
        with acting(who):
            assert db.session.scalar(statement) == world.cast.people[who].id
            assert tenancy.rows(statement).scalar_one() == world.cast.people[who].id


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__name__)
def test_rows_of_columns_are_filtered_as_entities_are(world, acting, model):
    """`tenancy.rows` goes past the ORM's loader, not past the filter: in a scope, in none, in no workspace of it."""
    statements = (
        sa.select(key(model)).order_by(key(model)),
        sa.select(sa.func.count(key(model))),
        sa.select(Person.id).where(Person.id.in_(sa.select(own_column(model)))),
    )
    for who in ("ada", "mel", "rex"):
        with acting(who):
            for statement in statements:
                assert tenancy.rows(statement).all() == db.session.execute(statement).all()
            with principal.acting(replace(principal.current(), workspace_ids=frozenset())):
                assert tenancy.rows(statements[0]).all() == db.session.execute(statements[0]).all()
    with world.session(), principal.acting(principal.NOBODY):
        for statement in statements:
            with pytest.raises(NoScope):
                tenancy.rows(statement)


def test_rows_of_columns_are_no_entities(acting):
    with acting("ada"), pytest.raises(TypeError, match="entities"):
        tenancy.rows(sa.select(Workspace, Member.id))


def test_rows_of_columns_see_what_the_session_has_not_written_yet(acting):
    with acting("ada"):
        workspace = db.session.scalars(sa.select(Workspace).order_by(Workspace.id).limit(1)).one()
        workspace.name = "Renamed a moment ago"
        assert "Renamed a moment ago" in tenancy.rows(sa.select(Workspace.name)).scalars().all()
        db.session.rollback()


def test_every_table_with_an_organization_carries_the_filter():
    filtered = tenancy.tenant_tables()
    outside = {"audit_log", "jobs", "mails", "former_slugs"}  # each is read by owners of theirs, by their own condition
    for mapper in Base.registry.mappers:
        names = {column.name for column in mapper.local_table.columns}
        refers = {fk.column.table.name for fk in mapper.local_table.foreign_keys}
        if names & {"organization_id"} or "organizations" in refers:
            assert mapper.local_table.name in filtered | outside
        if "workspace_id" in names and mapper.local_table.name not in outside:
            assert issubclass(mapper.class_, InWorkspace | IsWorkspace)


# Foreign keys to members that do not take the row along, and why.
KEPT = {
    ("access_tokens", "owner_id"): ("SET NULL", "a suspended token stays, so that the page shows what stopped"),
    ("signing_keys", "created_by_id"): ("SET NULL", "a key signs on until it is deleted; it keeps its maker's name"),
}


def test_what_hangs_on_a_person_in_an_organization_hangs_on_the_membership(world):
    """Asked of the database itself: whoever is removed leaves nothing behind that still works."""
    inspector = sa.inspect(world.engine)
    for table in inspector.get_table_names():
        keys = inspector.get_foreign_keys(table)
        refers = {key["referred_table"] for key in keys}
        if {"people", "organizations"} <= refers and table != "members":
            assert "members" in refers, f"{table} ties a person to an organization without the membership"
        for key in keys:
            if key["referred_table"] == "members":
                rule, _reason = KEPT.get((table, key["constrained_columns"][0]), ("CASCADE", ""))
                assert key["options"].get("ondelete") == rule, f"{table}.{key['constrained_columns']}"


def test_every_tie_to_people_ends_with_them(world):
    inspector = sa.inspect(world.engine)
    tied = {
        (table, key["options"].get("ondelete"))
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
        if key["referred_table"] == "people"
    }
    tables = {
        "sessions",
        "half_sessions",
        "person_words",
        "mailed_links",
        "second_factors",
        "recovery_codes",
        "passkeys",
        "known_devices",
    }
    # A membership ends by `membership_change` alone, so a person who has one is not deleted.
    assert tied == {(name, "CASCADE") for name in tables} | {("members", "RESTRICT")}


def test_no_other_column_names_a_person_or_member_without_a_foreign_key(world):
    inspector = sa.inspect(world.engine)
    for table in inspector.get_table_names():
        bound = {c for key in inspector.get_foreign_keys(table) for c in key["constrained_columns"]}
        loose = {c["name"] for c in inspector.get_columns(table)} & {
            "person_id",
            "member_id",
            "owner_id",
            "inviter_id",
            "user_id",
        }
        assert loose <= bound, table


def test_removing_a_member_takes_everything_along(world, acting):
    mel = world.cast.acme.members["mel"]
    with acting("ada"):
        members.edit(mel, role="admin", workspace_access=[world.cast.acme.workspace])
    with acting("mel"):
        made = invitations.invite(["new@acme.example"], "member")[0]["invitation"]["id"]
    with acting("ada"):
        members.remove(mel)
        assert db.session.get(Invitation, made) is None
        assert (
            db.session.scalar(sa.select(AccessToken.owner_id).where(AccessToken.name == "mel people token of acme"))
            is None
        )
    assert all(row["member_id"] != mel for row in world.rows()["member_workspaces"])
    assert any(row["id"] == world.cast.people["mel"].id for row in world.rows()["people"])
