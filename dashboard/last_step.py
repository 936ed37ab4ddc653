"""What this browser did last, so that it can be taken back."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
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


class Kind(enum.Enum):
    """What the ids are of."""

    BOOKING = enum.auto()
    SERIES = enum.auto()
    TIME_OFF = enum.auto()
    CLOSURE = enum.auto()
    WAITING = enum.auto()


@dataclass(frozen=True)
class Noted:
    ids: tuple[int, ...]
    at: datetime
    kind: Kind = Kind.BOOKING
    in_the_way: tuple[int, ...] = ()
    """Visits of a series that cannot come back, once that was tried."""
    words: str = ""
    """What was done, where it no longer stands anywhere."""


def note(booking_id: int) -> None:
    """Offer to take the step back, for the next ten minutes."""
    note_all(Kind.BOOKING, [booking_id])


def note_all(kind: Kind, ids: Iterable[int]) -> None:
    """The same for what was done to all of these at once."""
    st.session_state[KEY] = Noted(tuple(ids), utc_now(), kind)


def note_removed(kind: Kind, id: int, words: str) -> None:
    """The same for what is in no list any more."""
    st.session_state[KEY] = Noted((id,), utc_now(), kind, words=words)


def note_in_the_way(noted: Noted, ids: tuple[int, ...]) -> None:
    """Go on offering the others."""
    st.session_state[KEY] = replace(noted, in_the_way=ids)


def forget() -> None:
    st.session_state.pop(KEY, None)


def noted(now: datetime) -> Noted | None:
    """What may still be offered to be taken back."""
    found: Noted | None = st.session_state.get(KEY)
    if found is None or now >= found.at + UNDO_FOR:
        forget()
        return None
    return found


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
