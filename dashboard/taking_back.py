"""The line that says what was done last, and takes it back by one key for ten minutes."""

import streamlit as st

from core.booking import UndoRequest, find_undoable, get_booking, undo
from core.db import utc_now
from core.errors import BookingError
from core.models import Booking, BookingEvent, EventKind
from core.policy import Actor
from dashboard import feedback, keys, last_step, open_booking, session
from dashboard.components.words import state_word
from dashboard.formatting import when
from dashboard.i18n import _


def line() -> None:
    """What this browser did last, unless somebody has changed the booking since."""
    actor, now = session.signed_in(), utc_now()
    booking_id = last_step.noted(now)
    if booking_id is None:
        return
    try:
        with session.reading() as db:
            booking = get_booking(db, actor, booking_id)
            step = find_undoable(db, booking_id, now=now)
    except BookingError:
        step = None
    if step is None or step.user_id != actor.user_id:
        last_step.forget()
        return
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="frontdesk_last_step"
    ):
        st.markdown(feedback.md(_what(booking, step)), width="content")
        pressed = st.button(
            _("Undo"),
            key=f"last_step_{booking.version}",
            icon=":material/undo:",
            shortcut=keys.TAKE_BACK.press,
        )
        closed = st.button("", key="last_step_close", icon=":material/close:", help=_("Leave it"))
    if pressed:
        _take_back(actor, booking)
    if closed:
        last_step.forget()
        st.rerun()


def _take_back(actor: Actor, booking: Booking) -> None:
    now, name = utc_now(), open_booking.title_of(booking)
    last_step.forget()
    try:
        with session.writing() as db:
            undo(db, actor, UndoRequest(booking.id, booking.version), now=now)
    except BookingError as refusal:
        open_booking.open(booking.id, refusal)
    else:
        feedback.flash(_("Undone for {name}.").format(name=name))
    st.rerun()


def _what(booking: Booking, step: BookingEvent) -> str:
    name, starts = open_booking.title_of(booking), booking.starts_at
    time = when(starts, session.zone(), utc_now())
    if step.kind is EventKind.MOVED:
        return _("{name} moved to {time}.").format(name=name, time=time)
    if step.kind is EventKind.CANCELLED:
        return _("{name}, {time}: cancelled.").format(name=name, time=time)
    if step.kind is EventKind.LEFT:
        left = [
            each.patient.name for each in booking.attendees if each.patient_id == step.patient_id
        ]
        return _("{patient} left {name}, {time}.").format(
            patient=", ".join(left), name=name, time=time
        )
    return _("{name}: {state}.").format(name=name, state=state_word(booking.state))
