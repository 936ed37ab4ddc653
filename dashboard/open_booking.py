"""The dialog behind a booking: its details, its next steps, moving and cancelling it."""

from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core.booking import (
    Confirmed,
    ConfirmRequest,
    MarkRequest,
    UndoRequest,
    check_version,
    confirm_by_phone,
    find_undoable,
    get_booking,
    load_confirmed,
    mark,
    take_back_confirmation,
    undo,
    who_booked,
)
from core.db import utc_now
from core.errors import BookingError, Stale
from core.models import Booking, BookingState
from core.overrides import load_overrides_of
from core.policy import Actor, Permission, allows
from dashboard import (
    feedback,
    find_time,
    follow_up,
    keys,
    last_step,
    new_booking,
    recalling,
    series_form,
    session,
    slip,
    to_know,
    undo_refused,
    visit_note,
)
from dashboard.cancelling import cancel_form
from dashboard.components.booking_forms import (
    ask_confirmed,
    booking_details,
    may_move,
    next_steps,
    overrides_of,
)
from dashboard.components.words import state_word
from dashboard.group_visit import seats
from dashboard.i18n import _
from dashboard.moving import drop, move_form, show_refused_drop
from dashboard.opened import KEY, Opened, forget, is_open, open, press_of, run, title_of

# What pages ask of the dialog, wherever a part of it is kept.
__all__ = ["KEY", "Opened", "drop", "forget", "is_open", "open", "show", "title_of"]


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    actor, opened = session.signed_in(), st.session_state[KEY]
    try:
        with session.reading() as db:
            booking = get_booking(db, actor, opened.booking_id)
    except BookingError as gone:
        forget()
        feedback.refuse(gone)
        return
    st.dialog(feedback.md(title_of(booking)), width="medium", on_dismiss=forget)(_dialog)()


def _dialog() -> None:
    actor = session.signed_in()
    opened: Opened | None = st.session_state.get(KEY)
    if opened is None:
        if new_booking.is_asked():
            find_time.go()
        st.rerun()
    zone, now = session.zone(), utc_now()
    with session.reading() as db:
        booking = get_booking(db, actor, opened.booking_id)
        stale = _tell_changes(db, booking)
        booked_by = who_booked(db, booking)
        undoable = find_undoable(db, booking.id, now=now) is not None
        set_aside = load_overrides_of(db, actor, booking.id)
        confirmed = load_confirmed(db, actor, [booking.id])
    if stale is not None:
        feedback.refuse(stale)
    if booking.seats == 1:
        to_know.tell(booking.attendees[0].patient_id)
    booking_details(booking, zone=zone, booked_by=booked_by, now=now)
    overrides_of(set_aside, zone=zone)
    if opened.wished is not None:
        show_refused_drop(actor, opened, zone)
    elif opened.refused is not None:
        undo_refused.show(actor, booking, opened.refused, zone, key=KEY, close=forget)
    if booking.state is BookingState.HELD:
        return
    if booking.seats > 1:
        ticks = {patient: tick for (_booking, patient), tick in confirmed.items()}
        seats(actor, booking, ticks, zone)
    _steps(actor, booking, undoable)
    visit_note.offer(actor, booking, zone)
    follow_up.offer(actor, booking, zone)
    if booking.seats == 1:
        patient_id = booking.attendees[0].patient_id
        _confirmation(actor, booking, confirmed.get((booking.id, patient_id)), zone)
    reach = series_form.ask_reach(actor, booking, zone, key=KEY)
    if may_move(booking):
        move_form(actor, booking, zone, reach)
    cancel_form(actor, booking, reach)
    _book_again(actor, booking)
    _book_beside(actor, booking)
    if booking.seats == 1 and allows(actor, Permission.BOOKINGS_WRITE):
        recalling.offer(actor, booking, key=KEY)
        slip.offer(actor, booking.attendees[0].patient_id, key=KEY)


def _book_again(actor: Actor, booking: Booking) -> None:
    """The next visit of the same kind, from this one."""
    if booking.seats > 1 or not allows(actor, Permission.BOOKINGS_WRITE):
        return
    if st.button(
        _("Book again"),
        key=f"{KEY}_again",
        icon=":material/event_repeat:",
        shortcut=keys.AGAIN.press,
    ):
        forget()
        find_time.open_again(booking)
        find_time.go()


def _book_beside(actor: Actor, booking: Booking) -> None:
    """Somebody else at the same time: the form says what is in the way and asks for a reason."""
    if (
        may_move(booking)
        and booking.starts_at > utc_now()
        and allows(actor, Permission.BOOKINGS_OVERRIDE)
        and st.button(
            _("Book somebody else at this time"),
            key=f"{KEY}_beside",
            icon=":material/add:",
            type="tertiary",
        )
    ):
        forget()
        new_booking.ask(booking.professional_id, booking.service_id, booking.starts_at)
        find_time.go()


def _tell_changes(db: Session, booking: Booking) -> BookingError | None:
    """Who changed the booking since this dialog showed it last, if somebody did."""
    shown = st.session_state.get(f"{KEY}_version", booking.version)
    st.session_state[f"{KEY}_version"] = booking.version
    try:
        check_version(db, booking, shown)
    except BookingError as stale:
        return stale
    return None


def _steps(actor: Actor, booking: Booking, undoable: bool) -> None:
    state = next_steps(booking, key=press_of(booking), now=utc_now())
    if state is not None:
        run(
            lambda db, now: mark(
                db, actor, MarkRequest(booking.id, booking.version, state), now=now
            ),
            _("{name}: {state}.").format(name=title_of(booking), state=state_word(state)),
            step=booking.id,
        )
    if undoable and st.button(
        _("Undo last step"),
        key=f"{press_of(booking)}_undo",
        icon=":material/undo:",
        shortcut=keys.UNDO.press,
    ):
        _undo(actor, booking)


def _undo(actor: Actor, booking: Booking) -> None:
    """Take the last step back, or show who has the time now and which are free."""
    try:
        with session.writing() as db:
            undo(db, actor, UndoRequest(booking.id, booking.version), now=utc_now())
    except Stale as stale:
        feedback.refuse(stale)
        return
    except BookingError as refusal:
        open(booking.id, refusal)
    else:
        forget()
        last_step.forget()
        feedback.flash(_("Undone for {name}.").format(name=title_of(booking)))
    st.rerun()


def _confirmation(
    actor: Actor, booking: Booking, confirmed: Confirmed | None, zone: ZoneInfo
) -> None:
    ticked = ask_confirmed(booking, confirmed, zone=zone, now=utc_now(), key=press_of(booking))
    if ticked is not None:
        asked = ConfirmRequest(booking.id, booking.version, booking.attendees[0].patient_id)
        verb = confirm_by_phone if ticked else take_back_confirmation
        run(lambda db, now: verb(db, actor, asked, now=now), "")
