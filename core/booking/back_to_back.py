"""Booking visits back to back: all legs of a chain in one go, or none."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from core.booking.chain import (
    MOST_LEGS,
    ChainAsked,
    Leg,
    Placed,
    asked_of,
    check_count,
    preview_chain,
)
from core.booking.ledger import check_text
from core.booking.placing import book
from core.booking.requests import BookingRequest
from core.db import lock_calendars
from core.errors import N_, CannotBook, ChainRefused, Invalid, KeyReused
from core.models import (
    Booking,
    Patient,
    Professional,
    ProfessionalService,
    Room,
    ServiceRoom,
)
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class ChainRequest:
    """``request_key`` is made when the form is first drawn: sent twice, it books once."""

    asked: ChainAsked
    request_key: str
    desk_note: str = ""
    """About the first patient, and kept with their visits alone."""


def book_back_to_back(
    session: Session, actor: Actor, request: ChainRequest, *, now: datetime
) -> list[Booking]:
    """Book every leg, or raise ``ChainRefused`` with the one that does not fit and book none.

    The same request again returns the bookings it made; other content under the same key
    raises ``KeyReused``. Each is a booking of its own from then on.
    """
    require(actor, Permission.BOOKINGS_WRITE)
    check_text(request.desk_note, "desk_note")
    legs = request.asked.legs
    check_count(legs)
    if any(each.patient_id is None for each in legs):
        raise Invalid(N_("Please choose the patient."), field="patient")
    hold_legs(session, legs)
    if repeated := find_booked_chain(session, actor, request.request_key):
        if repeated[0].request_sha256 != _fingerprint(request):
            raise KeyReused
        return repeated
    plan = preview_chain(session, actor, request.asked, now=now)
    if plan.no_place is not None:
        no_place = plan.no_place
        raise ChainRefused(
            number=no_place.number + 1, service=no_place.service, reasons=no_place.reasons
        )
    with session.begin_nested():  # none of them stays where one is refused after all
        return [
            _book_leg(session, actor, request, number, placed, now=now)
            for number, placed in enumerate(plan.placed)
        ]


def hold_legs(session: Session, legs: Sequence[Leg]) -> None:
    """Hold every calendar a chain may claim, all at once and in order.

    Before anything is written for it: a patient who is added takes the audit's lock.
    """
    services = [each.service_id for each in legs]
    patients = [each.patient_id for each in legs if each.patient_id is not None]
    people = (
        select(Professional.calendar_id)
        .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
        .where(asked_of(legs))
    )
    rooms = (
        select(Room.calendar_id)
        .join(ServiceRoom, ServiceRoom.room_id == Room.id)
        .where(ServiceRoom.service_id.in_(services))
    )
    comers = select(Patient.calendar_id).where(Patient.id.in_(patients))
    lock_calendars(session, set(session.scalars(union(people, rooms, comers))))


def find_booked_chain(session: Session, actor: Actor, request_key: str) -> list[Booking]:
    """What the actor's form has booked already, if it was sent before."""
    require(actor, Permission.BOOKINGS_WRITE)
    keys = [_leg_key(request_key, number) for number in range(MOST_LEGS)]
    found = session.scalars(
        select(Booking).where(Booking.created_by == actor.user_id, Booking.request_key.in_(keys))
    )
    return sorted(found, key=lambda each: keys.index(each.request_key))


def _book_leg(
    session: Session,
    actor: Actor,
    request: ChainRequest,
    number: int,
    placed: Placed,
    *,
    now: datetime,
) -> Booking:
    leg = request.asked.legs[number]
    assert leg.patient_id is not None
    one = BookingRequest(
        placed.professional_id,
        leg.service_id,
        leg.patient_id,
        placed.starts_at,
        _leg_key(request.request_key, number),
        request.desk_note if leg.patient_id == request.asked.legs[0].patient_id else "",
        hold_id=request.asked.hold_id,
        part_of=_fingerprint(request),
    )
    try:
        return book(session, actor, one, now=now)
    except CannotBook as lost:
        reasons = lost.details.get("reasons", ())
        raise ChainRefused(number=number + 1, service=placed.service, reasons=reasons) from lost


def _leg_key(request_key: str, number: int) -> str:
    """A key for each booking, made of the one for all; hashed, so that any key is short enough."""
    return f"chain {hashlib.sha256(request_key.encode()).hexdigest()[:48]} {number}"


def _fingerprint(request: ChainRequest) -> str:
    """The content a key stands for; a hold that was turned into it is not part of that."""
    content = asdict(request)
    content.pop("request_key")
    content["asked"].pop("hold_id")
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
