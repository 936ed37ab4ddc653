"""The dialog behind a booking: its details, its next steps, moving and cancelling it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog
from core.booking import (
    CancelRequest,
    MarkRequest,
    MoveRequest,
    UndoRequest,
    cancel,
    get_booking,
    is_undoable,
    mark,
    move,
    undo,
    who_booked,
)
from core.db import utc_now
from core.desk import DayAsked, day_starts, load_day
from core.errors import BookingError
from core.interval import to_instant
from core.models import Booking
from core.policy import Actor, Permission, allows
from dashboard import feedback, session
from dashboard.components.booking_forms import (
    ask_reason,
    booking_details,
    may_move,
    next_steps,
    refusal_with_ways_out,
)
from dashboard.components.words import state_word
from dashboard.formatting import clock, when
from dashboard.i18n import _

KEY = "open_booking"


@dataclass(frozen=True)
class Opened:
    """Which booking is open, and the refusal of a drop that led here, if one did."""

    booking_id: int
    refused: BookingError | None = None
    professional_id: int | None = None


def open(booking_id: int) -> None:
    """Open the dialog for this booking on the next run."""
    st.session_state[KEY] = Opened(booking_id)


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    for key in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[key]


def drop(booking_id: int, version: int, professional_id: int, starts_at: datetime) -> None:
    """Move a booking to where it was dropped; a refusal opens it with the ways out."""
    actor, now = session.signed_in(), utc_now()
    request = MoveRequest(booking_id, version, professional_id, starts_at)
    try:
        with session.writing() as db:
            booking = move(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[KEY] = Opened(booking_id, refusal, professional_id)
        return
    feedback.flash(_moved(booking, session.zone(), now))


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    actor, opened = session.signed_in(), st.session_state[KEY]
    try:
        with session.reading() as db:
            name = _name(get_booking(db, actor, opened.booking_id))
    except BookingError as gone:
        forget()
        feedback.refuse(gone)
        return
    st.dialog(feedback.md(name), width="medium", on_dismiss=forget)(_dialog)()


def _dialog() -> None:
    actor = session.signed_in()
    opened: Opened | None = st.session_state.get(KEY)
    if opened is None:
        st.rerun()
    zone = session.zone()
    with session.reading() as db:
        booking = get_booking(db, actor, opened.booking_id)
        booked_by = who_booked(db, booking)
        undoable = is_undoable(db, booking)
    booking_details(booking, zone=zone, booked_by=booked_by)
    if opened.refused is not None:
        _show_refused_drop(booking, opened, zone)
    _steps(actor, booking, undoable)
    if may_move(booking):
        _move_form(actor, booking, zone)
    if reason := ask_reason(booking, key=KEY):
        _do(
            lambda db, now: cancel(
                db, actor, CancelRequest(booking.id, booking.version, reason), now=now
            ),
            _("Cancelled {name}.").format(name=_name(booking)),
        )
    elif reason is not None:
        st.error(_("Please choose a reason, or write one."), icon=":material/block:")


def _steps(actor: Actor, booking: Booking, undoable: bool) -> None:
    state = next_steps(booking, key=KEY)
    if state is not None:
        _do(
            lambda db, now: mark(
                db, actor, MarkRequest(booking.id, booking.version, state), now=now
            ),
            _("{name}: {state}.").format(name=_name(booking), state=state_word(state)),
        )
    if undoable and st.button(_("Undo last step"), key=f"{KEY}_undo", icon=":material/undo:"):
        _do(
            lambda db, now: undo(db, actor, UndoRequest(booking.id, booking.version), now=now),
            _("Undone for {name}.").format(name=_name(booking)),
        )


def _show_refused_drop(booking: Booking, opened: Opened, zone: ZoneInfo) -> None:
    def take_instead(starts_at: datetime) -> None:
        professional_id = opened.professional_id or booking.professional_id
        forget()
        drop(booking.id, booking.version, professional_id, starts_at)

    assert opened.refused is not None
    refusal_with_ways_out(opened.refused, zone=zone, now=utc_now(), key=KEY, choose=take_instead)


def _move_form(actor: Actor, booking: Booking, zone: ZoneInfo) -> None:
    """Another day, professional or time: only starts that can be booked are offered."""
    with st.expander(_("Move"), icon=":material/event_repeat:", key=f"{KEY}_move"):
        left, middle, right = st.columns(3)
        here = booking.starts_at.astimezone(zone).date()
        booking_time = booking.starts_at.astimezone(zone).time()
        on = left.date_input(_("Day"), value=here, key=f"{KEY}_day", format="DD.MM.YYYY")
        on = on if isinstance(on, date) else here
        with session.reading() as db:
            offering = catalog.load_professionals(db, actor, service_id=booking.service_id)
        names = {each.id: each.name for each in offering}
        professional_id = middle.selectbox(
            _("Professional"),
            list(names),
            index=list(names).index(booking.professional_id)
            if booking.professional_id in names
            else 0,
            format_func=lambda id: names[id],
            key=f"{KEY}_professional",
        )
        free = _free_starts(actor, booking, on, professional_id)
        same_time = sum(each.astimezone(zone).time() < booking_time for each in free)
        starts_at = right.selectbox(
            _("Time"),
            free,
            index=min(same_time, len(free) - 1) if free else None,
            format_func=lambda each: clock(each, zone),
            key=f"{KEY}_time",
            placeholder=_("Nothing free"),
        )
        pressed = st.button(
            _("Move"), key=f"{KEY}_do_move", type="primary", disabled=starts_at is None
        )
        if pressed and starts_at is not None:
            request = MoveRequest(booking.id, booking.version, professional_id, starts_at)
            _do(
                lambda db, now: move(db, actor, request, now=now),
                _("Moved {name} to {time}.").format(
                    name=_name(booking), time=when(starts_at, zone, utc_now())
                ),
            )


def _free_starts(actor: Actor, booking: Booking, on: date, professional_id: int) -> list[datetime]:
    if not allows(actor, Permission.SCHEDULE_READ):
        return []
    asked = DayAsked(on, booking.service_id, professional_ids=(professional_id,))
    now = utc_now()
    with session.reading() as db:
        day = load_day(db, actor, asked, now=now)
    cells = day_starts(day, now=now, moving=booking.id)
    return [to_instant(each.start) for each in cells if not each.reasons]


def _do(action: Callable[[Session, datetime], object], done: str) -> None:
    """Run one command in one transaction; close on success, say why not otherwise."""
    now = utc_now()
    try:
        with session.writing() as db:
            action(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    forget()
    feedback.flash(done)
    st.rerun()


def _name(booking: Booking) -> str:
    return booking.attendees[0].patient.name


def _moved(booking: Booking, zone: ZoneInfo, now: datetime) -> str:
    return _("Moved {name} to {time} with {professional}.").format(
        name=_name(booking),
        time=when(booking.starts_at, zone, now),
        professional=booking.professional.name,
    )
