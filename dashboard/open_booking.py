"""The dialog behind a booking: its details, its next steps, moving and cancelling it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog
from core.booking import (
    CANCELLABLE,
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    MarkRequest,
    MoveRequest,
    SetAside,
    UndoRequest,
    cancel,
    check_version,
    confirm_by_phone,
    find_undoable,
    get_booking,
    load_confirmed,
    mark,
    move,
    take_back_confirmation,
    undo,
    who_booked,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat
from core.claims import calendars_of
from core.db import lock_calendars, utc_now
from core.desk import DayAsked, day_starts, load_day
from core.errors import BookingError, Stale
from core.interval import to_instant
from core.models import Booking, BookingState
from core.overrides import load_overrides_of
from core.patients import add_patient
from core.policy import Actor, Permission, allows
from core.series import CancelSeriesRequest, MoveSeriesAsked, cancel_series, move_series
from core.waiting import Gap
from dashboard import (
    feedback,
    find_time,
    keys,
    last_step,
    new_booking,
    offering,
    recalling,
    series_form,
    session,
    slip,
    undo_refused,
    unfinished,
)
from dashboard.components.booking_forms import (
    ask_confirmed,
    ask_reason,
    booking_details,
    may_move,
    next_steps,
    overrides_of,
    refusal_with_ways_out,
)
from dashboard.components.group_seats import group_seats
from dashboard.components.patient_picker import PatientChosen, patient_picker
from dashboard.components.set_aside import set_aside_form
from dashboard.components.words import state_word
from dashboard.formatting import clock, when
from dashboard.i18n import _
from dashboard.searching import find_duplicates, find_patients
from dashboard.series_form import Reach

KEY = "open_booking"
NEAREST = 5


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
    session.forget_typed(KEY)


def drop(booking_id: int, version: int, professional_id: int, starts_at: datetime) -> None:
    """Move a booking to where it was dropped; a refusal opens it with the ways out."""
    _try_move(MoveRequest(booking_id, version, professional_id, starts_at))


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
    zone = session.zone()
    with session.reading() as db:
        booking = get_booking(db, actor, opened.booking_id)
        stale = _tell_changes(db, booking)
        booked_by = who_booked(db, booking)
        undoable = find_undoable(db, booking.id, now=utc_now()) is not None
        set_aside = load_overrides_of(db, actor, booking.id)
        confirmed = load_confirmed(db, actor, [booking.id])
    if stale is not None:
        feedback.refuse(stale)
    booking_details(booking, zone=zone, booked_by=booked_by)
    overrides_of(set_aside, zone=zone)
    if opened.wished is not None:
        _show_refused_drop(actor, opened, zone)
    elif opened.refused is not None:
        undo_refused.show(actor, booking, opened.refused, zone, key=KEY, close=forget)
    if booking.state is BookingState.HELD:
        return
    if booking.seats > 1:
        _seats(actor, booking)
    _steps(actor, booking, undoable)
    if booking.seats == 1:
        patient_id = booking.attendees[0].patient_id
        _confirmation(actor, booking, confirmed.get((booking.id, patient_id)), zone)
    reach = series_form.ask_reach(actor, booking, zone, key=KEY)
    if may_move(booking):
        _move_form(actor, booking, zone, reach)
    _cancel_form(actor, booking, reach)
    _book_again(actor, booking)
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


def _tell_changes(db: Session, booking: Booking) -> BookingError | None:
    """Who changed the booking since this dialog showed it last, if somebody did."""
    shown = st.session_state.get(f"{KEY}_version", booking.version)
    st.session_state[f"{KEY}_version"] = booking.version
    try:
        check_version(db, booking, shown)
    except BookingError as stale:
        return stale
    return None


def _press(booking: Booking) -> str:
    """The keys of buttons carry the version they were drawn for: a press on what has changed
    since finds nothing to press, and is told why instead of writing over it."""
    return f"{KEY}_{booking.version}"


def _cancel_form(actor: Actor, booking: Booking, reach: Reach) -> None:
    press = f"{_press(booking)}_{reach.press}" if reach.is_more else _press(booking)
    may_waive = allows(actor, Permission.BOOKINGS_OVERRIDE) and not reach.is_more
    draft = unfinished.Form(
        KEY,
        name=f"cancel_{booking.id}",
        about=booking.attendees[0].patient_id if booking.seats == 1 else None,
        typed=("words",),
        along=("reason",),
        search="",
    )
    if booking.state in CANCELLABLE:
        unfinished.offer(actor, draft)
    asked = ask_reason(booking, key=KEY, press=press, may_waive=may_waive, now=utc_now())
    if asked is None:
        return
    if reach.is_more:
        series = CancelSeriesRequest(booking.id, reach.scope, reach.seen, asked.reason)
        _do(
            lambda db, now: cancel_series(db, actor, series, now=now),
            series_form.cancelled(series, title_of(booking)),
            draft=draft,
        )
    else:
        request = CancelRequest(
            booking.id,
            booking.version,
            asked.reason,
            asked_by_patient=asked.by_patient,
            not_late=SetAside(asked.reason) if asked.not_late else None,
        )
        _do(
            lambda db, now: cancel(db, actor, request, now=now),
            _("Cancelled {name}.").format(name=title_of(booking)),
            step=booking.id,
            frees=_time_of(booking),
            draft=draft,
        )


def _seats(actor: Actor, booking: Booking) -> None:
    """A group's patients, and one more."""
    version = booking.version

    def mark(patient_id: int, state: BookingState) -> None:
        request = SeatMark(booking.id, version, patient_id, state)
        _do(lambda db, now: mark_seat(db, actor, request, now=now), "")

    def leave_seat(patient_id: int) -> None:
        request = SeatRequest(booking.id, version, patient_id)
        _do(lambda db, now: leave(db, actor, request, now=now), "", step=booking.id)

    group_seats(booking, key=_press(booking), mark=mark, leave=leave_seat)
    if not allows(actor, Permission.BOOKINGS_WRITE):
        return
    with st.expander(_("Add a patient"), icon=":material/person_add:", key=f"{KEY}_join"):
        chosen = patient_picker(f"{KEY}_join", search=find_patients, duplicates=find_duplicates)
        person = chosen.known or chosen.new
        pressed = person is not None and st.button(
            _("Add"), key=f"{_press(booking)}_do_join", type="primary"
        )
        if pressed and person is not None:
            _do(
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


def _steps(actor: Actor, booking: Booking, undoable: bool) -> None:
    state = next_steps(booking, key=_press(booking), now=utc_now())
    if state is not None:
        _do(
            lambda db, now: mark(
                db, actor, MarkRequest(booking.id, booking.version, state), now=now
            ),
            _("{name}: {state}.").format(name=title_of(booking), state=state_word(state)),
            step=booking.id,
        )
    if undoable and st.button(
        _("Undo last step"),
        key=f"{_press(booking)}_undo",
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
    ticked = ask_confirmed(booking, confirmed, zone=zone, now=utc_now(), key=_press(booking))
    if ticked is not None:
        asked = ConfirmRequest(booking.id, booking.version, booking.attendees[0].patient_id)
        verb = confirm_by_phone if ticked else take_back_confirmation
        _do(lambda db, now: verb(db, actor, asked, now=now), "")


def _show_refused_drop(actor: Actor, opened: Opened, zone: ZoneInfo) -> None:
    """Why it cannot lie there, the nearest times, and moving it all the same where one may."""
    refusal, wished = opened.refused, opened.wished
    assert refusal is not None
    assert wished is not None

    def take_instead(starts_at: datetime) -> None:
        forget()
        _try_move(replace(wished, starts_at=starts_at))

    refusal_with_ways_out(refusal, zone=zone, now=utc_now(), key=KEY, choose=take_instead)
    if not allows(actor, Permission.BOOKINGS_OVERRIDE):
        return
    set_aside = set_aside_form(refusal.details.get("reasons", ()), key=KEY)
    if set_aside and st.button(_("Move all the same"), key=f"{KEY}_anyway", type="primary"):
        forget()
        _try_move(replace(wished, set_aside=set_aside))
        st.rerun()


def _try_move(request: MoveRequest) -> None:
    actor, now = session.signed_in(), utc_now()
    try:
        with session.writing() as db:
            left = _time_of(get_booking(db, actor, request.booking_id))
            booking = move(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[KEY] = Opened(request.booking_id, refusal, request)
        return
    offering.note_freed(left)
    last_step.note(booking.id)
    feedback.flash(
        _("Moved {name} to {time} with {professional}.").format(
            name=title_of(booking),
            time=when(booking.starts_at, session.zone(), now),
            professional=booking.professional.name,
        )
    )


def _move_form(actor: Actor, booking: Booking, zone: ZoneInfo, reach: Reach) -> None:
    """Another day, professional or time: only starts that can be booked are offered."""
    with st.expander(
        keys.marked(_("Move"), keys.MOVE), icon=":material/event_repeat:", key=f"{KEY}_move"
    ):
        left, middle, right = st.columns(3)
        here = booking.starts_at.astimezone(zone).date()
        booking_time = booking.starts_at.astimezone(zone).time()
        on = left.date_input(_("Day"), value=here, key=f"{KEY}_day", format="DD.MM.YYYY")
        on = on if isinstance(on, date) else here
        with session.reading() as db:
            offering = catalog.load_professionals(db, actor, service_id=booking.service_id)
        own_only = not allows(actor, Permission.BOOKINGS_WRITE)
        names = {
            each.id: each.name
            for each in offering
            if not own_only or each.id == booking.professional_id
        }
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
        if reach.is_more and starts_at is not None:
            wish = MoveSeriesAsked(booking.id, reach.scope, professional_id, starts_at)
            _move_series(actor, booking, wish, reach, zone)
            return
        pressed = st.button(
            _("Move"), key=f"{_press(booking)}_do_move", type="primary", disabled=starts_at is None
        )
        straight_to = _nearest_buttons(booking, free, zone)
        wished = straight_to or (starts_at if pressed else None)
        if wished is not None:
            request = MoveRequest(booking.id, booking.version, professional_id, wished)
            _do(
                lambda db, now: move(db, actor, request, now=now),
                _("Moved {name} to {time}.").format(
                    name=title_of(booking), time=when(wished, zone, utc_now())
                ),
                step=booking.id,
                frees=_time_of(booking),
            )


def _nearest_buttons(booking: Booking, free: Sequence[datetime], zone: ZoneInfo) -> datetime | None:
    """The free times nearest to the booking's own time of day; the one pressed, if any."""
    own = booking.starts_at.astimezone(zone)

    def apart(start: datetime) -> float:
        there = start.astimezone(zone)
        return abs((there.hour - own.hour) * 60 + there.minute - own.minute)

    others = [each for each in free if each != booking.starts_at]
    nearest = sorted(sorted(others, key=apart)[:NEAREST])
    if not nearest:
        return None
    st.caption(_("Or straight to:"))
    pressed = None
    with st.container(horizontal=True):
        for each in nearest:
            if st.button(clock(each, zone), key=f"{_press(booking)}_to_{each.isoformat()}"):
                pressed = each
    return pressed


def _move_series(
    actor: Actor, booking: Booking, wish: MoveSeriesAsked, reach: Reach, zone: ZoneInfo
) -> None:
    request = series_form.ask_move(actor, wish, reach, zone, key=KEY)
    if request is not None:
        _do(
            lambda db, now: move_series(db, actor, request, now=now),
            series_form.moved(request, title_of(booking), zone),
        )


def _free_starts(actor: Actor, booking: Booking, on: date, professional_id: int) -> list[datetime]:
    asked = DayAsked(on, booking.service_id, professional_ids=(professional_id,))
    now = utc_now()
    with session.reading() as db:
        day = load_day(db, actor, asked, now=now)
    cells = day_starts(day, now=now, moving=booking.id)
    return [to_instant(each.start) for each in cells if not each.reasons]


def _time_of(booking: Booking) -> Gap:
    return Gap(booking.starts_at, booking.ends_at, booking.professional_id)


def _do(
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


def title_of(booking: Booking) -> str:
    """The patient; a group goes by its service, a hold by what it is."""
    if booking.state is BookingState.HELD:
        return _("Held time")
    if booking.seats > 1:
        return booking.service.name
    return booking.attendees[0].patient.name
