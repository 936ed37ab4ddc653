"""Group visits: one booking with seats, a claim and a state for each patient.

The visit holds the professional's time once. Beyond the seats patients wait; who leaves makes
room for the first of them.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.availability import load_busy
from core.booking.ledger import check_version, lock_booking, place_of, remember
from core.claims import ClaimRefused, clear_expired_holds, lay_claims
from core.errors import N_, Invalid, NotFound, SlotTaken, WrongState
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    BookingState,
    Claim,
    Confirmation,
    EventKind,
    Patient,
)
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


@dataclass(frozen=True)
class SeatRequest:
    """One patient of a group visit."""

    booking_id: int
    version: int
    patient_id: int


@dataclass(frozen=True)
class SeatMark:
    booking_id: int
    version: int
    patient_id: int
    state: BookingState


def join(session: Session, actor: Actor, request: SeatRequest, *, now: datetime) -> Attendee:
    """Give the patient a seat, or a place among those who wait when all seats are taken."""
    require(actor, P.BOOKINGS_WRITE)
    patient = session.get(Patient, request.patient_id)
    if patient is None or patient.archived_at is not None:
        raise NotFound(what="patient")
    booking = _lock_group(session, actor, request, also=patient.calendar_id)
    if any(each.patient_id == patient.id and _takes_part(each) for each in booking.attendees):
        raise Invalid(
            N_("{name} is in this group already. Please choose somebody else."), name=patient.name
        )
    return _give_seat(session, actor, booking, patient, now=now)


def take_seat_back(
    session: Session, actor: Actor, booking: Booking, patient_id: int | None, *, now: datetime
) -> Attendee:
    """Give the one who has just left a place again: their seat is still free, or they wait.

    The caller holds the booking and the calendars of all who had to do with it.
    """
    patient = session.get(Patient, patient_id)
    if patient is None or patient.archived_at is not None:
        raise NotFound(what="patient")
    if booking.state not in OCCUPYING:
        raise WrongState(state=booking.state, wanted=EventKind.JOINED)
    return _give_seat(session, actor, booking, patient, now=now)


def _give_seat(
    session: Session, actor: Actor, booking: Booking, patient: Patient, *, now: datetime
) -> Attendee:
    clear_expired_holds(session, [patient.calendar_id], now=now)
    seat = _seat_of(session, booking, patient.id)
    seat.waiting = seats_taken(booking) >= booking.seats
    seat.state = S.BOOKED
    if not seat.waiting:
        _claim_seat(session, booking, patient, now=now)
    _note(session, actor, booking, EventKind.JOINED, patient.id, "group.joined", now=now)
    return seat


def leave(session: Session, actor: Actor, request: SeatRequest, *, now: datetime) -> Booking:
    """Free the patient's seat at once; the first who waits, and is free, moves up."""
    require(actor, P.BOOKINGS_WRITE)
    booking = _lock_group(session, actor, request)
    seat = _part_of(booking, request.patient_id)
    seat.state = S.CANCELLED  # who only waited still did: no seat was given up
    _drop_seat(session, booking, request.patient_id)
    _note(session, actor, booking, EventKind.LEFT, seat.patient_id, "group.left", now=now)
    _move_up(session, actor, booking, now=now)
    return booking


def give_up_own_seat(session: Session, actor: Actor, booking: Booking, *, now: datetime) -> Booking:
    """What cancelling means for a patient of a group: their own seat, and nobody else's.

    The caller holds the booking under its lock.
    """
    seat = _part_of(booking, actor.patient_id)
    seat.state = S.CANCELLED  # who only waited still did: no seat was given up
    _drop_seat(session, booking, seat.patient_id)
    _note(session, actor, booking, EventKind.LEFT, seat.patient_id, "group.left", now=now)
    _move_up(session, actor, booking, now=now)
    return booking


