"""A patient's own bookings: what is to come, and what has been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, not_, select
from sqlalchemy.orm import Session, joinedload

from core.models import Attendee, Booking, BookingState
from core.policy import Actor, Permission, require, visible_bookings

S = BookingState
OPEN = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)


A_PAGE = 8


@dataclass(frozen=True)
class OwnPage:
    """One page of the list; ``count`` counts all of it."""

    bookings: Sequence[Booking]
    count: int
    page: int
    """The one asked for, or the last where there are fewer."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // A_PAGE))


def load_coming(session: Session, actor: Actor, *, now: datetime, page: int = 1) -> OwnPage:
    """Visits that are to take place or are under way, the next one first."""
    coming = _own(actor).where(_is_coming(now), _still_in(actor))
    return _page(session, coming, (Booking.starts_at, Booking.id), page)


def load_past(session: Session, actor: Actor, *, now: datetime, page: int = 1) -> OwnPage:
    """Visits that took place, were missed or cancelled, the latest first."""
    past = _own(actor).where(not_(_is_coming(now)), Booking.state != S.HELD)
    return _page(session, past, (Booking.starts_at.desc(), Booking.id.desc()), page)


def cancels_late_after(booking: Booking) -> datetime:
    """The last moment at which a cancellation is in time, by the service's rule."""
    return booking.starts_at - timedelta(minutes=booking.service.cancel_notice_minutes)


def _own(actor: Actor) -> Select[Booking]:
    require(actor, Permission.BOOKINGS_READ_OWN)
    return visible_bookings(actor)


def _page(
    session: Session, chosen: Select[Booking], order: Sequence[SQLColumnExpression[Any]], asked: int
) -> OwnPage:
    count = session.scalar(chosen.with_only_columns(func.count())) or 0
    page = max(1, min(asked, -(-count // A_PAGE)))
    query = (
        chosen.order_by(*order)
        .limit(A_PAGE)
        .offset((page - 1) * A_PAGE)
        .options(
            joinedload(Booking.service), joinedload(Booking.professional), joinedload(Booking.room)
        )
    )
    return OwnPage(session.scalars(query).all(), count, page)


def _is_coming(now: datetime) -> ColumnElement[bool]:
    return and_(Booking.state.in_(OPEN), Booking.ends_at > now)


def _still_in(actor: Actor) -> ColumnElement[bool]:
    """Not those group visits the patient has left."""
    left = select(Attendee.booking_id).where(
        Attendee.patient_id == actor.patient_id, Attendee.state == S.CANCELLED
    )
    return not_(and_(Booking.seats > 1, Booking.id.in_(left)))
