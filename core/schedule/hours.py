"""Working hours: the weekly habit, and single dates that differ from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from core import audit
from core.errors import N_, Invalid, Stale
from core.models import DateHours, Organisation, Professional, WorkingHours
from core.policy import Actor, Permission
from core.schedule import changes
from core.schedule.calendars import lock_professional
from core.schedule.windows import DayWindow, WeekdayWindow, check_date, check_week

P = Permission

OF_DATES = ("date_hours.set", "date_hours.closed", "date_hours.cleared")
"""What changes of a single date are on record as."""


@dataclass(frozen=True)
class WeeklyHours:
    """All the weekly windows and breaks of a professional; none means no hours.

    They apply from ``starting_on``, today unless told, and leave on record what was worked
    before. Where nothing was, those that start today apply to the past as well.
    """

    professional_id: int
    windows: tuple[WeekdayWindow, ...]
    starting_on: date | None = None
    version: int | None = None
    """That of the hours when the form was opened; None to replace whatever is there."""


@dataclass(frozen=True)
class SeenOfDate:
    """The windows a date had when the form was drawn; None for the hours of its weekday."""

    windows: tuple[DayWindow, ...] | None


@dataclass(frozen=True)
class HoursOfDate:
    """One date's windows and breaks, in place of those of its weekday."""

    professional_id: int
    on_date: date
    windows: tuple[DayWindow, ...]
    seen: SeenOfDate | None = None
    """What they are to replace; None to replace whatever is there."""


def set_weekly_hours(
    session: Session, actor: Actor, request: WeeklyHours, *, now: datetime
) -> list[WorkingHours]:
    """Replace the weekly hours from a day on. Bookings outside the new hours stay."""
    professional = lock_professional(
        session, actor, request.professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    changes.check_version(session, professional, request.version)
    check_week(request.windows)
    today = today_of(session, professional, now)
    first = request.starting_on or today
    changes.note_change(session, professional, now=now)
    earlier = _end_before(session, professional.id, first) or first > today
    windows = [from_day(each, first) for each in request.windows] if earlier else request.windows
    rows = [
        WorkingHours(
            professional_id=professional.id,
            weekday=each.weekday,
            kind=each.kind,
            starts_minute=each.starts_minute,
            ends_minute=each.ends_minute,
            valid_from=each.valid_from,
            valid_to=each.valid_to,
        )
        for each in windows
    ]
    session.add_all(rows)
    audit.record(session, actor, changes.SET, professional, now=now, starting_on=first)
    return rows


def set_date_hours(
    session: Session, actor: Actor, request: HoursOfDate, *, now: datetime
) -> list[DateHours]:
    """Give one date hours of its own; to have none on it is ``close_date``."""
    professional = lock_professional(
        session, actor, request.professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    if not request.windows:
        raise Invalid(N_("Enter hours for this date, or say that it is closed."), field="windows")
    check_date(request.windows, request.on_date)
    if _is_done(session, request):
        return list(session.scalars(_rows(professional.id, request.on_date)))
    _clear(session, professional.id, request.on_date)
    rows = [
        DateHours(
            professional_id=professional.id,
            on_date=request.on_date,
            kind=each.kind,
            starts_minute=each.starts_minute,
            ends_minute=each.ends_minute,
        )
        for each in request.windows
    ]
    session.add_all(rows)
    audit.record(session, actor, "date_hours.set", professional, now=now, on_date=request.on_date)
    return rows


def close_date(
    session: Session,
    actor: Actor,
    professional_id: int,
    on_date: date,
    *,
    now: datetime,
    seen: SeenOfDate | None = None,
) -> DateHours:
    """No working hours on this date, whatever the weekday says. Openings stay."""
    professional = lock_professional(
        session, actor, professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    if _is_done(session, HoursOfDate(professional.id, on_date, (), seen)):
        return session.scalars(_rows(professional.id, on_date)).one()
    _clear(session, professional.id, on_date)
    closed = DateHours(professional_id=professional.id, on_date=on_date)
    session.add(closed)
    audit.record(session, actor, "date_hours.closed", professional, now=now, on_date=on_date)
    return closed


def clear_date_hours(
    session: Session,
    actor: Actor,
    professional_id: int,
    on_date: date,
    *,
    now: datetime,
    seen: SeenOfDate | None = None,
) -> None:
    """Back to the hours of the weekday."""
    professional = lock_professional(
        session, actor, professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    if seen is not None and windows_of_date(session, professional.id, on_date) is None:
        return  # a second click finds it done
    _check_seen(session, professional.id, on_date, seen)
    _clear(session, professional.id, on_date)
    audit.record(session, actor, "date_hours.cleared", professional, now=now, on_date=on_date)


def windows_of_date(
    session: Session, professional_id: int, on_date: date
) -> tuple[DayWindow, ...] | None:
    """A date's own windows, none where it is closed; None for the hours of its weekday."""
    rows = session.scalars(_rows(professional_id, on_date)).all()
    return windows_in(rows) if rows else None


def windows_in(rows: Iterable[DateHours]) -> tuple[DayWindow, ...]:
    """What the rows of one date say; that of a closed one says nothing."""
    return tuple(
        DayWindow(each.starts_minute, each.ends_minute, each.kind)
        for each in rows
        if each.starts_minute is not None and each.ends_minute is not None
    )


def _rows(professional_id: int, on_date: date) -> Select[DateHours]:
    return (
        select(DateHours)
        .where(DateHours.professional_id == professional_id, DateHours.on_date == on_date)
        .order_by(DateHours.starts_minute, DateHours.id)
    )


def _is_done(session: Session, request: HoursOfDate) -> bool:
    """Whether a second click finds the date as it is wanted; ``Stale`` if it is another's."""
    stands = windows_of_date(session, request.professional_id, request.on_date)
    if request.seen is not None and stands is not None and set(stands) == set(request.windows):
        return True
    _check_seen(session, request.professional_id, request.on_date, request.seen)
    return False


def _check_seen(
    session: Session, professional_id: int, on_date: date, seen: SeenOfDate | None
) -> None:
    stands = windows_of_date(session, professional_id, on_date)
    if seen is not None and stands != seen.windows:
        who = changes.who_changed(session, professional_id, *OF_DATES, on_date=on_date)
        raise Stale(who=who, stands=SeenOfDate(stands))


def _end_before(session: Session, professional_id: int, first: date) -> bool:
    """Let the hours on record end on the day before; whether any of them remain."""
    kept = False
    for row in session.scalars(
        select(WorkingHours).where(WorkingHours.professional_id == professional_id)
    ):
        if (row.valid_from or date.min) >= first:
            session.delete(row)
        else:
            row.valid_to = min(row.valid_to or date.max, first - timedelta(days=1))
            kept = True
    session.flush()
    return kept


def from_day(window: WeekdayWindow, first: date) -> WeekdayWindow:
    """The window from a day on, or ``Invalid`` where it ended before."""
    if window.dates[1] < first:
        raise Invalid(
            N_(
                "Hours that ended before {day} belong to the past; it stays as it was. Please"
                " choose a later last day."
            ),
            field="valid_to",
            day=first,
        )
    return replace(window, valid_from=max(window.dates[0], first))


def _clear(session: Session, professional_id: int, on_date: date) -> None:
    session.execute(
        delete(DateHours).where(
            DateHours.professional_id == professional_id, DateHours.on_date == on_date
        )
    )


def today_of(session: Session, professional: Professional, now: datetime) -> date:
    """The date it is where the professional works."""
    zone = professional.zone or session.scalar(select(Organisation.zone)) or "UTC"
    return now.astimezone(ZoneInfo(zone)).date()
