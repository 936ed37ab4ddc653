"""No-shows and cancellations, counted by seat: each patient of a group visit by themselves.

A seat is *due* when its visit has begun and was not cancelled; of those, no-shows are the
share that is missed. A seat is *booked* whatever became of it; of those, cancellations are
the share that is given up. Holds and whoever only waited for a seat count nowhere.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Counts, Frame, Key, count_groups, frame_of, is_asked_for
from core.models import Attendee, Booking, BookingState
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


class Seats(enum.StrEnum):
    """Which seats are counted."""

    BOOKED = "booked"
    DUE = "due"
    NO_SHOWS = "no_shows"
    UNMARKED = "unmarked"
    """Due, and nobody has noted whether the patient came."""
    CANCELLED = "cancelled"
    EARLY = "early"
    LATE = "late"
    BY_US = "by_us"
    LEFT = "left"
    """A seat in a group that was given up while the group went on."""


@dataclass(frozen=True)
class SeatCounts:
    """One group of seats, or all of them; the four ways of cancelling add up to all."""

    key: Key = None
    name: str = ""
    booked: int = 0
    due: int = 0
    no_shows: int = 0
    unmarked: int = 0
    cancelled: int = 0
    early: int = 0
    late: int = 0
    by_us: int = 0
    left: int = 0

    @property
    def no_show_share(self) -> float | None:
        """Of the seats that were due; None when none was."""
        return self.no_shows / self.due if self.due else None

    @property
    def cancelled_share(self) -> float | None:
        """Of all that were booked; None when none was."""
        return self.cancelled / self.booked if self.booked else None


def seats(
    session: Session, actor: Actor, asked: AnalyticsAsked, by: By, *, now: datetime
) -> list[SeatCounts]:
    """The seats of visits that begin on the days asked for, in groups, by their key.

    A day, weekday or hour nothing was booked for is there as well, between others.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    query = _seats_of(actor, asked, frame, now)
    return [SeatCounts(*each) for each in count_groups(session, by, asked, frame, query)]


def all_seats(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime
) -> SeatCounts:
    """All of them together."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    row = session.execute(_seats_of(actor, asked, frame_of(session, asked), now)).one()
    return SeatCounts(None, "", *(int(each or 0) for each in row))


def count_of(which: Seats, now: datetime) -> ColumnElement[int]:
    """How many seats of a group are among those, of seats that count at all."""
    return func.sum(case((AMONG[which](now), 1), else_=0))


def is_among(which: Seats, now: datetime) -> ColumnElement[bool]:
    """Whether a seat, joined to its booking, is one of those."""
    return and_(COUNTED, AMONG[which](now))


def _seats_of(actor: Actor, asked: AnalyticsAsked, frame: Frame, now: datetime) -> Counts:
    query = select(*(count_of(each, now) for each in Seats)).select_from(Booking)
    query = query.join(Attendee, Attendee.booking_id == Booking.id)
    return query.where(is_asked_for(actor, asked, frame), COUNTED)


COUNTED = and_(Booking.state != S.HELD, Attendee.waiting.is_(False))
GIVEN_UP = and_(Booking.seats > 1, Attendee.state == S.CANCELLED)
WHOLE = and_(Booking.state == S.CANCELLED, ~GIVEN_UP)
"""The visit itself was cancelled, for all who had not left it before."""
LOST = or_(Booking.state == S.CANCELLED, Attendee.state == S.CANCELLED)


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(Booking.starts_at <= now, ~LOST)


AMONG: Mapping[Seats, Callable[[datetime], ColumnElement[bool]]] = {
    Seats.BOOKED: lambda _now: true(),
    Seats.DUE: _due,
    Seats.NO_SHOWS: lambda now: and_(_due(now), Attendee.state == S.NO_SHOW),
    Seats.UNMARKED: lambda now: and_(_due(now), Attendee.state == S.BOOKED),
    Seats.CANCELLED: lambda _now: LOST,
    Seats.EARLY: lambda _now: and_(
        WHOLE, Booking.cancel_asked_by_patient.is_(True), Booking.cancelled_late.is_(False)
    ),
    Seats.LATE: lambda _now: and_(
        WHOLE, Booking.cancel_asked_by_patient.is_(True), Booking.cancelled_late.is_(True)
    ),
    Seats.BY_US: lambda _now: and_(WHOLE, Booking.cancel_asked_by_patient.is_(False)),
    Seats.LEFT: lambda _now: GIVEN_UP,
}
