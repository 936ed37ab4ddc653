"""Series in the dialogs: booking one, and moving or cancelling more of one than a booking."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog
from core.db import utc_now
from core.errors import N_, BookingError
from core.models import Booking, Role
from core.policy import Actor
from core.series import (
    CancelSeriesRequest,
    MoveSeriesAsked,
    MoveSeriesRequest,
    RowChange,
    RowKey,
    Scope,
    Seen,
    SeriesAsked,
    SeriesPlan,
    SeriesRequest,
    book_series,
    load_series,
    preview_move,
    preview_series,
    to_come,
)
from dashboard import feedback, keys, session
from dashboard.components.series_preview import Reader, series_preview
from dashboard.formatting import when
from dashboard.i18n import _, ngettext

SCOPES = {
    Scope.ONE: N_("This one"),
    Scope.THIS_AND_LATER: N_("This and later ones"),
    Scope.ALL: N_("All to come"),
}


@dataclass(frozen=True)
class NewSeries:
    """What the dialog for a new booking knows once it repeats."""

    asked: SeriesAsked
    name: str
    """Who it is for; empty until somebody is chosen."""
    patient_of: Callable[[Session, datetime], int]
    """Adds somebody new, in the transaction of the series."""
    request_key: str
    note: str
    done: Callable[[], None]
    """Closes the dialog."""


def book_form(actor: Actor, new: NewSeries, zone: ZoneInfo, *, key: str) -> None:
    """Every date with its state, and one button that books what is left of them."""
    key = f"{key}_series"
    new = replace(new, asked=replace(new.asked, changes=_changes(key)))
    if refusal := st.session_state.pop(f"{key}_refused", None):
        feedback.refuse(refusal)
    plan = _draw(lambda db, now: preview_series(db, actor, new.asked, now=now), zone, key)
    # As long as something is in the way of one, nobody knows how many they will be.
    count = len(plan.chosen) if plan and not plan.refused else 0
    name = feedback.md(new.name)
    label = ngettext("Book {count} visit for {name}", "Book {count} visits for {name}", count)
    pressed = st.button(
        label.format(count=count, name=name) if name and count else _("Book"),
        key=f"{key}_book",
        type="primary",
        width="stretch",
        disabled=not name or not count,
        shortcut=keys.TAKE.press,
    )
    if pressed:
        _book(actor, new, zone, key)


@dataclass(frozen=True)
class Reach:
    """How much of a series a change reaches, as it was on the screen."""

    scope: Scope = Scope.ONE
    seen: tuple[Seen, ...] = ()

    @property
    def is_more(self) -> bool:
        return self.scope is not Scope.ONE

    @property
    def press(self) -> str:
        """For the keys of buttons: a press on what has changed since finds nothing to press."""
        return f"{self.scope}_{hash(self.seen)}"


def ask_reach(actor: Actor, booking: Booking, zone: ZoneInfo, *, key: str) -> Reach:
    """How much of its series a change of this booking reaches; asked where there is more."""
    if booking.series_id is None or actor.role is Role.PATIENT:
        return Reach()
    with session.reading() as db:
        series = [each.id for each in load_series(db, actor, booking.id)]
        coming = to_come(db, actor, booking.id, Scope.ALL, now=utc_now())
    if booking.id in series:
        place = series.index(booking.id) + 1
        st.caption(
            _("Visit {number} of {count} in a series").format(number=place, count=len(series))
        )
    if len(coming) < 2:
        return Reach()
    scope = st.segmented_control(
        _("Move or cancel"),
        list(Scope),
        format_func=lambda each: _(SCOPES[each]),
        default=Scope.ONE,
        required=True,
        key=f"{key}_scope",
    )
    if scope is Scope.ONE:
        return Reach()
    if scope is Scope.THIS_AND_LATER:
        coming = [each for each in coming if each.starts_at >= booking.starts_at]
    if not coming:
        return Reach()
    reach = Reach(scope, tuple(Seen(each.id, each.version) for each in coming))
    _tell_changes(reach, key=key)
    st.caption(_from_to(coming, zone))
    return reach


def ask_move(
    actor: Actor, asked: MoveSeriesAsked, reach: Reach, zone: ZoneInfo, *, key: str
) -> MoveSeriesRequest | None:
    """Where each booking would go; the request for all of them once it is pressed."""
    key = f"{key}_series_{reach.scope}_{asked.professional_id}_{asked.starts_at.isoformat()}"
    asked = replace(asked, changes=_changes(key))
    plan = _draw(lambda db, now: preview_move(db, actor, asked, now=now), zone, key)
    if plan is None:
        return None
    count = 0 if plan.refused else len(plan.chosen)
    label = ngettext("Move {count} visit", "Move {count} visits", count).format(count=count)
    pressed = st.button(
        label if count else _("Move"),
        key=f"{key}_{reach.press}_move",
        type="primary",
        disabled=not count,
    )
    return MoveSeriesRequest(asked, reach.seen) if pressed else None


def minute_of(starts_at: datetime, zone: ZoneInfo) -> int:
    """What the clock on the wall shows then, in minutes since midnight."""
    there = starts_at.astimezone(zone)
    return there.hour * 60 + there.minute


def cancelled(request: CancelSeriesRequest, name: str) -> str:
    count = len(request.seen)
    sentence = ngettext(
        "Cancelled {count} visit: {name}.", "Cancelled {count} visits: {name}.", count
    )
    return sentence.format(count=count, name=name)


def moved(request: MoveSeriesRequest, name: str, zone: ZoneInfo) -> str:
    return _("Moved the visits of {name}: this one to {time}.").format(
        name=name, time=when(request.asked.starts_at, zone, utc_now())
    )


def _tell_changes(reach: Reach, *, key: str) -> None:
    """Say so when somebody changed the series since this dialog showed it last."""
    shown = st.session_state.get(f"{key}_seen_{reach.scope}", reach.seen)
    st.session_state[f"{key}_seen_{reach.scope}"] = reach.seen
    if shown != reach.seen:
        st.warning(_("The series has changed in the meantime. Please look again."))


def _draw(
    preview: Callable[[Session, datetime], SeriesPlan], zone: ZoneInfo, key: str
) -> SeriesPlan | None:
    """Draw the dates; None where what is asked for is no series at all."""
    now = utc_now()
    try:
        with session.reading() as db:
            plan = preview(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return None

    def change(row: RowKey, starts_at: datetime | None, *, back: bool = False) -> None:
        kept = [each for each in _changes(key) if each.row != row]
        changed = [] if back else [RowChange(row, starts_at)]
        st.session_state[f"{key}_changes"] = (*kept, *changed)

    series_preview(plan, Reader(zone, now), key=key, change=change)
    return plan


def _changes(key: str) -> tuple[RowChange, ...]:
    """The rows somebody left out or gave another time."""
    changes: tuple[RowChange, ...] = st.session_state.get(f"{key}_changes", ())
    return changes


def _book(actor: Actor, new: NewSeries, zone: ZoneInfo, key: str) -> None:
    now = utc_now()
    try:
        with session.writing() as db:
            asked = replace(new.asked, patient_id=new.patient_of(db, now))
            request = SeriesRequest(asked, new.request_key, new.note)
            bookings = book_series(db, actor, request, now=now)
            professional = catalog.load_professional(db, actor, asked.professional_id)
    except BookingError as refusal:
        st.session_state[f"{key}_refused"] = refusal
        st.rerun()
    new.done()
    sentence = ngettext(
        "Booked {count} visit for {patient} with {professional}, {time}.",
        "Booked {count} visits for {patient} with {professional}, the first {time}.",
        len(bookings),
    )
    feedback.flash(
        sentence.format(
            count=len(bookings),
            patient=new.name,
            professional=professional.name,
            time=when(bookings[0].starts_at, zone, now),
        )
    )
    st.rerun()


def _from_to(bookings: list[Booking], zone: ZoneInfo) -> str:
    """How many visits a change touches, from when to when."""
    now = utc_now()
    sentence = ngettext(
        "{count} visit: {first}", "{count} visits, {first} to {last}", len(bookings)
    )
    return feedback.md(
        sentence.format(
            count=len(bookings),
            first=when(bookings[0].starts_at, zone, now),
            last=when(bookings[-1].starts_at, zone, now),
        )
    )
