"""The seats of a group visit: who has one, who waits, each with a state of their own."""

from collections.abc import Callable

import streamlit as st

from core.models import Attendee, Booking, BookingState
from core.patients import lines_of
from dashboard import feedback
from dashboard.components.words import state_word
from dashboard.i18n import _

SEAT_STEPS = (
    (BookingState.ARRIVED, ":material/login:"),
    (BookingState.NO_SHOW, ":material/person_off:"),
)


def group_seats(
    booking: Booking,
    *,
    key: str,
    mark: Callable[[int, BookingState], None],
    leave: Callable[[int], None],
) -> None:
    """List the patients of a group visit with what can be done for each."""
    coming = [each for each in booking.attendees if each.state is not BookingState.CANCELLED]
    seated = [each for each in coming if not each.waiting]
    st.write(_("{taken} of {seats} seats taken").format(taken=len(seated), seats=booking.seats))
    for seat in coming:
        with st.container(horizontal=True, vertical_alignment="center"):
            word = _("Waiting") if seat.waiting else state_word(seat.state)
            st.markdown(f"{feedback.md(seat.patient.name)} · {word}", width="stretch")
            if not seat.waiting:
                _marks(seat, key=key, mark=mark)
            if st.button(_("Leaves"), key=f"{key}_leave_{seat.patient_id}", type="tertiary"):
                leave(seat.patient_id)
        if alerts := lines_of(seat.patient.alerts):
            st.caption(f":material/warning: {feedback.md(' · '.join(alerts))}")


def _marks(seat: Attendee, *, key: str, mark: Callable[[int, BookingState], None]) -> None:
    for state, icon in SEAT_STEPS:
        if seat.state is state:
            continue
        if st.button(state_word(state), key=f"{key}_{state}_{seat.patient_id}", icon=icon):
            mark(seat.patient_id, state)
