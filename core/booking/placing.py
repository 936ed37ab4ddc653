"""Putting a booking in a calendar, and moving it there.

Both go the same way: require, lock, load, check, write, record, return. The check in Python
finds the kind words; the guard in the database is the promise.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.availability import Reason, ReasonCode
from core.booking.ledger import check_text, check_version, lock_booking, place_of, remember
from core.booking.requests import BookingRequest, MoveRequest, RecordedBooking
from core.claims import ClaimRefused, clear_expired_holds, drop_claims, lay_claims
from core.db import lock_calendars
from core.errors import N_, CannotBook, Invalid, KeyReused, NotFound, SlotTaken, WrongState
from core.interval import Interval
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    EventKind,
    Organisation,
    Patient,
    Professional,
    ProfessionalService,
    Role,
    Service,
    User,
)
from core.policy import Actor, Permission, allows, require
from core.visits import (
    Loaded,
    Wanted,
    calendars_wanted,
    free_room,
    load_around,
    nearest_starts,
    reasons_against,
    want,
)

P, S = Permission, BookingState

MOVABLE = frozenset({S.BOOKED, S.ARRIVED})


def book(session: Session, actor: Actor, request: BookingRequest, *, now: datetime) -> Booking:
    """Put one booking in a professional's calendar, or raise why it cannot go there.

    The same request again returns the booking it made; other content under the same key
    raises ``KeyReused``. A time that is gone raises ``SlotTaken`` with the nearest others.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    _check_own_request(actor, request)
    check_text(request.desk_note, "desk_note")
    wanted = want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=request.service_id,
        patient_id=request.patient_id,
    )
    lock_calendars(session, calendars_wanted(wanted))
    if repeated := _find_repeated(session, actor, request):
        return repeated
    clear_expired_holds(session, calendars_wanted(wanted), now=now)
    loaded = load_around(session, wanted, request.starts_at, now=now)
    _check_fits(session, actor, wanted, loaded, request.starts_at, now=now)

    booking = Booking(
        service_id=wanted.service.id,
        professional_id=wanted.professional.id,
        room_id=free_room(loaded, wanted.visit, request.starts_at, first=None),
        **_times(wanted, request.starts_at),
        state=S.BOOKED,
        price_cents=wanted.price_cents,
        currency=_currency(session),
        channel=_channel(actor),
        desk_note=request.desk_note.strip(),
        created_by=actor.user_id,
        request_key=request.request_key,
        request_sha256=_fingerprint(request),
        attendees=[Attendee(patient_id=request.patient_id, state=S.BOOKED)],
        created_at=now,
        updated_at=now,
    )
    session.add(booking)
    _claim(session, wanted, booking)
    remember(session, actor, booking, EventKind.BOOKED, None, now=now)
    audit.record(session, actor, "booking.booked", booking, now=now)
    return booking


def move(session: Session, actor: Actor, request: MoveRequest, *, now: datetime) -> Booking:
    """Put a booking at another time, or with another professional, as one change.

    A refused move changes nothing. The length stays as sold unless the new professional has
    a length of their own for the service.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    booking = lock_booking(session, actor, request.booking_id)
    check_version(session, booking, request.version)
    if booking.state not in MOVABLE:
        raise WrongState(state=booking.state, wanted=EventKind.MOVED)
    _check_own_move(actor, booking, request, now=now)
    patient_id = booking.attendees[0].patient_id
    wanted = want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=booking.service_id,
        patient_id=patient_id,
        booking_id=booking.id,
    )
    lock_calendars(session, calendars_wanted(wanted))
    clear_expired_holds(session, calendars_wanted(wanted), now=now)
    loaded = load_around(session, wanted, request.starts_at, now=now)
    _check_fits(session, actor, wanted, loaded, request.starts_at, now=now)

    before = place_of(booking)
    drop_claims(session, booking)
    booking.professional_id = wanted.professional.id
    booking.professional = wanted.professional
    booking.room_id = free_room(loaded, wanted.visit, request.starts_at, first=booking.room_id)
    for name, value in _times(wanted, request.starts_at).items():
        setattr(booking, name, value)
    booking.updated_at = now
    _claim(session, wanted, booking)
    remember(session, actor, booking, EventKind.MOVED, before, now=now)
    audit.record(session, actor, "booking.moved", booking, now=now)
    return booking


def record_past(
    session: Session, actor: Actor, request: RecordedBooking, *, now: datetime
) -> Booking:
    """Take over a booking from another book, as it was there.

    Hours, notice and step are not asked: it has happened, or was promised. Only the guard
    may refuse it, with ``SlotTaken``. The caller holds the calendars, opens a savepoint
    where more is to follow, and makes the audit entry for all it takes over.
    """
    require(actor, P.IMPORT)
    check_text(request.desk_note, "desk_note")
    professional = session.get_one(Professional, request.professional_id)
    service = session.get_one(Service, request.service_id)
    patient = session.get_one(Patient, request.patient_id)
    offer = session.get(ProfessionalService, (professional.id, service.id))
    own_price = offer.price_cents if offer else None
    catalogue_price = service.price_cents if own_price is None else own_price
    booking = Booking(
        service_id=service.id,
        professional_id=professional.id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        state=request.state,
        price_cents=catalogue_price if request.price_cents is None else request.price_cents,
        currency=_currency(session),
        channel=Channel.IMPORT,
        desk_note=request.desk_note,
        cancelled_at=now if request.state is S.CANCELLED else None,
        created_by=actor.user_id,
        request_key=request.request_key,
        request_sha256="",
        attendees=[Attendee(patient_id=patient.id, state=request.state)],
        created_at=request.booked_at,
        updated_at=now,
    )
    session.add(booking)
    if booking.occupies:
        try:
            lay_claims(session, booking, service, {professional.calendar_id, patient.calendar_id})
        except ClaimRefused as lost:
            raise SlotTaken(professional=professional.name) from lost
    remember(session, actor, booking, EventKind.BOOKED, None, now=now)
    return booking


def _check_own_request(actor: Actor, request: BookingRequest) -> None:
    if allows(actor, P.BOOKINGS_WRITE):
        return
    if actor.role is Role.PATIENT and request.patient_id != actor.patient_id:
        raise NotFound(what="patient")
    if actor.role is Role.PROFESSIONAL and request.professional_id != actor.professional_id:
        raise NotFound(what="professional")


def _check_own_move(actor: Actor, booking: Booking, request: MoveRequest, *, now: datetime) -> None:
    """Professionals move within their own calendar, patients within the service's notice."""
    if allows(actor, P.BOOKINGS_WRITE):
        return
    if actor.role is Role.PROFESSIONAL and request.professional_id != actor.professional_id:
        raise NotFound(what="professional")
    notice = timedelta(minutes=booking.service.notice_minutes)
    if actor.role is Role.PATIENT and booking.starts_at < now + notice:
        raise Invalid(N_("It is too late to move this booking. Please call us instead."))


