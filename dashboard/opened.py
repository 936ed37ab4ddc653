"""What the parts of an opened booking's dialog share: which is open, and running its commands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core.booking import MoveRequest
from core.db import utc_now
from core.errors import BookingError
from core.models import Booking, BookingState
from core.policy import Actor
from core.waiting import Gap
from dashboard import feedback, last_step, offering, session, unfinished
from dashboard.i18n import _

KEY = "open_booking"
TYPED = f"{KEY}_typed"
"""The forms of the open booking that are typed into, by the name of their draft."""


@dataclass(frozen=True)
class Opened:
    """Which booking is open, and the refusal that led here: of a drop, or of an undo."""

    booking_id: int
    refused: BookingError | None = None
    wished: MoveRequest | None = None


def open(booking_id: int, refused: BookingError | None = None) -> None:
    """Open the dialog for this booking on the next run, with why its last step stays."""
    forget()
    st.session_state[KEY] = Opened(booking_id, refused)


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    """Close the dialog; what is typed there and not saved is kept, whichever way it is left."""
    for each in st.session_state.get(TYPED, {}).values():
        unfinished.leave(each)
    session.forget_typed(KEY)


def offer_draft(actor: Actor, form: unfinished.Form) -> None:
    """What was left in this form, and what is typed there until the dialog closes."""
    st.session_state.setdefault(TYPED, {})[form.draft] = form
    unfinished.offer(actor, form)


def press_of(booking: Booking) -> str:
    """The keys of buttons carry the version they were drawn for: a press on what has changed
    since finds nothing to press, and is told why instead of writing over it."""
    return f"{KEY}_{booking.version}"


def run(
    action: Callable[[Session, datetime], object],
    done: str,
    *,
    step: int | None = None,
    frees: Gap | None = None,
    draft: unfinished.Form | None = None,
) -> None:
    """Run one command in one transaction; close on success, say why not otherwise.

    ``step`` is the booking whose step can be taken back; ``frees`` the time it leaves to those
    who wait; ``draft`` the words that are saved by it.
    """
    now = utc_now()
    try:
        with session.writing() as db:
            changed = action(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    st.session_state.pop(f"{KEY}_version", None)
    if step is not None:
        last_step.note(step)
    elif isinstance(changed, Sequence):
        last_step.note_all(last_step.Kind.SERIES, [each.id for each in changed])
    if frees is not None:
        offering.note_freed(frees)
    if draft is not None:
        unfinished.done(session.signed_in(), draft)
    if done:
        forget()
        feedback.flash(done)
    st.rerun()


def time_of(booking: Booking) -> Gap:
    return Gap(booking.starts_at, booking.ends_at, booking.professional_id)


def title_of(booking: Booking) -> str:
    """The patient; a group goes by its service, a hold by what it is."""
    if booking.state is BookingState.HELD:
        return _("Held time")
    if booking.seats > 1:
        return booking.service.name
    return booking.attendees[0].patient.name
