"""The line that says what was done last, and takes it back by one key for ten minutes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core import drafts
from core.booking import (
    UndoRequest,
    find_undoable,
    get_booking,
    is_own_cancellation,
    take_back_cancellation,
    undo,
)
from core.changing_hours import take_back_weekly_hours
from core.db import utc_now
from core.errors import N_, BookingError, Invalid
from core.merging import undo_merge
from core.models import Booking, BookingEvent, EventKind, Role
from core.policy import Actor
from core.recalls import reopen_recall
from core.schedule import (
    UndoHours,
    put_back_closure,
    put_back_opening,
    put_back_time_off,
    remove_time_off,
)
from core.series import NotAllBack, Seen, Undoable, UndoSeriesRequest, load_undoable, undo_series
from core.waiting import reopen
from dashboard import family, feedback, keys, last_step, open_booking, session
from dashboard.components.words import state_word
from dashboard.formatting import when
from dashboard.i18n import _, ngettext
from dashboard.last_step import Kind, Noted
from dashboard.my_hours import saving, weekly
from dashboard.patients import editing

TOLD = 3
"""Times that are named; the rest is counted."""


@dataclass(frozen=True)
class Offered:
    """``press`` changes with what is taken back: a key pressed late finds nothing to press."""

    words: str
    press: str
    take_back: Callable[[], None] | None
    label: str = ""


def line() -> None:
    """What this browser did last, unless somebody has changed it since."""
    actor, now = session.signed_in(), utc_now()
    noted = last_step.noted(now)
    if noted is None:
        return
    try:
        offered = OFFERED[noted.kind](actor, noted, now)
    except BookingError:
        offered = None
    if offered is None:
        last_step.forget()
        return
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="frontdesk_last_step"
    ):
        st.markdown(feedback.md(offered.words), width="content")
        pressed = offered.take_back is not None and st.button(
            offered.label or _("Undo"),
            key=f"last_step_{offered.press}",
            icon=":material/undo:",
            shortcut=keys.TAKE_BACK.press,
        )
        closed = st.button("", key="last_step_close", icon=":material/close:", help=_("Leave it"))
    if pressed and offered.take_back is not None:
        last_step.forget()
        try:
            offered.take_back()
        except BookingError as refusal:
            feedback.refuse(refusal)
            return
        st.rerun()
    if closed:
        last_step.forget()
        st.rerun()


def _booking(actor: Actor, noted: Noted, now: datetime) -> Offered | None:
    (booking_id,) = noted.ids
    with session.reading() as db:
        booking = get_booking(db, actor, booking_id)
        step = find_undoable(db, booking_id, now=now)
    if step is None or step.user_id != actor.user_id:
        return None
    if actor.role is Role.PATIENT:
        return _own_visit(actor, booking, step, now)
    return Offered(
        _what(booking, step), str(booking.version), lambda: _take_booking_back(actor, booking)
    )


def _own_visit(actor: Actor, booking: Booking, step: BookingEvent, now: datetime) -> Offered | None:
    """What a patient has cancelled, and comes to after all."""
    if not is_own_cancellation(booking, step, actor.user_id, now=now):
        return None

    def come() -> None:
        with session.writing() as db:
            asked = UndoRequest(booking.id, booking.version)
            take_back_cancellation(db, actor, asked, now=utc_now())
        said = _("Undone: you are booked as before.")
        if name := family.name_of_another():
            said = _("Undone: {name} is booked as before.")
        feedback.flash(said.format(name=name))

    words = _("Cancelled: {professional}, {time}.").format(
        professional=booking.professional.name, time=when(booking.starts_at, session.zone(), now)
    )
    return Offered(words, str(booking.version), come)


def _take_booking_back(actor: Actor, booking: Booking) -> None:
    try:
        with session.writing() as db:
            undo(db, actor, UndoRequest(booking.id, booking.version), now=utc_now())
    except BookingError as refusal:
        open_booking.open(booking.id, refusal)
    else:
        feedback.flash(_("Undone for {name}.").format(name=open_booking.title_of(booking)))


def _series(actor: Actor, noted: Noted, now: datetime) -> Offered | None:
    with session.reading() as db:
        found = load_undoable(db, actor, noted.ids, now=now)
    left = [each for each in found if each.step.user_id == actor.user_id]
    back = [each.booking for each in left if each.booking.id not in noted.in_the_way]
    if not left:
        return None
    words, label = _what_of_all(left), ""
    if noted.in_the_way:
        taken = [each.booking for each in left if each.booking.id in noted.in_the_way]
        words = _taken(taken, now)
        label = ngettext("Undo the other", "Undo the other {count}", len(back))
    return Offered(
        words,
        f"series_{sum(each.version for each in back)}_{len(back)}",
        (lambda: _take_series_back(actor, noted, back)) if back else None,
        label.format(count=len(back)),
    )


def _take_series_back(actor: Actor, noted: Noted, back: Sequence[Booking]) -> None:
    """All of them, or those whose times are still free once it has been said which are not."""
    request = UndoSeriesRequest(tuple(Seen(each.id, each.version) for each in back))
    try:
        with session.writing() as db:
            undo_series(db, actor, request, now=utc_now())
    except NotAllBack as refusal:
        in_the_way: tuple[int, ...] = refusal.details["in_the_way"]
        last_step.note_in_the_way(noted, (*noted.in_the_way, *in_the_way))
    except BookingError as refusal:
        open_booking.open(back[0].id, refusal)
    else:
        sentence = ngettext(
            "Undone for {name}: {count} visit.", "Undone for {name}: {count} visits.", len(back)
        )
        feedback.flash(sentence.format(name=open_booking.title_of(back[0]), count=len(back)))


def _what_of_all(left: Sequence[Undoable]) -> str:
    name, count = open_booking.title_of(left[0].booking), len(left)
    if left[0].step.kind is EventKind.MOVED:
        sentence = ngettext("{name}: {count} visit moved.", "{name}: {count} visits moved.", count)
    else:
        sentence = ngettext(
            "{name}: {count} visit cancelled.", "{name}: {count} visits cancelled.", count
        )
    return sentence.format(name=name, count=count)


def _taken(bookings: Sequence[Booking], now: datetime) -> str:
    times = [when(each.starts_at, session.zone(), now) for each in bookings]
    named, more = "; ".join(times[:TOLD]), len(times) - TOLD
    if more > 0:
        sentence = ngettext(
            "Taken by now, nothing was undone: {times} and {count} more.",
            "Taken by now, nothing was undone: {times} and {count} more.",
            more,
        )
        return sentence.format(times=named, count=more)
    return _("Taken by now, nothing was undone: {times}.").format(times=named)


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


def _removed(actor: Actor, noted: Noted, _now: datetime) -> Offered | None:
    (id,) = noted.ids

    def put_back() -> None:
        with session.writing() as db:
            PUT_BACK[noted.kind](db, actor, id, now=utc_now())
        if noted.kind is Kind.MERGE:
            editing.forget()  # the fields of the record show what it says again
        feedback.flash(_("Undone."))

    return Offered(noted.words, f"{noted.kind.name}_{id}", put_back)


def _hours(actor: Actor, noted: Noted, _now: datetime) -> Offered | None:
    change_id, professional_id = noted.ids

    def put_back() -> None:
        with session.writing() as db:
            asked = UndoHours(professional_id, change_id)
            handed = take_back_weekly_hours(db, actor, asked, now=utc_now())
        weekly.forget()
        said = _("Undone: the hours are as they were.")
        feedback.flash(f"{said} {saving.handed_words(handed)}" if handed else said)

    return Offered(noted.words, f"hours_{change_id}", put_back)


def _draft(actor: Actor, noted: Noted, _now: datetime) -> Offered | None:
    discarded = noted.discarded
    assert discarded is not None
    kept = discarded.kept

    def put_back() -> None:
        with session.writing() as db:
            if drafts.find(db, actor, kept.form, now=utc_now()) is not None:
                raise Invalid(N_("Something else was typed there since. Save or discard it first."))
            about, at = discarded.about, kept.saved_at
            drafts.keep(db, actor, kept.form, kept.entries, about, now=at)
        st.session_state.pop(discarded.opened, None)
        feedback.flash(_("Undone. It is offered where it was typed."))

    return Offered(noted.words, f"draft_{kept.form}", put_back)


PUT_BACK: dict[Kind, Callable[..., object]] = {
    Kind.TIME_OFF: put_back_time_off,
    Kind.BLOCKED: remove_time_off,
    Kind.CLOSURE: put_back_closure,
    Kind.OPENING: put_back_opening,
    Kind.WAITING: reopen,
    Kind.RECALL: reopen_recall,
    Kind.MERGE: undo_merge,
}
OFFERED: dict[Kind, Callable[[Actor, Noted, datetime], Offered | None]] = {
    Kind.BOOKING: _booking,
    Kind.SERIES: _series,
    Kind.DRAFT: _draft,
    Kind.HOURS: _hours,
    **dict.fromkeys(PUT_BACK, _removed),
}
