"""What stood in the book at an earlier time, from when bookings were made, moved and cancelled."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Mask, Numbers
from core.db import seconds_of
from core.interval import Span, to_instant
from core.models import Booking, BookingEvent, BookingState, EventKind
from core.models.bookings import CHANGED

S = BookingState
FOR_EVER = 1 << 40
NO_BOOKING = (S.CANCELLED, S.HELD)

Line = tuple[int, int, int, int]
"""Since when, until when, and from when to when: seconds."""


class _Event(NamedTuple):
    booking_id: int
    at: int
    state: BookingState
    starts: int
    ends: int
    professional_id: int
    room_id: int | None


@dataclass(frozen=True)
class Stood:
    """From when until when bookings stood at a time: each move begins a line of its own."""

    since: Numbers
    until: Numbers
    starts: Numbers
    ends: Numbers

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "Stood":
        rows = np.array(list(lines), np.int64).reshape(-1, 4)
        return cls(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])

    def minutes(self, week: Span, at: int) -> int:
        """What stood in that week at that instant; a visit counts whole where it begins."""
        there: Mask = (self.since <= at) & (at < self.until)
        there &= (self.starts >= week[0]) & (self.starts < week[1])
        return int((self.ends - self.starts)[there].sum()) // 60


def load_stood(
    session: Session, asked: AnalyticsAsked, professional_ids: Collection[int], span: Span
) -> Stood:
    """Everything of these professionals that ever stood in the span. Holds never did."""
    lines: list[Line] = []
    moved: set[int] = set()
    for id, events in _events_of_moved(session, asked, span):
        moved.add(id)
        lines += _lines_of(events, professional_ids, asked.room_ids)
    lines += _lines_of_the_rest(session, asked, professional_ids, span, moved)
    return Stood.of(lines)


def _lines_of_the_rest(
    session: Session,
    asked: AnalyticsAsked,
    professional_ids: Collection[int],
    span: Span,
    without: Collection[int],
) -> Iterator[Line]:
    """They stood from when they were made until they were cancelled, if they were."""
    cancelled = func.coalesce(seconds_of(Booking.cancelled_at), seconds_of(Booking.created_at))
    query = select(
        Booking.id,
        seconds_of(Booking.created_at),
        case((Booking.state == S.CANCELLED, cancelled), else_=FOR_EVER),
        seconds_of(Booking.starts_at),
        seconds_of(Booking.ends_at),
    ).where(
        Booking.starts_at >= to_instant(span[0]),
        Booking.starts_at < to_instant(span[1]),
        Booking.state != S.HELD,
        Booking.professional_id.in_(professional_ids),
    )
    if asked.service_ids:
        query = query.where(Booking.service_id.in_(asked.service_ids))
    if asked.room_ids:
        query = query.where(Booking.room_id.in_(asked.room_ids))
    for id, *line in session.execute(query):
        if id not in without:
            since, until, starts, ends = line
            yield since, until, starts, ends


def _events_of_moved(
    session: Session, asked: AnalyticsAsked, span: Span
) -> Iterator[tuple[int, list[_Event]]]:
    """Of bookings that were moved or brought back, and were in the span at some time."""
    start, end = to_instant(span[0]), to_instant(span[1])
    changed = select(BookingEvent.booking_id).where(
        CHANGED,
        or_(
            *(
                and_(each >= start, each < end)
                for each in (BookingEvent.new_starts_at, BookingEvent.old_starts_at)
            )
        ),
    )
    # One brought in was made before it was written down here.
    made = seconds_of(Booking.created_at)
    query = (
        select(
            BookingEvent.booking_id,
            case((BookingEvent.kind == EventKind.BOOKED, made), else_=seconds_of(BookingEvent.at)),
            BookingEvent.new_state,
            seconds_of(BookingEvent.new_starts_at),
            seconds_of(BookingEvent.new_ends_at),
            BookingEvent.new_professional_id,
            BookingEvent.new_room_id,
        )
        .join(Booking, Booking.id == BookingEvent.booking_id)
        .where(BookingEvent.booking_id.in_(changed))
        .order_by(BookingEvent.booking_id, BookingEvent.id)
    )
    if asked.service_ids:
        query = query.where(Booking.service_id.in_(asked.service_ids))
    events = (_Event(*each) for each in session.execute(query))
    for id, of_one in groupby(events, key=lambda each: each.booking_id):
        yield id, list(of_one)


def _lines_of(
    events: Sequence[_Event], professional_ids: Collection[int], room_ids: Sequence[int]
) -> Iterator[Line]:
    """They stood where an event put them until the next one."""
    until = [*(each.at for each in events[1:]), FOR_EVER]
    for each, end in zip(events, until, strict=True):
        counts = each.state not in NO_BOOKING and each.professional_id in professional_ids
        if counts and (not room_ids or each.room_id in room_ids):
            yield each.at, end, each.starts, each.ends
