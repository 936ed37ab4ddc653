"""The seats of a group visit: who has one, who waits, each with a state of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import Confirmed
from core.models import Attendee, Booking, BookingState
from core.patients import lines_of
from dashboard import feedback
from dashboard.components.words import state_word
from dashboard.formatting import when
from dashboard.i18n import _

SEAT_STEPS = (
    (BookingState.ARRIVED, ":material/login:"),
    (BookingState.NO_SHOW, ":material/person_off:"),
)


@dataclass(frozen=True)
class SeatVerbs:
    """What can be done for each patient, by their number."""

    mark: Callable[[int, BookingState], None]
    confirm: Callable[[int, bool], None]
    """Whether they said that they will come, as it was just changed."""
    leave: Callable[[int], None]


def group_seats(
    booking: Booking,
    confirmed: Mapping[int, Confirmed],
    verbs: SeatVerbs,
    *,
    key: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """List the patients of a group visit with what can be done for each."""
    coming = [each for each in booking.attendees if each.state is not BookingState.CANCELLED]
    seated = [each for each in coming if not each.waiting]
    st.write(_("{taken} of {seats} seats taken").format(taken=len(seated), seats=booking.seats))
    for seat in coming:
        with st.container(horizontal=True, vertical_alignment="center"):
            word = _("Waiting") if seat.waiting else state_word(seat.state)
            alerts = [
                f":material/warning: {feedback.md(each)}" for each in lines_of(seat.patient.alerts)
            ]
            lines = [f"{feedback.md(seat.patient.name)} · {word}", *alerts]
            st.markdown("  \n".join(lines), width="stretch")
            if not seat.waiting:
                if seat.state is BookingState.BOOKED and booking.starts_at > now:
                    _tick(seat, confirmed.get(seat.patient_id), verbs, key=key, zone=zone, now=now)
                _marks(seat, key=key, mark=verbs.mark)
            if st.button(_("Leaves"), key=f"{key}_leave_{seat.patient_id}", type="tertiary"):
                verbs.leave(seat.patient_id)


def _tick(
    seat: Attendee,
    confirmed: Confirmed | None,
    verbs: SeatVerbs,
    *,
    key: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """One click for each of them; who noted it, and when, for whoever points at it."""
    is_sure = confirmed is not None
    noted = None
    if confirmed is not None:
        noted = _("By telephone · {name}, {time}").format(
            name=confirmed.by, time=when(confirmed.at, zone, now)
        )
    ticked = st.checkbox(
        _("Confirmed"),
        value=is_sure,
        key=f"{key}_confirmed_{seat.patient_id}_{is_sure}",
        help=feedback.md(noted) if noted else None,
        width="content",
    )
    if ticked != is_sure:
        verbs.confirm(seat.patient_id, ticked)


def _marks(seat: Attendee, *, key: str, mark: Callable[[int, BookingState], None]) -> None:
    for state, icon in SEAT_STEPS:
        if seat.state is state:
            continue
        if st.button(state_word(state), key=f"{key}_{state}_{seat.patient_id}", icon=icon):
            mark(seat.patient_id, state)
