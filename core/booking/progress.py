"""How far a visit has come: arrived, in progress, completed, missed, cancelled, and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.booking.by_patients import check_open_bookings
from core.booking.fitting import check_set_aside, document
from core.booking.groups import calendars_of_all, give_up_own_seat, take_seat_back
from core.booking.ledger import (
    check_text,
    check_version,
    did_last,
    enter,
    lock_booking,
    place_of,
    remember,
)
from core.booking.requests import CancelRequest, MarkRequest, UndoRequest
from core.booking.undoing import calendars_before, claim_again, find_undoable, put_back
from core.claims import drop_claims
from core.edits import UNDO_FOR
from core.errors import N_, Invalid, WrongState
from core.models import (
    Booking,
    BookingEvent,
    BookingState,
    Channel,
    EventKind,
    OverrideKind,
    Role,
)
from core.policy import Actor, Permission, require

P, S = Permission, BookingState

EARLIEST_ARRIVAL = timedelta(hours=12)

MAY_BECOME: Mapping[BookingState, frozenset[BookingState]] = {
    S.HELD: frozenset(),
    S.BOOKED: frozenset({S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW}),
    S.ARRIVED: frozenset({S.IN_PROGRESS, S.COMPLETED}),
    S.IN_PROGRESS: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    S.NO_SHOW: frozenset({S.ARRIVED}),
    S.CANCELLED: frozenset(),
}
"""What ``mark`` may do; ``cancel`` and ``undo`` have rules of their own."""

CANCELLABLE = frozenset({S.BOOKED, S.ARRIVED})
"""A hold is released instead: it was never a booking, so nothing of it is kept."""


def may_become(booking: Booking, state: BookingState, *, now: datetime) -> bool:
    """Whether ``mark`` would take this step now."""
    if state not in MAY_BECOME[booking.state] or now < booking.starts_at - EARLIEST_ARRIVAL:
        return False
    return state is not S.NO_SHOW or (now >= booking.starts_at and booking.seats == 1)


def cancel(session: Session, actor: Actor, request: CancelRequest, *, now: datetime) -> Booking:
    """Cancel with a reason; the time is free at once, and lateness noted by the service's rule."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    check_text(request.reason, "reason")
    if not request.reason.strip():
        raise Invalid(N_("Please give a reason for the cancellation."), field="reason")
    everybody = calendars_of_all(session, request.booking_id)
    booking = lock_booking(session, actor, request.booking_id, also=everybody)
    check_version(session, booking, request.version)
    if booking.state not in CANCELLABLE:
        raise WrongState(state=booking.state, wanted=S.CANCELLED)
    if actor.role is Role.PATIENT and booking.starts_at <= now:
        raise Invalid(N_("This booking has begun. Please call us instead."))
    if actor.role is Role.PATIENT and booking.seats > 1:
        return give_up_own_seat(session, actor, booking, now=now)
    before = place_of(booking)
    notice = timedelta(minutes=booking.service.cancel_notice_minutes)
    # Only who cancels can be late: when the place itself cancels, nobody is.
    booking.cancelled_late = request.asked_by_patient and now > booking.starts_at - notice
    booking.cancel_reason = request.reason.strip()
    booking.cancel_asked_by_patient = request.asked_by_patient
    if booking.cancelled_late and request.not_late is not None:
        check_set_aside(session, actor, request.not_late)
        booking.cancelled_late = False
        kinds = frozenset({OverrideKind.LATE_CANCEL})
        document(session, actor, booking, kinds, request.not_late, now=now)
    enter(booking, S.CANCELLED, now=now)
    drop_claims(session, booking)
    remember(session, actor, booking, EventKind.CANCELLED, before, now=now)
    audit.record(session, actor, "booking.cancelled", booking, now=now)
    return booking


