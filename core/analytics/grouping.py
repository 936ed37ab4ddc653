"""By what bookings are counted, and which of them: said in SQL, by the place's own clock.

A figure, the bookings behind one of its bars and the file of it all count by the same words,
so they cannot disagree.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, exists, literal, select
from sqlalchemy.orm import Session, aliased

from core.analytics.asked import AnalyticsAsked
from core.availability import Days, WallClock, organisation_clock
from core.db import seconds_of
from core.interval import Span, to_instant
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    Professional,
    Room,
    Service,
    Tier,
)
from core.policy import Actor, visible_figures

S = BookingState
Key = int | str | date | None
Counts = Select[*tuple[Any, ...]]
"""Counts of bookings, to be put in groups."""

DAY, HOUR = 86400, 3600
EPOCH = date(1970, 1, 1)
THURSDAY = 3
"""The weekday of the first day of the epoch, Monday being 0."""
LEAD_DAYS = (0, 1, 3, 7, 14, 28)
"""From how many whole days before the visit each group of lead times reaches."""


class By(enum.StrEnum):
    """One group each."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WEEKDAY = "weekday"
    HOUR = "hour"
    LEAD = "lead"
    SERVICE = "service"
    PROFESSIONAL = "professional"
    TIER = "tier"
    ROOM = "room"
    CHANNEL = "channel"
    RETURNING = "returning"


@dataclass(frozen=True)
class Frame:
    """The days asked for on the clock of the place, and by which instant bookings fall in them."""

    clock: WallClock
    span: Span
    instant: ColumnElement[Any]

    def within(self) -> ColumnElement[bool]:
        start, end = (to_instant(each) for each in self.span)
        return and_(self.instant >= start, self.instant < end)

    def local_seconds(self) -> ColumnElement[int]:
        """What the wall showed, as if it were UTC: the database need not know the zone."""
        seconds = seconds_of(self.instant)
        offset: ColumnElement[int] = literal(self._offset(self.span[0]), Integer)
        jumps = self.clock.changes(*self.span)
        if jumps:
            before = [self._offset(each - 1) for each in jumps]
            steps = [(seconds < jump, off) for jump, off in zip(jumps, before, strict=True)]
            offset = case(*steps, else_=self._offset(jumps[-1]))
        return seconds + offset

    def _offset(self, seconds: int) -> int:
        offset = self.clock.local(seconds).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())


def frame_of(
    session: Session, asked: AnalyticsAsked, instant: ColumnElement[Any] | None = None
) -> Frame:
    """The frame of the days asked for. Raises ``Invalid`` for days in the wrong order."""
    days = Days(asked.first, asked.last)
    clock = organisation_clock(session)
    span = clock.span_of_days(days.first, days.last)
    return Frame(clock, span, Booking.starts_at.expression if instant is None else instant)


def is_asked_for(actor: Actor, asked: AnalyticsAsked, frame: Frame) -> ColumnElement[bool]:
    """The bookings of the days asked for whose figures the actor may read."""
    readable = visible_figures(actor).with_only_columns(Professional.id)
    # Read as a number, so that the engine goes by the days and not through everybody's book.
    conditions = [frame.within(), (Booking.professional_id + 0).in_(readable)]
    for column, ids in (
        (Booking.professional_id, asked.professional_ids),
        (Booking.service_id, asked.service_ids),
        (Booking.room_id, asked.room_ids),
    ):
        if ids:
            conditions.append(column.in_(ids))
    return and_(*conditions)


def count_groups(
    session: Session, by: By, asked: AnalyticsAsked, frame: Frame, query: Counts
) -> Iterator[tuple[Any, ...]]:
    """Key, name and what ``query`` counts, for each group in order; empty ones between others."""
    nothing = (0,) * len(query.selected_columns)
    grouped = joined(query, by).add_columns(key_of(by, frame).label("grouped_by"))
    found: dict[Key, tuple[int, ...]] = {}
    for *counts, key in session.execute(grouped.group_by("grouped_by")):
        # Weeks and months are added up from days.
        before = found.get(folded(by, key), nothing)
        here = (int(each or 0) for each in counts)
        found[folded(by, key)] = tuple(map(sum, zip(before, here, strict=True)))
    names = names_of(session, by)
    for each in every_key(by, asked, found):
        yield (each, names.get(each, ""), *found.get(each, nothing))


