"""Confirmed by telephone: that a patient said they will come, who noted it and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.booking.ledger import check_version, lock_booking
from core.booking.requests import ConfirmRequest
from core.errors import N_, Invalid, NotFound
from core.models import Attendee, Booking, BookingState, Confirmation, User
from core.policy import Actor, Permission, require, visible_bookings

P, S = Permission, BookingState


@dataclass(frozen=True)
class Confirmed:
    at: datetime
    by: str
    """The name of who noted it."""


def confirm_by_phone(
    session: Session, actor: Actor, request: ConfirmRequest, *, now: datetime
) -> Booking:
    """Note that the patient will come at the time the caller sees.

    The version makes sure that it is still that time; the tick itself leaves it as it is, so
    that nobody who has the booking open has to look again.
    """
    booking, attendee = _find(session, actor, request)
    if attendee.state is not S.BOOKED or attendee.waiting or booking.starts_at <= now:
        raise Invalid(
            N_(
                "Only a visit that is still to come can be confirmed. Please look again: it "
                "has begun, or was cancelled."
            )
        )
    if session.get(Confirmation, attendee.id) is None:
        tick = Confirmation(attendee_id=attendee.id, confirmed_at=now, user_id=actor.user_id)
        session.add(tick)
        told = {"patient": request.patient_id}
        audit.record(session, actor, "booking.confirmed", booking, now=now, **told)
    return booking


def take_back_confirmation(
    session: Session, actor: Actor, request: ConfirmRequest, *, now: datetime
) -> Booking:
    """The tick was set by mistake, or the patient is no longer sure."""
    booking, attendee = _find(session, actor, request)
    tick = session.get(Confirmation, attendee.id)
    if tick is not None:
        session.delete(tick)
        told = {"patient": request.patient_id}
        audit.record(session, actor, "booking.not_confirmed", booking, now=now, **told)
    return booking


def load_confirmed(
    session: Session, actor: Actor, booking_ids: Sequence[int]
) -> Mapping[tuple[int, int], Confirmed]:
    """Who has confirmed which of the bookings, by booking and patient."""
    rows = session.execute(
        select(Attendee.booking_id, Attendee.patient_id, Confirmation.confirmed_at, User.name)
        .join(Confirmation, Confirmation.attendee_id == Attendee.id)
        .outerjoin(User, User.id == Confirmation.user_id)
        .where(
            Attendee.booking_id.in_(booking_ids),
            Attendee.booking_id.in_(visible_bookings(actor).with_only_columns(Booking.id)),
        )
    )
    return {(booking, patient): Confirmed(at, by or "") for booking, patient, at, by in rows}


def forget_confirmations(session: Session, booking_ids: Sequence[int]) -> None:
    """A new time is not confirmed by anybody yet."""
    coming = select(Attendee.id).where(Attendee.booking_id.in_(booking_ids))
    session.execute(delete(Confirmation).where(Confirmation.attendee_id.in_(coming)))


def _find(session: Session, actor: Actor, request: ConfirmRequest) -> tuple[Booking, Attendee]:
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = lock_booking(session, actor, request.booking_id)
    check_version(session, booking, request.version)
    for each in booking.attendees:
        if each.patient_id == request.patient_id:
            return booking, each
    raise NotFound(what=N_("patient"))
