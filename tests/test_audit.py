"""The audit chain: append-only, and every tampering shows."""

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from core import audit
from core.models import AuditEntry
from core.policy import CONSOLE
from tests import a


def fill(session, count: int = 5) -> None:
    service = a.service(session)
    for number in range(count):
        audit.record(session, CONSOLE, "service.edited", service, now=a.at(9), step=number)


def allow_changes(session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DROP TRIGGER audit_entries_keep_update"))
        session.execute(text("DROP TRIGGER audit_entries_keep_delete"))
    else:
        session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_keep"))


def forbid_changes(session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_keep"))


def test_a_whole_chain_has_nothing_to_report(session):
    fill(session)
    assert list(audit.verify(session)) == []
    assert audit.head(session).id == 5


@pytest.mark.parametrize(
    "change", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"]
)
def test_the_database_refuses_to_change_an_entry(session, change):
    """T143"""
    fill(session, 1)
    with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
        session.execute(text(change))
    assert audit.head(session).id == 1


@pytest.mark.parametrize(
    "values", [{"action": "x"}, {"fields": "{}"}, {"user_id": None, "object_id": 99}]
)
def test_an_edited_entry_shows(session, values):
    """T148"""
    fill(session)
    allow_changes(session)
    session.execute(update(AuditEntry).where(AuditEntry.id == 3).values(**values))
    session.expire_all()
    assert list(audit.verify(session)) == [3]
    forbid_changes(session)


def test_a_deleted_entry_shows_at_the_one_behind_it(session):
    """T148"""
    fill(session)
    allow_changes(session)
    session.execute(text("DELETE FROM audit_entries WHERE id = 3"))
    session.expire_all()
    assert list(audit.verify(session)) == [4]
    forbid_changes(session)


def test_a_cut_tail_shows_against_the_head_kept_elsewhere(session):
    """T149: the chain alone is whole again."""
    fill(session)
    kept = audit.head(session)
    allow_changes(session)
    session.execute(text("DELETE FROM audit_entries WHERE id > 3"))
    session.expire_all()
    assert list(audit.verify(session)) == []
    assert audit.head(session) != kept
    forbid_changes(session)


def test_an_entry_names_fields_and_never_what_somebody_wrote(session):
    """T145, T147"""
    fill(session, 1)
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.fields == '{"step": 0}'
