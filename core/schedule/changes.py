"""Saves of weekly hours: noticed by whoever opened them before, taken back for ten minutes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, true
from sqlalchemy.orm import Session

from core import audit
from core.edits import UNDO_FOR
from core.errors import N_, Invalid, NotFound, Stale
from core.models import AuditEntry, HoursChange, HoursKind, Professional, User, WorkingHours
from core.policy import Actor, Permission
from core.schedule.calendars import lock_professional

P = Permission

SET, PUT_BACK = "hours.set", "hours.put_back"
"""What saving, and taking it back, are on record as."""


@dataclass(frozen=True)
class UndoHours:
    """Take back the save ``change_id``."""

    professional_id: int
    change_id: int


def version_of(session: Session, professional_id: int) -> int:
    """The number of the save that stands; 0 before the first."""
    newest = select(func.max(HoursChange.id)).where(
        HoursChange.professional_id == professional_id, HoursChange.undone_at.is_(None)
    )
    return session.scalar(newest) or 0


def check_version(session: Session, professional: Professional, seen: int | None) -> None:
    """``Stale`` when somebody has saved other hours since they were looked at."""
    version = version_of(session, professional.id)
    if seen is not None and seen != version:
        raise Stale(who=who_changed(session, professional.id, SET, PUT_BACK), version=version)


def note_change(session: Session, professional: Professional, *, now: datetime) -> None:
    """Keep what stands, just before it is replaced. One can be taken back: the newest."""
    for earlier in session.scalars(
        select(HoursChange).where(
            HoursChange.professional_id == professional.id, HoursChange.before != ""
        )
    ):
        if earlier.at + UNDO_FOR <= now:
            earlier.before = ""
    before = _written(_rows_of(session, professional.id))
    session.add(HoursChange(professional_id=professional.id, at=now, before=before))
    session.flush()


def undo_weekly_hours(
    session: Session, actor: Actor, request: UndoHours, *, now: datetime
) -> Professional:
    """The hours as they stood before a save, unless it is too late or others were saved since."""
    professional = lock_professional(
        session, actor, request.professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    change = session.get(HoursChange, request.change_id, populate_existing=True)
    if change is None or change.professional_id != professional.id:
        raise NotFound(what=N_("saved hours"))
    _check_can_be_undone(session, change, now)
    session.execute(delete(WorkingHours).where(WorkingHours.professional_id == professional.id))
    session.add_all(_read(professional.id, change.before))
    change.undone_at, change.before = now, ""
    audit.record(session, actor, PUT_BACK, professional, now=now)
    return professional


def _check_can_be_undone(session: Session, change: HoursChange, now: datetime) -> None:
    if change.undone_at is not None or change.at + UNDO_FOR <= now:
        raise Invalid(
            N_(
                "These hours can no longer be taken back: ten minutes have passed, or it was done "
                "already. Please look again and change what you need."
            )
        )
    version = version_of(session, change.professional_id)
    if version != change.id:
        who = who_changed(session, change.professional_id, SET, PUT_BACK)
        raise Stale(who=who, version=version)


def who_changed(
    session: Session, professional_id: int, *actions: str, on_date: date | None = None
) -> str:
    """Whoever did one of these last to the hours, or to those of one date."""
    name = session.scalar(
        select(User.name)
        .select_from(AuditEntry)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(
            AuditEntry.object_kind == Professional.__tablename__,
            AuditEntry.object_id == professional_id,
            AuditEntry.action.in_(actions),
            AuditEntry.fields.contains(on_date.isoformat()) if on_date else true(),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return name or N_("Somebody else")


def _rows_of(session: Session, professional_id: int) -> Sequence[WorkingHours]:
    return session.scalars(
        select(WorkingHours)
        .where(WorkingHours.professional_id == professional_id)
        .order_by(WorkingHours.id)
    ).all()


def _written(rows: Sequence[WorkingHours]) -> str:
    return json.dumps(
        [
            (
                each.weekday,
                each.kind.value,
                each.starts_minute,
                each.ends_minute,
                each.valid_from and each.valid_from.isoformat(),
                each.valid_to and each.valid_to.isoformat(),
            )
            for each in rows
        ]
    )


def _read(professional_id: int, written: str) -> list[WorkingHours]:
    return [
        WorkingHours(
            professional_id=professional_id,
            weekday=weekday,
            kind=HoursKind(kind),
            starts_minute=starts,
            ends_minute=ends,
            valid_from=_day(first),
            valid_to=_day(last),
        )
        for weekday, kind, starts, ends, first, last in json.loads(written)
    ]


def _day(written: Any) -> date | None:
    return date.fromisoformat(written) if written else None
