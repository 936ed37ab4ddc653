"""Rows that people edit: held, compared with what the form was opened on, and changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, NotFound, Stale
from core.models import (
    AuditEntry,
    Expertise,
    ListedReason,
    Opening,
    Organisation,
    Patient,
    Professional,
    Recall,
    Room,
    Service,
    Tier,
    User,
    WaitingEntry,
)

UNDO_FOR = timedelta(minutes=10)
"""How long a step is offered to be taken back; most can only be until then."""

Row = TypeVar(
    "Row",
    Organisation,
    Service,
    Room,
    Professional,
    Tier,
    ListedReason,
    User,
    Recall,
    WaitingEntry,
)
Archivable = TypeVar("Archivable", Service, Room, Professional, ListedReason)
Editable = (
    Organisation
    | Service
    | Room
    | Professional
    | Tier
    | ListedReason
    | User
    | Recall
    | WaitingEntry
)


def lock_row(session: Session, kind: type[Row], id: int, *, what: str) -> Row:
    """The row as it is now, held until the transaction ends, or ``NotFound``."""
    found = session.scalar(
        select(kind)
        .where(kind.id == id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(what=what)
    return found


def lock_in_use(session: Session, kind: type[Archivable], id: int, *, what: str) -> Archivable:
    """The same for a row that can be archived, and is not."""
    found = lock_row(session, kind, id, what=what)
    if found.archived_at is not None:
        raise NotFound(what=what)
    return found


def check_version(session: Session, row: Editable, version: int) -> None:
    """``Stale`` when somebody has changed the row since the form was opened."""
    if row.version != version:
        raise Stale(who=last_editor(session, row), version=row.version)


def change(row: Editable | Patient, values: Mapping[str, object]) -> list[str]:
    """Write what differs; the names of those fields."""
    changed = [field for field, value in values.items() if getattr(row, field) != value]
    for field in changed:
        setattr(row, field, values[field])
    return changed


def last_editor(session: Session, row: Editable | Expertise | Opening) -> str:
    """Who put the newest entry about the row on record."""
    name = session.scalar(
        select(User.name)
        .select_from(AuditEntry)
        .outerjoin(User, AuditEntry.user_id == User.id)
        .where(AuditEntry.object_kind == row.__tablename__, AuditEntry.object_id == row.id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return name or N_("Somebody else")
