"""Somebody at the counter without a booking: seen by whoever is free next, checked in at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.availability.next_free import MOST_PROPOSALS, NextAsked, Proposal, next_starts
from core.booking import BookingRequest, MarkRequest, book, mark
from core.models import Booking, BookingState
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class WalkInRequest:
    """``request_key`` is made when the form is first drawn: sent twice, it books once."""

    professional_id: int
    service_id: int
    patient_id: int
    starts_at: datetime
    request_key: str


def free_today(
    session: Session,
    actor: Actor,
    service_id: int,
    *,
    patient_id: int | None = None,
    now: datetime,
) -> Sequence[Proposal]:
    """Each professional's earliest start today, the soonest first."""
    require(actor, Permission.BOOKINGS_WRITE)
    asked = NextAsked(service_id, count=MOST_PROPOSALS, patient_id=patient_id)
    earliest: dict[int, Proposal] = {}
    for each in next_starts(session, actor, asked, now=now):
        known = earliest.get(each.professional_id)
        if each.days_to_wait == 0 and (known is None or each.starts_at < known.starts_at):
            earliest[each.professional_id] = each
    return sorted(earliest.values(), key=lambda each: (each.starts_at, each.rank))


def walk_in(session: Session, actor: Actor, request: WalkInRequest, *, now: datetime) -> Booking:
    """Book the start and note the arrival in one go; a key sent twice does it once."""
    require(actor, Permission.BOOKINGS_WRITE)
    booking = book(
        session,
        actor,
        BookingRequest(
            professional_id=request.professional_id,
            service_id=request.service_id,
            patient_id=request.patient_id,
            starts_at=request.starts_at,
            request_key=request.request_key,
        ),
        now=now,
    )
    if booking.state is not BookingState.BOOKED:
        return booking
    session.flush()
    arrived = MarkRequest(booking.id, booking.version, BookingState.ARRIVED)
    return mark(session, actor, arrived, now=now)
