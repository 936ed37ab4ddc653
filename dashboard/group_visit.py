"""The seats of a group in the dialog behind its booking."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core.booking import (
    Confirmed,
    ConfirmRequest,
    confirm_by_phone,
    take_back_confirmation,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat
from core.claims import calendars_of
from core.db import lock_calendars, utc_now
from core.models import Booking, BookingState
from core.patients import add_patient
from core.policy import Actor, Permission, allows
from dashboard.components.group_seats import SeatVerbs, group_seats
from dashboard.components.patient_picker import PatientChosen
from dashboard.i18n import _
from dashboard.opened import KEY, press_of, run
from dashboard.searching import choose_patient


def seats(
    actor: Actor, booking: Booking, confirmed: Mapping[int, Confirmed], zone: ZoneInfo
) -> None:
    """A group's patients, and one more."""
    version = booking.version

    def mark(patient_id: int, state: BookingState) -> None:
        request = SeatMark(booking.id, version, patient_id, state)
        run(lambda db, now: mark_seat(db, actor, request, now=now), "")

    def confirm(patient_id: int, is_sure: bool) -> None:
        request = ConfirmRequest(booking.id, version, patient_id)
        verb = confirm_by_phone if is_sure else take_back_confirmation
        run(lambda db, now: verb(db, actor, request, now=now), "")

    def leave_seat(patient_id: int) -> None:
        request = SeatRequest(booking.id, version, patient_id)
        run(lambda db, now: leave(db, actor, request, now=now), "", step=booking.id)

    verbs = SeatVerbs(mark, confirm, leave_seat)
    group_seats(booking, confirmed, verbs, key=press_of(booking), zone=zone, now=utc_now())
    if not allows(actor, Permission.BOOKINGS_WRITE):
        return
    with st.expander(_("Add a patient"), icon=":material/person_add:", key=f"{KEY}_join"):
        chosen = choose_patient(f"{KEY}_join")
        person = chosen.known or chosen.new
        pressed = person is not None and st.button(
            _("Add"), key=f"{press_of(booking)}_do_join", type="primary"
        )
        if pressed and person is not None:
            run(
                lambda db, now: _join(db, actor, booking, chosen, now),
                _("Added {name}.").format(name=person.name),
            )


def _join(
    db: Session, actor: Actor, booking: Booking, chosen: PatientChosen, now: datetime
) -> None:
    if chosen.known is not None:
        patient_id = chosen.known.id
    else:
        assert chosen.new is not None
        # Who writes first takes the audit's lock, which everybody takes last.
        lock_calendars(db, calendars_of(db, booking.id))
        patient_id = add_patient(db, actor, chosen.new, now=now).id
    join(db, actor, SeatRequest(booking.id, booking.version, patient_id), now=now)