def key_of(by: By, frame: Frame) -> ColumnElement[Any]:
    """The key of the group a booking falls in; for some groups seats or services are joined."""
    return KEYS[by](frame)


def joined(query: Counts, by: By) -> Counts:
    """With what the key is read from."""
    if by is By.TIER:
        return query.join(Professional, Professional.id == Booking.professional_id)
    return query


def folded(by: By, key: Key) -> Key:
    """The key as it is read: of days, weeks and months the date they begin on."""
    if by not in IN_TIME or not isinstance(key, int):
        return key
    day = EPOCH + timedelta(days=key)
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by is By.MONTH else day


def every_key(by: By, asked: AnalyticsAsked, found: Iterable[Key]) -> list[Key]:
    """The keys in their order, those without any booking between others included."""
    known = set(found)
    if by in IN_TIME:
        days = range((asked.first - EPOCH).days, (asked.last - EPOCH).days + 1)
        known |= {folded(by, each) for each in days}
    elif by is By.HOUR:
        hours = [each for each in known if isinstance(each, int)]
        known |= set(range(min(hours, default=0), max(hours, default=-1) + 1))
    else:
        known |= set(range(ALWAYS.get(by, 0)))
    return sorted(known, key=lambda each: (each is None, each))


IN_TIME = (By.DAY, By.WEEK, By.MONTH)
ALWAYS: Mapping[By, int] = {By.WEEKDAY: 7, By.LEAD: len(LEAD_DAYS), By.RETURNING: 2}
"""How many groups there are, whatever was booked."""


def names_of(session: Session, by: By) -> Mapping[Key, str]:
    """What the keys are called, where they are of things that have names."""
    kind = NAMED.get(by)
    if kind is None:
        return {}
    return {id: name for id, name in session.execute(select(kind.id, kind.name))}  # noqa: C416


def _lead(_frame: Frame) -> ColumnElement[int]:
    """Nothing for what was brought in without the day it was booked on: it has its own start."""
    unknown = and_(
        Booking.channel == Channel.IMPORT, Booking.created_at >= Booking.starts_at.expression
    )
    ahead = seconds_of(Booking.starts_at) - seconds_of(Booking.created_at)
    steps = [(ahead < days * DAY, number) for number, days in enumerate(LEAD_DAYS[1:])]
    return case((unknown, None), *steps, else_=len(LEAD_DAYS) - 1)


def _returning(_frame: Frame) -> ColumnElement[int]:
    """1 for a patient who has come before, to anybody here."""
    seat, visit = aliased(Attendee), aliased(Booking)
    before = (
        exists()
        .where(
            seat.patient_id == Attendee.patient_id,
            seat.state.not_in((S.HELD, S.NO_SHOW, S.CANCELLED)),
            seat.waiting.is_(False),
            visit.id == seat.booking_id,
            visit.state != S.CANCELLED,
            visit.starts_at < Booking.starts_at,
        )
        .correlate(Attendee, Booking)
    )
    return case((before, 1), else_=0)


def _day(frame: Frame) -> ColumnElement[int]:
    return frame.local_seconds() // DAY


KEYS: Mapping[By, Callable[[Frame], ColumnElement[Any]]] = {
    By.DAY: _day,
    By.WEEK: _day,
    By.MONTH: _day,
    By.WEEKDAY: lambda frame: (frame.local_seconds() // DAY + THURSDAY) % 7,
    By.HOUR: lambda frame: frame.local_seconds() % DAY // HOUR,
    By.LEAD: _lead,
    By.SERVICE: lambda _frame: Booking.service_id.expression,
    By.PROFESSIONAL: lambda _frame: Booking.professional_id.expression,
    By.TIER: lambda _frame: Professional.tier_id.expression,
    By.ROOM: lambda _frame: Booking.room_id.expression,
    By.CHANNEL: lambda _frame: Booking.channel.expression,
    By.RETURNING: _returning,
}
NAMED: Mapping[By, type[Service] | type[Professional] | type[Tier] | type[Room]] = {
    By.SERVICE: Service,
    By.PROFESSIONAL: Professional,
    By.TIER: Tier,
    By.ROOM: Room,
}
