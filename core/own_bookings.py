"""A patient's own bookings: what is to come, and what has been."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, not_, select
from sqlalchemy.orm import Session, joinedload

from core.models import Attendee, Booking, BookingState
from core.policy import Actor, Permission, require, visible_bookings

S = BookingState
OPEN = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)


def load_coming(session: Session, actor: Actor, *, now: datetime) -> Sequence[Booking]:
    """Visits that are to take place or are under way, the next one first."""
    return session.scalars(
        _own(actor).where(_is_coming(now), _still_in(actor)).order_by(Booking.starts_at, Booking.id)
    ).all()


def load_past(session: Session, actor: Actor, *, now: datetime, limit: int) -> Sequence[Booking]:
    """Visits that took place, were missed or cancelled, the latest first."""
    return session.scalars(
        _own(actor)
        .where(not_(_is_coming(now)), Booking.state != S.HELD)
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(limit)
    ).all()


def cancels_late_after(booking: Booking) -> datetime:
    """The last moment at which a cancellation is in time, by the service's rule."""
    return booking.starts_at - timedelta(minutes=booking.service.cancel_notice_minutes)


def _own(actor: Actor) -> Select[Booking]:
    require(actor, Permission.BOOKINGS_READ_OWN)
    return visible_bookings(actor).options(
        joinedload(Booking.service), joinedload(Booking.professional), joinedload(Booking.room)
    )


def _is_coming(now: datetime) -> ColumnElement[bool]:
    return and_(Booking.state.in_(OPEN), Booking.ends_at > now)


def _still_in(actor: Actor) -> ColumnElement[bool]:
    """Not those group visits the patient has left."""
    left = select(Attendee.booking_id).where(
        Attendee.patient_id == actor.patient_id, Attendee.state == S.CANCELLED
    )
    return not_(and_(Booking.seats > 1, Booking.id.in_(left)))
