"""A professional's month: how many visits each day has, and how much of its hours they take.

What counts is what the week counts: every booking that takes its time. A visit belongs whole
to the local day it begins on.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_
from sqlalchemy.orm import Session

from core.availability import DaySheet, load_sheets
from core.interval import Span, intersect, minutes_of, to_instant, to_seconds
from core.models import OCCUPYING, Booking
from core.month import days_of_month
from core.policy import Actor, visible_bookings
from core.week import get_own_calendar


@dataclass(frozen=True)
class OwnDay:
    on: date
    visits: int
    booked_minutes: int
    offered_minutes: int
    """The hours at work of that day, without breaks, time off and closures."""
    closed_for: str = ""
    """What closes the day: the practice's closure, or the reason of the time off."""

    @property
    def fullness(self) -> float | None:
        """Booked over offered, above 1 after overtime; None when nothing was offered."""
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None


@dataclass(frozen=True)
class OwnMonth:
    days: Sequence[OwnDay]

    @property
    def visits(self) -> int:
        return sum(each.visits for each in self.days)

    @property
    def booked_minutes(self) -> int:
        return sum(each.booked_minutes for each in self.days)

    @property
    def offered_minutes(self) -> int:
        return sum(each.offered_minutes for each in self.days)


def load_own_month(session: Session, actor: Actor, on: date, *, now: datetime) -> OwnMonth:
    """The month of that day, of the professional who asks."""
    professional = get_own_calendar(session, actor)
    days = days_of_month(on)
    sheet = load_sheets(session, [professional], days, now=now)[0]
    booked = _booked(session, actor, sheet, now)
    ordinals = range(days.first.toordinal(), days.last.toordinal() + 1)
    return OwnMonth([_day(sheet, each, booked[each]) for each in ordinals])


def _booked(
    session: Session, actor: Actor, sheet: DaySheet, now: datetime
) -> dict[int, list[Span]]:
    """What takes time, by the day it begins on."""
    first, end = sheet.span
    rows = session.execute(
        visible_bookings(actor)
        .with_only_columns(Booking.starts_at, Booking.ends_at)
        .where(
            Booking.professional_id == sheet.professional_id,
            Booking.starts_at >= to_instant(first),
            Booking.starts_at < to_instant(end),
            Booking.state.in_(OCCUPYING),
            or_(Booking.held_until.is_(None), Booking.held_until > now),
        )
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for starts_at, ends_at in rows:
        start = to_seconds(starts_at)
        found[sheet.clock.ordinal_of(start)].append((start, to_seconds(ends_at)))
    return found


def _day(sheet: DaySheet, ordinal: int, booked: Sequence[Span]) -> OwnDay:
    on = date.fromordinal(ordinal)
    span = sheet.clock.span_of_days(on, on)
    offered = minutes_of(intersect(sheet.offered, [span]))
    return OwnDay(
        on=on,
        visits=len(booked),
        booked_minutes=minutes_of(booked),
        offered_minutes=offered,
        closed_for="" if offered else _closed_for(sheet, span),
    )


def _closed_for(sheet: DaySheet, span: Span) -> str:
    away = [(each.start, each.end, each.name) for each in sheet.closures]
    away += [(each.start, each.end, each.reason) for each in sheet.time_off]
    return next((why for start, end, why in away if start < span[1] and span[0] < end), "")
