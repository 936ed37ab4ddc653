"""A step that cannot be taken back, with the ways out."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from core.db import utc_now
from core.errors import BookingError
from core.models import Booking
from core.policy import Actor, Permission, allows
from dashboard import feedback, find_time, new_booking
from dashboard.components.booking_forms import refusal_with_ways_out


def show(
    actor: Actor,
    booking: Booking,
    refusal: BookingError,
    zone: ZoneInfo,
    *,
    key: str,
    close: Callable[[], None],
) -> None:
    """Why it cannot come back: who has the time, and the nearest for the same patient."""
    if booking.occupies or booking.seats > 1 or not allows(actor, Permission.BOOKINGS_WRITE):
        feedback.refuse(refusal)
        return
    patient = booking.attendees[0].patient

    def book_instead(starts_at: datetime) -> None:
        close()
        known = find_time.known(patient)
        new_booking.ask(booking.professional_id, booking.service_id, starts_at, known)

    refusal_with_ways_out(refusal, zone=zone, now=utc_now(), key=key, choose=book_instead)
