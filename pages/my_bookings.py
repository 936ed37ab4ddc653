"""My bookings: what a patient has to come, with the way to cancel it, and what has been."""

import streamlit as st

from core import catalog
from core.booking import CancelRequest, cancel, get_booking
from core.db import utc_now
from core.errors import BookingError
from core.own_bookings import load_coming, load_past
from dashboard import feedback, last_step, own_data, places, session
from dashboard.components.bookings_list import (
    cancel_form,
    coming_cards,
    nothing_to_come,
    past_lines,
    zone_note,
)
from dashboard.directory import moving, wishing
from dashboard.exporting import download_button
from dashboard.formatting import when
from dashboard.i18n import _

CANCELLING = "my_bookings_cancelling"
SEEN = "my_bookings_seen_version"
SHOWN = "my_bookings_shown"
A_PAGE = 8


def ask_to_cancel(booking_id: int) -> None:
    st.session_state[CANCELLING] = booking_id


def forget() -> None:
    st.session_state.pop(CANCELLING, None)
    st.session_state.pop(SEEN, None)


def file_button(booking_id: int) -> None:
    download_button(_("To my calendar"), "visit", str(booking_id), key=f"file_{booking_id}")


def show_more() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, A_PAGE) + A_PAGE


@st.dialog(_("Cancel booking"), on_dismiss=forget)
def cancelling() -> None:
    actor, zone, now = session.signed_in(), session.zone(), utc_now()
    with session.reading() as db:
        booking = get_booking(db, actor, st.session_state[CANCELLING])
    # The booking is cancelled as it was shown, or not at all.
    seen: int = st.session_state.setdefault(SEEN, booking.version)
    reason = cancel_form(booking, zone=zone, now=now)
    if reason is None:
        return
    try:
        with session.writing() as db:
            cancel(db, actor, CancelRequest(booking.id, seen, reason), now=now)
    except BookingError as refusal:
        st.session_state.pop(SEEN)
        feedback.refuse(refusal)
        return
    forget()
    last_step.note(booking.id)
    feedback.flash(
        _("Cancelled your visit with {professional}, {time}.").format(
            professional=booking.professional.name, time=when(booking.starts_at, zone, now)
        )
    )
    st.rerun()


actor, zone, now = session.signed_in(), session.zone(), utc_now()
shown = st.session_state.get(SHOWN, A_PAGE)
with session.reading() as db:
    place = catalog.get_organisation(db)
    practice, books = place.name, place.patients_book
    coming = load_coming(db, actor, now=now)
    past = load_past(db, actor, now=now, limit=shown + 1)
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.markdown(f"**{feedback.md(practice)}**", width="content")
    if books and st.button(
        _("Find a time"), key="my_bookings_find", icon=":material/search:", type="primary"
    ):
        st.switch_page(str(places.PAGES / "find.py"))
to_come, over = st.columns([6, 5], gap="large")
with to_come:
    st.subheader(_("To come"), anchor=False)
    if coming:
        coming_cards(
            coming,
            zone=zone,
            now=now,
            on_cancel=ask_to_cancel,
            on_move=moving.ask if books else None,
            file_button=file_button,
        )
    else:
        nothing_to_come(practice, books=books)
    wishing.own_entries(actor)
    zone_note(zone)
if past:
    with over:
        st.subheader(_("Past and cancelled"), anchor=False)
        past_lines(past[:shown], zone=zone, now=now)
        if len(past) > shown:
            st.button(_("Show earlier"), on_click=show_more, key="my_bookings_more")
own_data.show(actor, practice)
if CANCELLING in st.session_state:
    cancelling()
else:
    moving.show_if_asked()
