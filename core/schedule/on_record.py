"""What is on record about a professional's hours, for the form that changes it."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import N_, NotFound
from core.models import DateHours, Opening, Professional, WorkingHours
from core.policy import Actor, Permission, require, visible_calendars
from core.schedule.changes import version_of
from core.schedule.hours import HoursOfDate, windows_in
from core.schedule.windows import WeekdayWindow

P = Permission


@dataclass(frozen=True)
class HoursOnRecord:
    """The weekly windows that apply on some day from ``since`` on; ``version`` goes back with
    what is saved."""

    professional: Professional
    since: date
    windows: tuple[WeekdayWindow, ...]
    version: int


def load_weekly_hours(
    session: Session, actor: Actor, professional_id: int, since: date
) -> HoursOnRecord:
    """A professional's weekly hours, those to come included, Monday first."""
    professional = find_calendar(session, actor, professional_id)
    rows = session.scalars(
        select(WorkingHours)
        .where(
            WorkingHours.professional_id == professional.id,
            or_(WorkingHours.valid_to.is_(None), WorkingHours.valid_to >= since),
        )
        .order_by(
            WorkingHours.weekday, WorkingHours.starts_minute, WorkingHours.kind, WorkingHours.id
        )
    )
    windows = [
        WeekdayWindow(
            each.weekday,
            each.starts_minute,
            each.ends_minute,
            each.kind,
            # Since when they have applied is history, and nothing to change.
            each.valid_from if each.valid_from and each.valid_from > since else None,
            each.valid_to,
        )
        for each in rows
    ]
    return HoursOnRecord(professional, since, tuple(windows), version_of(session, professional.id))


def load_openings(
    session: Session, actor: Actor, professional_id: int, *, now: datetime
) -> list[Opening]:
    """A professional's openings that have yet to end, the next one first."""
    professional = find_calendar(session, actor, professional_id)
    rows = session.scalars(
        select(Opening)
        .where(
            Opening.professional_id == professional.id,
            Opening.ends_at > now,
            Opening.removed_at.is_(None),
        )
        .order_by(Opening.starts_at, Opening.id)
    )
    return list(rows)


def load_date_hours(
    session: Session, actor: Actor, professional_id: int, since: date
) -> list[HoursOfDate]:
    """The dates with hours of their own, those that are closed without any windows."""
    professional = find_calendar(session, actor, professional_id)
    rows = session.scalars(
        select(DateHours)
        .where(DateHours.professional_id == professional.id, DateHours.on_date >= since)
        .order_by(DateHours.on_date, DateHours.starts_minute, DateHours.id)
    )
    return [
        HoursOfDate(professional.id, on_date, windows_in(found))
        for on_date, found in groupby(rows, key=lambda each: each.on_date)
    ]


def find_calendar(session: Session, actor: Actor, professional_id: int) -> Professional:
    """The professional, if the actor may look at their calendar."""
    require(actor, P.SCHEDULE_READ, P.SCHEDULE_READ_OWN)
    found = session.scalar(
        visible_calendars(actor).where(
            Professional.id == professional_id, Professional.archived_at.is_(None)
        )
    )
    if found is None:
        raise NotFound(what=N_("professional"))
    return found
