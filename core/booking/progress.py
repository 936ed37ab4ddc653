"""How far a visit has come: arrived, in progress, completed, missed, cancelled, and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.booking.fitting import check_set_aside, document
from core.booking.groups import calendars_of_all, give_up_own_seat
from core.booking.ledger import check_text, check_version, enter, lock_booking, place_of, remember
from core.booking.requests import CancelRequest, MarkRequest, UndoRequest
from core.claims import ClaimRefused, calendars_of, clear_expired_holds, drop_claims, lay_claims
from core.errors import N_, Invalid, SlotTaken, WrongState
from core.models import Booking, BookingEvent, BookingState, EventKind, Override, OverrideKind, Role
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
        check_set_aside(actor, request.not_late)
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
        raise Invalid(N_("It is too early to call this a no-show."))
    if now < booking.starts_at - EARLIEST_ARRIVAL:
        raise Invalid(N_("This visit is not today. Move it first if the patient is here now."))
    before = place_of(booking)
    if booking.state is S.NO_SHOW:
        _claim_again(session, booking, now=now)
    enter(booking, request.state, now=now)
    if request.state is S.NO_SHOW:
        drop_claims(session, booking)
    remember(session, actor, booking, EventKind.MARKED, before, now=now)
    audit.record(session, actor, f"booking.{request.state}", booking, now=now)
    return booking


def undo(session: Session, actor: Actor, request: UndoRequest, *, now: datetime) -> Booking:
    """Take the last step back: a mark, or a cancellation whose time is still free."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = lock_booking(session, actor, request.booking_id)
    check_version(session, booking, request.version)
    previous = _state_before(session, booking)
    if previous is None:
        raise WrongState(state=booking.state, wanted=EventKind.UNDONE)
    before = place_of(booking)
    if not booking.occupies:
        _claim_again(session, booking, now=now)
    enter(booking, previous, now=now)
    if not booking.occupies:
        drop_claims(session, booking)
    remember(session, actor, booking, EventKind.UNDONE, before, now=now)
    audit.record(session, actor, "booking.undone", booking, now=now)
    return booking


def _claim_again(session: Session, booking: Booking, *, now: datetime) -> None:
    """Take the time of a cancelled or missed booking back, if nobody has it.

    A visit that was booked over another may lie over it again.
    """
    was_over = select(Override.id).where(
        Override.booking_id == booking.id, Override.kind == OverrideKind.OVERLAP
    )
    guarded = session.scalar(was_over.limit(1)) is None
    calendars = calendars_of(session, booking.id)
    clear_expired_holds(session, calendars, now=now)
    try:
        lay_claims(session, booking, booking.service, calendars, guarded=guarded)
    except ClaimRefused as lost:
        raise SlotTaken(professional=booking.professional.name) from lost


def is_undoable(session: Session, booking: Booking) -> bool:
    """Whether the last step was one that ``undo`` takes back."""
    return _state_before(session, booking) is not None


def _state_before(session: Session, booking: Booking) -> BookingState | None:
    """The state the last step began from; None when the last step was no change of state."""
    last = session.execute(
        select(BookingEvent.kind, BookingEvent.old_state)
        .where(BookingEvent.booking_id == booking.id)
        .order_by(BookingEvent.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.kind not in (EventKind.MARKED, EventKind.CANCELLED):
        return None
    previous: BookingState | None = last.old_state
    return previous