def mark(session: Session, actor: Actor, request: MarkRequest, *, now: datetime) -> Booking:
    """Note how far a visit has come: arrived, in progress, completed or no-show."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = lock_booking(session, actor, request.booking_id)
    check_version(session, booking, request.version)
    if request.state not in MAY_BECOME[booking.state]:
        raise WrongState(state=booking.state, wanted=request.state)
    if request.state is S.NO_SHOW and booking.seats > 1:
        raise Invalid(N_("In a group, note for each patient who has not come."))
    if request.state is S.NO_SHOW and now < booking.starts_at:
        raise Invalid(
            N_("It is too early to call this a no-show. Please wait until the visit has begun.")
        )
    if now < booking.starts_at - EARLIEST_ARRIVAL:
        raise Invalid(N_("This visit is not today. Move it first if the patient is here now."))
    before = place_of(booking)
    if booking.state is S.NO_SHOW:
        claim_again(session, actor, booking, now=now)
    enter(booking, request.state, now=now)
    if request.state is S.NO_SHOW:
        drop_claims(session, booking)
    remember(session, actor, booking, EventKind.MARKED, before, now=now)
    audit.record(session, actor, f"booking.{request.state}", booking, now=now)
    return booking


def undo(session: Session, actor: Actor, request: UndoRequest, *, now: datetime) -> Booking:
    """Take the last step back: a mark, a cancellation, and for ten minutes a move or a seat left.

    A time that somebody has taken meanwhile raises ``SlotTaken`` with the nearest others.
    Asked for twice it is taken back once.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    step = find_undoable(session, request.booking_id, now=now)
    also = calendars_of_all(session, request.booking_id) | calendars_before(session, step)
    booking = lock_booking(session, actor, request.booking_id, also=also)
    if did_last(session, actor.user_id, booking, EventKind.UNDONE, request.version):
        return booking
    check_version(session, booking, request.version)
    if step is None:
        raise WrongState(state=booking.state, wanted=EventKind.UNDONE)
    if step.kind is EventKind.LEFT:
        take_seat_back(session, actor, booking, step.patient_id, now=now)
    else:
        before = place_of(booking)
        if step.kind is EventKind.MOVED:
            put_back(session, actor, booking, step, now=now)
        else:
            _step_back(session, actor, booking, step, now=now)
        remember(session, actor, booking, EventKind.UNDONE, before, now=now)
    audit.record(session, actor, "booking.undone", booking, now=now)
    return booking


def take_back_cancellation(
    session: Session, actor: Actor, request: UndoRequest, *, now: datetime
) -> Booking:
    """Come after all: for ten minutes, for whoever cancelled it, while it has not begun.

    A time that somebody has taken meanwhile raises ``SlotTaken``, as with ``undo``.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    step = find_undoable(session, request.booking_id, now=now)
    everybody = calendars_of_all(session, request.booking_id)
    booking = lock_booking(session, actor, request.booking_id, also=everybody)
    check_version(session, booking, request.version)
    if step is None or not is_own_cancellation(booking, step, actor.user_id, now=now):
        raise WrongState(state=booking.state, wanted=EventKind.UNDONE)
    if booking.channel is Channel.PATIENT:
        check_open_bookings(session, actor, now=now)
    before = place_of(booking)
    _step_back(session, actor, booking, step, now=now)
    remember(session, actor, booking, EventKind.UNDONE, before, now=now)
    audit.record(session, actor, "booking.undone", booking, now=now)
    return booking


def is_own_cancellation(
    booking: Booking, step: BookingEvent, user_id: int | None, *, now: datetime
) -> bool:
    """Whether this very person has just cancelled it, and could still come."""
    is_theirs = step.kind is EventKind.CANCELLED and step.user_id == user_id
    return is_theirs and now < min(step.at + UNDO_FOR, booking.starts_at)


def _step_back(
    session: Session, actor: Actor, booking: Booking, step: BookingEvent, *, now: datetime
) -> None:
    assert step.old_state is not None
    if not booking.occupies:
        claim_again(session, actor, booking, now=now)
    if booking.state is S.CANCELLED:
        booking.cancel_asked_by_patient = True  # as for any that was never cancelled
        booking.arrived_at = _arrival(session, booking.id)
    enter(booking, step.old_state, now=now)
    if not booking.occupies:
        drop_claims(session, booking)


def _arrival(session: Session, booking_id: int) -> datetime | None:
    """When the patient last arrived: a cancellation clears it, and they have waited since."""
    return session.scalar(
        select(BookingEvent.at)
        .where(
            BookingEvent.booking_id == booking_id,
            BookingEvent.kind == EventKind.MARKED,
            BookingEvent.new_state == S.ARRIVED,
        )
        .order_by(BookingEvent.id.desc())
        .limit(1)
    )
