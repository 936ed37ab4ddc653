"""The last step of a booking, and its old time taken back if nobody has it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.availability import ReasonCode
from core.booking.confirming import forget_confirmations
from core.booking.fitting import refusal
from core.claims import ClaimRefused, calendars_of, clear_expired_holds, drop_claims, lay_claims
from core.db import overlaps
from core.edits import UNDO_FOR
from core.errors import NotFound, SlotTaken
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    Claim,
    EventKind,
    Override,
    OverrideKind,
    Patient,
    Professional,
    Room,
    Service,
)
from core.policy import Actor, Permission, allows
from core.visits import load_around, reasons_against, want

AT_ANY_TIME = (EventKind.MARKED, EventKind.CANCELLED)
SOON = (EventKind.MOVED, EventKind.LEFT)
"""Within ``UNDO_FOR`` alone."""
COMES = (EventKind.BOOKED, EventKind.MOVED, EventKind.UNDONE, EventKind.JOINED)
"""Steps by which a booking takes time."""
SOMEBODY_ELSE = {ReasonCode.TAKEN, ReasonCode.HELD, ReasonCode.PATIENT_BUSY}


def find_undoable(session: Session, booking_id: int, *, now: datetime) -> BookingEvent | None:
    """The last step, if it is one that ``undo`` takes back now."""
    last = session.scalar(
        select(BookingEvent)
        .where(BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.id.desc())
        .limit(1)
    )
    return last if last is not None and is_undoable(last, now=now) else None


def is_undoable(last: BookingEvent, *, now: datetime) -> bool:
    """Whether what happened last is one of the steps that can be taken back, and soon enough."""
    return last.kind in AT_ANY_TIME or (last.kind in SOON and now < last.at + UNDO_FOR)


def calendars_before(session: Session, step: BookingEvent | None) -> set[int]:
    """Calendars the booking claimed before the step, beside those it claims now."""
    if step is None:
        return set()
    professional = select(Professional.calendar_id).where(
        Professional.id == step.old_professional_id
    )
    room = select(Room.calendar_id).where(Room.id == step.old_room_id)
    return set(session.scalars(professional.union_all(room)))


def put_back(
    session: Session, actor: Actor, booking: Booking, step: BookingEvent, *, now: datetime
) -> None:
    """Where and what it was before it was moved; professionals within their own calendar."""
    assert step.old_starts_at is not None
    assert step.old_ends_at is not None
    own_only = not allows(actor, Permission.BOOKINGS_WRITE)
    professional = session.get(Professional, step.old_professional_id)
    if professional is None or (own_only and professional.id != actor.professional_id):
        raise NotFound(what="professional")
    drop_claims(session, booking)
    forget_confirmations(session, [booking.id])
    booking.professional_id, booking.professional = professional.id, professional
    booking.room_id = step.old_room_id
    booking.starts_at, booking.ends_at = step.old_starts_at, step.old_ends_at
    if step.old_service_id is not None and step.old_price_cents is not None:
        booking.service_id = step.old_service_id
        booking.service = session.get_one(Service, step.old_service_id)
        booking.price_cents = step.old_price_cents
    booking.updated_at = now
    claim_again(session, actor, booking, now=now)


def claim_again(session: Session, actor: Actor, booking: Booking, *, now: datetime) -> None:
    """Take back the time that a booking has given up, if nobody has it and everybody is there.

    A visit that was booked over another may lie over that one again, and over nobody new.
    """
    _check_not_archived(session, booking)
    calendars = calendars_of(session, booking.id)
    clear_expired_holds(session, calendars, now=now)
    try:
        with session.begin_nested():
            lay_claims(session, booking, booking.service, calendars)
    except ClaimRefused as lost:
        if not _was_over(session, booking) or _has_newcomer(session, booking, calendars):
            raise _lost(session, actor, booking, now=now) from lost
        lay_claims(session, booking, booking.service, calendars, guarded=False)


def _was_over(session: Session, booking: Booking) -> bool:
    overlap = select(Override.id).where(
        Override.booking_id == booking.id, Override.kind == OverrideKind.OVERLAP
    )
    return session.scalar(overlap.limit(1)) is not None


def _has_newcomer(session: Session, booking: Booking, calendars: Iterable[int]) -> bool:
    """Whether somebody came to lie there since the booking gave the time up in its last step."""
    given_up = select(func.max(BookingEvent.id)).where(BookingEvent.booking_id == booking.id)
    came = exists().where(
        BookingEvent.booking_id == Claim.booking_id,
        BookingEvent.id > given_up.scalar_subquery(),
        BookingEvent.kind.in_(COMES),
    )
    newcomers = (
        select(Claim.id)
        .join(Booking, Booking.id == Claim.booking_id)
        .where(
            Claim.calendar_id.in_(calendars),
            Claim.booking_id != booking.id,
            overlaps(
                Claim.starts_at.expression,
                Claim.ends_at.expression,
                booking.starts_at,
                booking.ends_at,
            ),
            came | (Booking.state == BookingState.HELD),
        )
    )
    return session.scalar(newcomers.limit(1)) is not None


def _check_not_archived(session: Session, booking: Booking) -> None:
    professional = select(Professional.archived_at).where(
        Professional.id == booking.professional_id
    )
    if session.scalar(professional) is not None:
        raise NotFound(what="professional")
    room = select(Room.archived_at).where(Room.id == booking.room_id)
    if session.scalar(room) is not None:
        raise NotFound(what="room")
    patients = (
        select(Patient.id)
        .join(Attendee, Attendee.patient_id == Patient.id)
        .where(Attendee.booking_id == booking.id, Patient.archived_at.is_not(None))
    )
    if booking.seats == 1 and session.scalar(patients.limit(1)) is not None:
        raise NotFound(what="patient")


def _lost(session: Session, actor: Actor, booking: Booking, *, now: datetime) -> Exception:
    """Who has the time now, and the nearest that are free."""
    wanted = want(
        session,
        actor,
        professional_id=booking.professional_id,
        service_id=booking.service_id,
        patient_ids=tuple(_coming(booking)),
        booking_id=booking.id,
    )
    loaded = load_around(session, wanted, booking.starts_at, now=now)
    against = reasons_against(wanted, loaded, booking.starts_at, now=now)
    reasons = [each for each in against if each.code in SOMEBODY_ELSE]
    if not reasons:
        return SlotTaken(professional=booking.professional.name)
    return refusal(session, actor, wanted, booking.starts_at, reasons, now=now)


def _coming(booking: Booking) -> Iterable[int]:
    seats = [each for each in booking.attendees if not each.waiting]
    everybody = booking.seats == 1
    return [each.patient_id for each in seats if everybody or each.state in OCCUPYING]
