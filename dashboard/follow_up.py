"""The next visit of the patient in front of them, booked from the visit that is open."""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import BookingRequest, book
from core.db import utc_now
from core.errors import BookingError
from core.follow_up import FollowUp, propose_follow_ups
from core.models import Booking
from core.policy import Actor, Permission, allows
from dashboard import answered, feedback, keys, session
from dashboard.escaping import md
from dashboard.formatting import when
from dashboard.i18n import _, ngettext
from dashboard.opened import KEY, title_of

NEXT = f"{KEY}_follow"
ASKED, REQUEST, REFUSED, DONE = (f"{NEXT}_{each}" for each in ("ask", "key", "refused", "done"))


def offer(actor: Actor, booking: Booking, zone: ZoneInfo) -> None:
    """A button; pressed, times to choose from, each of which books by one press."""
    if booking.seats > 1 or not allows(actor, Permission.BOOKINGS_MARK_OWN):
        return
    if booked := st.session_state.pop(DONE, ""):
        feedback.flash(booked)
        st.rerun()  # what was booked is said outside the dialog
    if not st.session_state.get(ASKED):
        st.button(
            _("Follow-up"),
            key=NEXT,
            icon=":material/event_repeat:",
            shortcut=keys.AGAIN.press,
            on_click=_ask,
        )
        return
    if refused := st.session_state.pop(REFUSED, None):
        feedback.refuse(refused)
    try:
        with session.reading() as db:
            found = propose_follow_ups(db, actor, booking.id, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    st.markdown(f"**{md(_('Follow-up: {service}').format(service=booking.service.name))}**")
    if not found:
        st.info(_nothing(booking))
    for each in found:
        _time(booking, each, zone)


def _ask() -> None:
    st.session_state[ASKED] = True
    st.session_state[REQUEST] = secrets.token_urlsafe(16)


def _nothing(booking: Booking) -> str:
    days = booking.service.horizon_days
    if days is None:
        return _("You have no free time for this in the weeks to come. Please ask the desk.")
    return _(
        "You have no free time for this from a week on, and it is booked at most {days} days "
        "ahead. Please ask the desk."
    ).format(days=days)


def _time(booking: Booking, follow_up: FollowUp, zone: ZoneInfo) -> None:
    weeks = follow_up.weeks
    label = ngettext("In {count} week: {time}", "In {count} weeks: {time}", weeks).format(
        count=weeks, time=when(follow_up.starts_at, zone, utc_now())
    )
    st.button(
        md(label),
        key=f"{NEXT}_{follow_up.starts_at.isoformat()}",
        on_click=_book,
        # The key goes along: of two presses the first has forgotten it here.
        args=(booking, follow_up.starts_at, zone, st.session_state[REQUEST]),
    )


def _book(booking: Booking, starts_at: datetime, zone: ZoneInfo, request_key: str) -> None:
    """The visit stays open; what is in the way is said above times that are free."""
    actor, now = session.signed_in(), utc_now()
    request = BookingRequest(
        booking.professional_id,
        booking.service_id,
        booking.attendees[0].patient_id,
        starts_at,
        request_key,
    )
    try:
        with session.writing() as db:
            booked = book(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[REFUSED] = refusal
        st.session_state[REQUEST] = secrets.token_urlsafe(16)
        return
    answered.close(actor, booked, now=now)
    session.forget_typed(NEXT)
    st.session_state[DONE] = _("Booked {patient} with {professional}, {time}.").format(
        patient=title_of(booking),
        professional=booking.professional.name,
        time=when(starts_at, zone, now),
    )
