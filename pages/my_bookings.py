"""My bookings: what a patient has to come, with the way to cancel it, and what has been."""

import streamlit as st

from core import catalog
from core.booking import CancelRequest, cancel, get_booking
from core.db import utc_now
from core.errors import BookingError
from core.own_bookings import OwnPage, load_coming, load_past
from dashboard import family, feedback, last_step, own_data, places, session
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
COMING, PAST = "my_bookings_coming", "my_bookings_past"


def ask_to_cancel(booking_id: int) -> None:
    st.session_state[CANCELLING] = booking_id


def forget() -> None:
    st.session_state.pop(CANCELLING, None)
    st.session_state.pop(SEEN, None)


def file_button(booking_id: int) -> None:
    download_button(_("To my calendar"), "visit", str(booking_id), key=f"file_{booking_id}")


def pages_of(shown: OwnPage, key: str) -> None:
    """The way to the other pages, where there are any."""
    if shown.pages > 1:
        if key in st.session_state:
            st.session_state[key] = shown.page  # there may be fewer by now
        st.pagination(shown.pages, key=key)


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
    said = _("Cancelled your visit with {professional}, {time}.")
    if name := family.name_of_another():
        said = _("Cancelled the visit of {name} with {professional}, {time}.")
    values = {"professional": booking.professional.name, "time": when(booking.starts_at, zone, now)}
    feedback.flash(said.format(name=name, **values))
    st.rerun()


actor, zone, now = session.signed_in(), session.zone(), utc_now()
family.choose()
with session.reading() as db:
    place = catalog.get_organisation(db)
    practice, books = place.name, place.patients_book
    coming = load_coming(db, actor, now=now, page=st.session_state.get(COMING, 1))
    past = load_past(db, actor, now=now, page=st.session_state.get(PAST, 1))
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.markdown(f"**{feedback.md(practice)}**", width="content")
    if books and st.button(
        _("Find a time"), key="my_bookings_find", icon=":material/search:", type="primary"
    ):
        st.switch_page(str(places.PAGES / "find.py"))
to_come, over = st.columns([6, 5], gap="large")
with to_come:
    st.subheader(_("To come"), anchor=False)
    if coming.count:
        coming_cards(
            coming.bookings,
            zone=zone,
            now=now,
            on_cancel=ask_to_cancel,
            on_move=moving.ask if books else None,
            file_button=file_button,
        )
        pages_of(coming, COMING)
    else:
        name = actor.name if family.acts_for_another() else ""
        nothing_to_come(practice, name, books=books)
    wishing.own_entries(actor)
    zone_note(zone)
if past.count:
    with over:
        st.subheader(_("Past and cancelled"), anchor=False)
        past_lines(past.bookings, zone=zone, now=now)
        pages_of(past, PAST)
own_data.show(actor, practice)
if CANCELLING in st.session_state:
    cancelling()
else:
    moving.show_if_asked()
