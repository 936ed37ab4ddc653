"""The bookings behind a bar of a figure: by the words the figure counts by."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from core.agenda import Agenda, page_of
from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import (
    IN_TIME,
    By,
    Key,
    frame_of,
    is_asked_for,
    joined,
    key_of,
)
from core.analytics.seats import Seats, is_among
from core.analytics.worth import IN_OWN_CURRENCY, LATE, TAKES_PLACE
from core.models import Attendee, Booking, BookingState
from core.policy import Actor, Permission, require, visible_bookings
from core.recurrence import months_later

P, S = Permission, BookingState


class Behind(enum.StrEnum):
    """What the bar counts."""

    NO_SHOWS = "no_shows"
    CANCELLED = "cancelled"
    MADE = "made"
    WAITED = "waited"
    BOOKED = "booked"
    LOST = "lost"


@dataclass(frozen=True)
class BehindAsked:
    """A bar: the group with that key, of a figure; and which page of its bookings."""

    asked: AnalyticsAsked
    what: Behind
    by: By
    key: Key
    page: int = 1


def load_behind(session: Session, actor: Actor, asked: BehindAsked, *, now: datetime) -> Agenda:
    """The bookings the actor may see of those the bar counts, by time, page by page.

    A group visit stands there once, however many of its seats are counted.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    chosen = visible_bookings(actor).where(Booking.id.in_(_ids(session, actor, asked, now)))
    return page_of(session, chosen, asked.page)


def _ids(session: Session, actor: Actor, asked: BehindAsked, now: datetime) -> Select[int]:
    """Of the group alone: a day, week or month is asked for by its days, the rest by its key."""
    is_made = asked.what is Behind.MADE
    within = _narrowed(asked)
    frame = frame_of(session, within, Booking.created_at.expression if is_made else None)
    query = joined(select(Booking.id), asked.by)
    if asked.what in OF_SEATS or asked.by is By.RETURNING:
        query = query.join(Attendee, Attendee.booking_id == Booking.id)
    query = query.where(is_asked_for(actor, within, frame), CONDITIONS[asked.what](now))
    if asked.by in IN_TIME:
        return query
    key = key_of(asked.by, frame)
    return query.where(key.is_(None) if asked.key is None else key == asked.key)


def _narrowed(asked: BehindAsked) -> AnalyticsAsked:
    whole, begins = asked.asked, asked.key
    if asked.by not in IN_TIME or not isinstance(begins, date):
        return whole
    ends = begins
    if asked.by is By.WEEK:
        ends = begins + timedelta(days=6)
    elif asked.by is By.MONTH:
        ends = months_later(begins, 1) - timedelta(days=1)
    return replace(whole, first=max(whole.first, begins), last=min(whole.last, ends))


OF_SEATS = (Behind.NO_SHOWS, Behind.CANCELLED)
CONDITIONS: Mapping[Behind, Callable[[datetime], ColumnElement[bool]]] = {
    Behind.NO_SHOWS: lambda now: is_among(Seats.NO_SHOWS, now),
    Behind.CANCELLED: lambda now: is_among(Seats.CANCELLED, now),
    Behind.MADE: lambda _now: Booking.state != S.HELD,
    Behind.WAITED: lambda _now: and_(
        Booking.arrived_at.is_not(None), Booking.started_at >= Booking.arrived_at
    ),
    Behind.BOOKED: lambda _now: and_(TAKES_PLACE, IN_OWN_CURRENCY),
    Behind.LOST: lambda _now: and_(or_(Booking.state == S.NO_SHOW, LATE), IN_OWN_CURRENCY),
}
