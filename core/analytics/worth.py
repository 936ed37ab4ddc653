"""Money: what was booked at the prices it was sold at, and what was lost of it.

A visit counts once, a group visit too. What was sold in another currency than the place's
own is left out: adding it up would mean nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Counts, Frame, Key, count_groups, frame_of, is_asked_for
from core.models import OCCUPYING, Booking, BookingState, Organisation
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


@dataclass(frozen=True)
class Worth:
    """In cents. Booked takes place or took place; the rest was lost with little or no warning."""

    key: Key = None
    name: str = ""
    visits: int = 0
    booked_cents: int = 0
    to_come_cents: int = 0
    """The part of booked that has not begun."""
    no_show_cents: int = 0
    late_cents: int = 0

    @property
    def lost_cents(self) -> int:
        return self.no_show_cents + self.late_cents


def worth(
    session: Session, actor: Actor, asked: AnalyticsAsked, by: By, *, now: datetime
) -> list[Worth]:
    """The visits that begin on the days asked for, in groups, by their key."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    query = _values(actor, asked, frame, now)
    return [Worth(*each) for each in count_groups(session, by, asked, frame, query)]


def all_worth(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> Worth:
    """All of them together."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    row = session.execute(_values(actor, asked, frame_of(session, asked), now)).one()
    return Worth(None, "", *(int(each or 0) for each in row))


def _values(actor: Actor, asked: AnalyticsAsked, frame: Frame, now: datetime) -> Counts:
    query = select(
        _sum(TAKES_PLACE, 1),
        _sum(TAKES_PLACE, Booking.price_cents.expression),
        _sum(and_(TAKES_PLACE, Booking.starts_at > now), Booking.price_cents.expression),
        _sum(Booking.state == S.NO_SHOW, Booking.price_cents.expression),
        _sum(LATE, Booking.price_cents.expression),
    )
    return query.where(is_asked_for(actor, asked, frame), IN_OWN_CURRENCY)


def _sum(condition: ColumnElement[bool], value: ColumnElement[int] | int) -> ColumnElement[int]:
    return func.sum(case((condition, value), else_=0))


TAKES_PLACE = Booking.state.in_(OCCUPYING - {S.HELD})
LATE = and_(
    Booking.state == S.CANCELLED,
    Booking.cancel_asked_by_patient.is_(True),
    Booking.cancelled_late.is_(True),
)
IN_OWN_CURRENCY = Booking.currency == select(Organisation.currency).scalar_subquery()