def mark_seat(session: Session, actor: Actor, request: SeatMark, *, now: datetime) -> Attendee:
    """Note one patient's own state: arrived, completed or no-show."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = _lock_group(session, actor, request)
    seat = _part_of(booking, request.patient_id)
    if seat.waiting or request.state not in (S.BOOKED, S.ARRIVED, S.COMPLETED, S.NO_SHOW):
        raise WrongState(state=seat.state, wanted=request.state)
    if request.state is S.NO_SHOW:
        if now < booking.starts_at:
            raise Invalid(
                N_("It is too early to call this a no-show. Please wait until the visit has begun.")
            )
        _drop_seat(session, booking, seat.patient_id)
    elif seat.state is S.NO_SHOW:
        patient = session.get_one(Patient, seat.patient_id)
        _claim_seat(session, booking, patient, now=now)
    seat.state = request.state
    _next_version(booking, now)
    audit.record(
        session, actor, f"group.{request.state}", booking, now=now, patient=seat.patient_id
    )
    return seat


def seats_taken(booking: Booking) -> int:
    return sum(_has_seat(each) for each in booking.attendees)


def _takes_part(seat: Attendee) -> bool:
    return seat.state in OCCUPYING or seat.state is S.NO_SHOW


def _has_seat(seat: Attendee) -> bool:
    return _takes_part(seat) and not seat.waiting


def calendars_of_all(session: Session, booking_id: int) -> set[int]:
    """Calendars of everybody who has to do with it: who leaves may let one who waits move up."""
    calendars = select(Patient.calendar_id).join(Attendee, Attendee.patient_id == Patient.id)
    return set(session.scalars(calendars.where(Attendee.booking_id == booking_id)))


def _lock_group(
    session: Session, actor: Actor, request: SeatRequest | SeatMark, *, also: int | None = None
) -> Booking:
    calendars = calendars_of_all(session, request.booking_id) | ({also} if also else set())
    booking = lock_booking(session, actor, request.booking_id, also=calendars)
    check_version(session, booking, request.version)
    if booking.seats < 2:
        raise Invalid(N_("This is not a group visit. Book another visit for this patient instead."))
    if booking.state not in OCCUPYING or booking.state is S.HELD:
        raise WrongState(state=booking.state, wanted=EventKind.JOINED)
    return booking


def _part_of(booking: Booking, patient_id: int | None) -> Attendee:
    for each in booking.attendees:
        if each.patient_id == patient_id and _takes_part(each):
            return each
    raise NotFound(what="patient")


def _seat_of(session: Session, booking: Booking, patient_id: int) -> Attendee:
    """A new place at the end of the list, also for who was here before and comes back."""
    for each in [one for one in booking.attendees if one.patient_id == patient_id]:
        session.execute(delete(Confirmation).where(Confirmation.attendee_id == each.id))
        booking.attendees.remove(each)
        session.delete(each)
        session.flush()
    seat = Attendee(patient_id=patient_id, state=S.CANCELLED, waiting=False)
    booking.attendees.append(seat)
    return seat


def _claim_seat(session: Session, booking: Booking, patient: Patient, *, now: datetime) -> None:
    if not _is_free(session, booking, patient, now=now):
        raise SlotTaken(professional=patient.name)
    try:
        lay_claims(session, booking, booking.service, [patient.calendar_id])
    except ClaimRefused as lost:
        raise SlotTaken(professional=patient.name) from lost


def _is_free(session: Session, booking: Booking, patient: Patient, *, now: datetime) -> bool:
    start, end = booking.interval.span
    busy = load_busy(session, [patient.calendar_id], (start, end), now=now)
    return not any(
        start < each.end and each.start < end for each in busy.get(patient.calendar_id, ())
    )


def _drop_seat(session: Session, booking: Booking, patient_id: int) -> None:
    calendar = select(Patient.calendar_id).where(Patient.id == patient_id).scalar_subquery()
    session.execute(
        delete(Claim).where(Claim.booking_id == booking.id, Claim.calendar_id == calendar)
    )


def _move_up(session: Session, actor: Actor, booking: Booking, *, now: datetime) -> None:
    for seat in booking.attendees:
        if seats_taken(booking) >= booking.seats:
            return
        if not (seat.waiting and _takes_part(seat)):
            continue
        patient = session.get_one(Patient, seat.patient_id)
        if _is_free(session, booking, patient, now=now):
            seat.waiting = False
            lay_claims(session, booking, booking.service, [patient.calendar_id])
            _note(session, actor, booking, EventKind.JOINED, patient.id, "group.moved_up", now=now)


def _note(
    session: Session,
    actor: Actor,
    booking: Booking,
    kind: EventKind,
    patient_id: int,
    action: str,
    *,
    now: datetime,
) -> None:
    _next_version(booking, now)
    remember(session, actor, booking, kind, place_of(booking), now=now, patient_id=patient_id)
    audit.record(session, actor, action, booking, now=now, patient=patient_id)


def _next_version(booking: Booking, now: datetime) -> None:
    """A change of seats is a change of the booking, twice in a second too."""
    booking.updated_at = now
    flag_modified(booking, "updated_at")