def _check_fits(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    loaded: Loaded,
    start: datetime,
    *,
    now: datetime,
) -> None:
    reasons = reasons_against(wanted, loaded, start, now=now)
    if reasons:
        raise _refusal(session, actor, wanted, start, reasons, now=now)


def _refusal(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    start: datetime,
    reasons: list[Reason],
    *,
    now: datetime,
) -> CannotBook:
    """The refusal with its reasons, the nearest free times, and who came first."""
    gone = {ReasonCode.TAKEN, ReasonCode.HELD}
    kind = SlotTaken if any(each.code in gone for each in reasons) else CannotBook
    return kind(
        professional=wanted.professional.name,
        reasons=tuple(reasons),
        alternatives=tuple(nearest_starts(session, wanted, start, now=now)),
        taken_by=_taken_by(session, actor, reasons),
    )


def _taken_by(session: Session, actor: Actor, reasons: list[Reason]) -> str:
    """Whose hand was quicker, for those who may know."""
    ids = [each.refers_to for each in reasons if each.code is ReasonCode.TAKEN]
    if not ids or not allows(actor, P.BOOKINGS_READ):
        return ""
    name = session.scalar(
        select(User.name).join(Booking, Booking.created_by == User.id).where(Booking.id == ids[0])
    )
    return name or ""


def _claim(session: Session, wanted: Wanted, booking: Booking) -> None:
    """Lay the claims; what the guard refuses after all is a lost race, told like any other."""
    calendars = {wanted.professional.calendar_id}
    if wanted.patient:
        calendars.add(wanted.patient.calendar_id)
    if booking.room_id is not None:
        calendars.add(wanted.rooms[booking.room_id])
    try:
        lay_claims(session, booking, wanted.service, calendars)
    except ClaimRefused as lost:
        raise SlotTaken(professional=wanted.professional.name) from lost


def _find_repeated(session: Session, actor: Actor, request: BookingRequest) -> Booking | None:
    found = session.scalar(
        select(Booking).where(
            Booking.created_by == actor.user_id, Booking.request_key == request.request_key
        )
    )
    if found is not None and found.request_sha256 != _fingerprint(request):
        raise KeyReused
    return found


def _fingerprint(request: BookingRequest) -> str:
    content = {name: str(value) for name, value in asdict(request).items() if name != "request_key"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _times(wanted: Wanted, starts_at: datetime) -> dict[str, datetime]:
    when = Interval.of(starts_at, timedelta(seconds=wanted.visit.length))
    return {"starts_at": when.start, "ends_at": when.end}


def _currency(session: Session) -> str:
    return session.get_one(Organisation, 1).currency


def _channel(actor: Actor) -> Channel:
    own = {Role.PATIENT: Channel.PATIENT, Role.PROFESSIONAL: Channel.PROFESSIONAL}
    return own.get(actor.role, Channel.DESK)
