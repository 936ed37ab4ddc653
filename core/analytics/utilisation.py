"""How full calendars were and are.

Utilisation is booked minutes over offered minutes. Offered is what could be sold: the hours
that applied at that time, breaks, time off and closures taken away, openings added. Booked
is every visit that takes its time; no-shows and cancellations do not.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Frame, folded, frame_of, is_asked_for, key_of
from core.analytics.seats import COUNTED, Seats, count_of
from core.availability import Days, DaySheet, WallClock, load_sheets
from core.db import seconds_of
from core.interval import Span, intersect, minutes_of, to_instant
from core.models import OCCUPYING, Attendee, Booking, BookingState, Professional
from core.patients import fold
from core.policy import Actor, Permission, require, visible_figures

P = Permission


@dataclass(frozen=True)
class UtilisationWeek:
    """One professional's week, Monday first; of a week cut short, the days asked for."""

    professional_id: int
    professional: str
    week_starts_on: date
    offered_minutes: int
    booked_minutes: int
    visits: int
    due: int
    no_shows: int
    cancelled: int
    """Seats, each patient of a group by themselves: as they are counted everywhere else."""

    @property
    def utilisation(self) -> float | None:
        """Booked over offered, above 1 after overtime; None when nothing was offered."""
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None


@dataclass(frozen=True)
class _Week:
    starts_on: date
    span: Span


@dataclass(frozen=True)
class _Lost:
    due: int = 0
    no_shows: int = 0
    cancelled: int = 0


NOTHING_LOST = _Lost()


@dataclass(frozen=True)
class _Counted:
    minutes: int
    bookings: int


NOTHING = _Counted(0, 0)


def utilisation(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime
) -> list[UtilisationWeek]:
    """Every week of every professional, by name, then by week; weeks without work included.

    What was booked is of the services and rooms asked for; what was offered, of them all.
    A visit counts whole on the local day it begins.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    days, frame = Days(asked.first, asked.last), frame_of(session, asked)
    weeks = _weeks(frame.clock, days)
    professionals = readable_professionals(session, actor, asked, since=frame.span[0])
    sheets = load_sheets(session, professionals, days, now=now)
    of_these = is_asked_for(actor, asked, frame)
    counted = _count(session, of_these, frame, now)
    lost = _count_lost(session, of_these, frame, now)
    return [
        _week_of(
            sheet,
            week,
            counted[sheet.professional_id, week.starts_on],
            lost.get((sheet.professional_id, week.starts_on), NOTHING_LOST),
        )
        for sheet in sheets
        for week in weeks
    ]


def readable_professionals(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, since: int
) -> list[Professional]:
    """Whoever was there at some time of the period, by name."""
    query = visible_figures(actor).where(
        or_(Professional.archived_at.is_(None), Professional.archived_at > to_instant(since))
    )
    if asked.professional_ids:
        query = query.where(Professional.id.in_(asked.professional_ids))
    return sorted(session.scalars(query), key=lambda each: (fold(each.name), each.id))


def _weeks(clock: WallClock, days: Days) -> list[_Week]:
    """The weeks the days fall in, each with the time of its days that were asked for."""
    found = []
    monday = days.first - timedelta(days=days.first.weekday())
    while monday <= days.last:
        first, last = max(monday, days.first), min(monday + timedelta(days=6), days.last)
        found.append(_Week(monday, clock.span_of_days(first, last)))
        monday += timedelta(days=7)
    return found


def _count(
    session: Session, of_these: ColumnElement[bool], frame: Frame, now: datetime
) -> Mapping[tuple[int, date], Mapping[BookingState, _Counted]]:
    """Minutes and bookings by professional, week and state. One query."""
    seconds = seconds_of(Booking.ends_at) - seconds_of(Booking.starts_at)
    rows = session.execute(
        select(
            Booking.professional_id,
            key_of(By.WEEK, frame).label("on_day"),
            Booking.state,
            func.sum(seconds),
            func.count(),
        )
        .where(of_these, or_(Booking.held_until.is_(None), Booking.held_until > now))
        .group_by(Booking.professional_id, "on_day", Booking.state)
    )
    found: dict[tuple[int, date], dict[BookingState, _Counted]] = defaultdict(dict)
    for professional_id, day, state, total, bookings in rows:
        week = found[professional_id, _monday(day)]
        before = week.get(state, NOTHING)
        week[state] = _Counted(before.minutes + int(total) // 60, before.bookings + bookings)
    return found


def _count_lost(
    session: Session, of_these: ColumnElement[bool], frame: Frame, now: datetime
) -> Mapping[tuple[int, date], _Lost]:
    """Seats that were due, missed and cancelled, by professional and week. One query."""
    counts = (count_of(each, now) for each in (Seats.DUE, Seats.NO_SHOWS, Seats.CANCELLED))
    rows = session.execute(
        select(Booking.professional_id, key_of(By.WEEK, frame).label("on_day"), *counts)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .where(of_these, COUNTED)
        .group_by(Booking.professional_id, "on_day")
    )
    found: dict[tuple[int, date], _Lost] = defaultdict(_Lost)
    for professional_id, day, due, no_shows, cancelled in rows:
        key = professional_id, _monday(day)
        before = found[key]
        found[key] = _Lost(
            before.due + int(due),
            before.no_shows + int(no_shows),
            before.cancelled + int(cancelled),
        )
    return found


def _monday(day: int) -> date:
    """Of the week of a day that is counted from the epoch, as the database groups."""
    found = folded(By.WEEK, day)
    assert isinstance(found, date)
    return found


def _week_of(
    sheet: DaySheet, week: _Week, counted: Mapping[BookingState, _Counted], lost: _Lost
) -> UtilisationWeek:
    taking = [counted[state] for state in counted if state in OCCUPYING]
    return UtilisationWeek(
        professional_id=sheet.professional_id,
        professional=sheet.name,
        week_starts_on=week.starts_on,
        offered_minutes=minutes_of(intersect(sheet.offered, [week.span])),
        booked_minutes=sum(each.minutes for each in taking),
        visits=sum(each.bookings for each in taking),
        due=lost.due,
        no_shows=lost.no_shows,
        cancelled=lost.cancelled,
    )
