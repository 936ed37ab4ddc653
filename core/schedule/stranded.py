"""Bookings that a change of hours leaves in the way."""

from sqlalchemy.orm import Session, joinedload, selectinload

from core.db import overlaps
from core.errors import N_, NotFound
from core.interval import Interval
from core.models import Attendee, Booking, BookingState, Professional
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars

TO_COME = (BookingState.BOOKED, BookingState.ARRIVED)
"""States in which a visit has yet to begin, and somebody must be told."""


def stranded_bookings(
    session: Session, actor: Actor, professional_id: int, interval: Interval
) -> list[Booking]:
    """A professional's visits in this time that have yet to begin, with patient and service.

    They are to be moved or cancelled when the professional is away then.
    """
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    if session.scalar(visible_calendars(actor).where(Professional.id == professional_id)) is None:
        raise NotFound(what=N_("professional"))
    rows = session.scalars(
        visible_bookings(actor)
        .where(
            Booking.professional_id == professional_id,
            Booking.state.in_(TO_COME),
            overlaps(
                Booking.starts_at.expression,
                Booking.ends_at.expression,
                interval.start,
                interval.end,
            ),
        )
        .options(
            joinedload(Booking.service),
            selectinload(Booking.attendees).joinedload(Attendee.patient),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    return list(rows)
