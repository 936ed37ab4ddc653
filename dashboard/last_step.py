"""What this browser did last to a booking: noted by id alone, so that it can be taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import UNDO_FOR
from core.db import utc_now
from core.errors import BookingError
from core.models import Booking
from core.policy import Actor, Permission, allows
from dashboard import feedback, find_time, new_booking
from dashboard.components.booking_forms import refusal_with_ways_out

KEY = "last_step"


@dataclass(frozen=True)
class Noted:
    booking_id: int
    at: datetime


def note(booking_id: int) -> None:
    """Offer to take the step back, for the next ten minutes."""
    st.session_state[KEY] = Noted(booking_id, utc_now())


def forget() -> None:
    st.session_state.pop(KEY, None)


def noted(now: datetime) -> int | None:
    """The booking whose last step may still be offered to be taken back."""
    found: Noted | None = st.session_state.get(KEY)
    if found is None or now >= found.at + UNDO_FOR:
        forget()
        return None
    return found.booking_id


def show_refused(
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
