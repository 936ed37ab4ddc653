"""Putting a booking in a calendar, and moving it there.

All go the same way: require, lock, load, check, write, record, return. The check in Python
finds the kind words; the guard in the database is the promise.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, null, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from core import audit
from core.booking.by_patients import (
    at_price_kept,
    check_open_bookings,
    check_own_choice,
    check_own_move,
)
from core.booking.confirming import forget_confirmations
from core.booking.fitting import check_fits, document, lay
from core.booking.ledger import (
    check_text,
    check_version,
    did_last,
    lock_booking,
    place_of,
    remember,
)
from core.booking.requests import AnyRequest, BookingRequest, MoveRequest
from core.claims import (
    EXPIRED_NEAR,
    clear_expired_holds,
    drop_claims,
    forget_holds,
    near,
    release,
)
from core.errors import N_, CannotBook, Invalid, KeyReused, NotFound, WrongState
from core.interval import Interval
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    BookingState,
    Channel,
    EventKind,
    Professional,
    ProfessionalService,
    Role,
)
from core.policy import (
    Actor,
    Permission,
    allows,
    check_may_book_for,
    require,
    visible_bookings,
)
from core.visits import Wanted, calendars_wanted, free_room, hold_calendars, load_around, want

P, S = Permission, BookingState

MOVABLE = frozenset({S.BOOKED, S.ARRIVED})


def book(session: Session, actor: Actor, request: BookingRequest, *, now: datetime) -> Booking:
    """Put one booking in a professional's calendar, or raise why it cannot go there.

    The same request again returns the booking it made; other content under the same key
    raises ``KeyReused``. A time that is gone raises ``SlotTaken`` with the nearest others.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    _check_own_request(session, actor, request, now=now)
    check_text(request.desk_note, "desk_note")
    patients = (request.patient_id,)
    hold_calendars(session, [request.professional_id], request.service_id, patients)
    wanted = want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=request.service_id,
        patient_ids=patients,
    )
    if repeated := _look_back(session, actor, request, wanted, now=now):
        return repeated
    check_own_choice(session, actor, wanted)
    check_open_bookings(session, actor, now=now)
    if request.hold_id is not None:
        wanted = at_price_kept(session, actor, request, wanted, now=now)
        release(session, request.hold_id, held_by=actor.user_id)
    loaded = load_around(session, wanted, request.starts_at, now=now)
    set_aside = check_fits(
        session, actor, wanted, loaded, request.starts_at, now=now, set_aside=request.set_aside
    )

    room_id = free_room(loaded, wanted.visit, request.starts_at, first=None)
    booking = _write(session, actor, request, wanted, room_id, now=now)
    lay(session, wanted, booking, set_aside)
    document(session, actor, booking, set_aside, request.set_aside, now=now)
    remember(session, actor, booking, EventKind.BOOKED, None, now=now)
    audit.record(session, actor, "booking.booked", booking, now=now, set_aside=sorted(set_aside))
    return booking


def _write(
    session: Session,
    actor: Actor,
    request: BookingRequest,
    wanted: Wanted,
    room_id: int | None,
    *,
    now: datetime,
) -> Booking:
    """The booking and its patient as rows, and the booking that reading them would make."""
    row = {
        "service_id": wanted.service.id,
        "professional_id": wanted.professional.id,
        "room_id": room_id,
        **_times(wanted, request.starts_at),
        **FRESH,
        "price_cents": wanted.price_cents,
        "currency": wanted.currency,
        "channel": _channel(actor),
        "desk_note": request.desk_note.strip(),
        "seats": wanted.service.seats,
        "series_id": request.series_id,
        "created_by": actor.user_id,
        "request_key": request.request_key,
        "request_sha256": _fingerprint(request),
        "created_at": now,
        "updated_at": now,
    }
    connection = session.connection()
    try:
        made = connection.execute(NEW_BOOKING, row).scalar_one()
    except IntegrityError as error:
        if "request_key" in str(error.orig):
            raise KeyReused from error  # by a rival with other calendars, a moment ago
        raise
    seat = {"booking_id": made, "patient_id": request.patient_id, "state": S.BOOKED}
    connection.execute(NEW_ATTENDEE, seat)
    booking = Booking(id=made, **row)
    make_transient_to_detached(booking)
    session.add(booking)
    return booking


FRESH: Mapping[str, Any] = {
    "state": S.BOOKED,
    "held_until": None,
    "cancel_reason": "",
    "cancel_asked_by_patient": True,
    "cancelled_late": False,
    "arrived_at": None,
    "started_at": None,
    "completed_at": None,
    "cancelled_at": None,
    "version": 1,
}
"""What every booking begins with."""
NEW_BOOKING = insert(Booking).returning(Booking.id)
NEW_ATTENDEE = insert(Attendee)


def book_any(session: Session, actor: Actor, request: AnyRequest, *, now: datetime) -> Booking:
    """Book with whoever of the professionals is free then, the least busy that day first.

    Raises the first one's refusal when nobody is. All their calendars are held while the
    choice is made, so that two who ask at once end with two different people. The same request
    again returns the booking it made, whoever would be the least busy by now.
    """
    require(actor, P.BOOKINGS_WRITE)
    candidates = _least_busy_first(session, request)
    hold_calendars(session, candidates, request.service_id, [request.patient_id])
    refused: CannotBook | None = None
    for professional_id in _least_busy_first(session, request):
        one = replace(
            request.booking, professional_id=professional_id, part_of=_fingerprint_any(request)
        )
        try:
            return book(session, actor, one, now=now)
        except CannotBook as refusal:
            refused = refused or refusal
    raise refused or Invalid(N_("Nobody offers this service."), field="service")


def find_booked(session: Session, actor: Actor, request_key: str) -> Booking | None:
    """What the actor's form has booked already, if it was sent before."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    return session.scalar(
        select(Booking).where(
            Booking.created_by == actor.user_id, Booking.request_key == request_key
        )
    )


def move(session: Session, actor: Actor, request: MoveRequest, *, now: datetime) -> Booking:
    """Put a booking at another time, with another professional, or make it another service.

    One versioned change of the same booking; a refused move changes nothing, and one that is
    asked for twice is made once. The price stays as sold unless the service changes, or a
    patient moves to somebody else by themselves.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    wanted = _wanted_for_move(session, actor, request)
    booking = lock_booking(session, actor, request.booking_id, also=calendars_wanted(wanted))
    wanted = _wanted_for_move(session, actor, request)  # it may have been archived meanwhile
    is_there = _is_there_already(booking, wanted, request.starts_at)
    if is_there and did_last(session, actor.user_id, booking, EventKind.MOVED, request.version):
        return booking
    check_version(session, booking, request.version)
    if booking.state not in MOVABLE:
        raise WrongState(state=booking.state, wanted=EventKind.MOVED)
    _check_own_calendar(actor, request)
    check_own_move(session, actor, booking, wanted, request.agreed_cents, now=now)
    if is_there:
        return booking
    clear_expired_holds(session, calendars_wanted(wanted), now=now, around=request.starts_at)
    loaded = load_around(session, wanted, request.starts_at, now=now)
    set_aside = check_fits(
        session, actor, wanted, loaded, request.starts_at, now=now, set_aside=request.set_aside
    )

    before = place_of(booking)
    drop_claims(session, booking)
    _price_anew(actor, booking, wanted)
    booking.service_id, booking.service = wanted.service.id, wanted.service
    booking.professional_id, booking.professional = wanted.professional.id, wanted.professional
    booking.room_id = free_room(loaded, wanted.visit, request.starts_at, first=booking.room_id)
    for name, value in _times(wanted, request.starts_at).items():
        setattr(booking, name, value)
    booking.updated_at = now
    lay(session, wanted, booking, set_aside)
    document(session, actor, booking, set_aside, request.set_aside, now=now)
    forget_confirmations(session, [booking.id])
    remember(session, actor, booking, EventKind.MOVED, before, now=now)
    audit.record(session, actor, "booking.moved", booking, now=now, set_aside=sorted(set_aside))
    return booking


def _price_anew(actor: Actor, booking: Booking, wanted: Wanted) -> None:
    """As sold, but for another service, and for the professional a patient chose instead."""
    chose = actor.role is Role.PATIENT and booking.professional_id != wanted.professional.id
    if chose or booking.service_id != wanted.service.id:
        booking.price_cents = wanted.price_cents


def _is_there_already(booking: Booking, wanted: Wanted, starts_at: datetime) -> bool:
    return (
        booking.starts_at == starts_at
        and booking.professional_id == wanted.professional.id
        and booking.service_id == wanted.service.id
    )


def _wanted_for_move(session: Session, actor: Actor, request: MoveRequest) -> Wanted:
    """The visit at its new place, so that old and new calendars are locked together: two who
    swap places would otherwise wait for each other."""
    now_there = session.execute(
        visible_bookings(actor)
        .with_only_columns(Booking.service_id)
        .where(Booking.id == request.booking_id)
    ).one_or_none()
    if now_there is None:
        raise NotFound(what="booking")
    coming = select(Attendee.patient_id).where(
        Attendee.booking_id == request.booking_id,
        Attendee.waiting.is_(False),
        Attendee.state.in_(OCCUPYING),
    )
    return want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=request.service_id or now_there.service_id,
        patient_ids=tuple(session.scalars(coming)),
        booking_id=request.booking_id,
    )


def _least_busy_first(session: Session, request: AnyRequest) -> list[int]:
    """Professionals who offer the service, by what they have that day so far, then by id."""
    day = (request.starts_at - timedelta(hours=12), request.starts_at + timedelta(hours=12))
    load = (
        select(func.count())
        .where(
            Booking.professional_id == Professional.id,
            Booking.starts_at.between(*day),
            Booking.state.not_in((S.CANCELLED, S.NO_SHOW)),
        )
        .scalar_subquery()
    )
    offering = (
        select(Professional.id)
        .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
        .where(
            ProfessionalService.service_id == request.service_id,
            Professional.archived_at.is_(None),
        )
        .order_by(load, Professional.id)
    )
    if request.professional_ids:
        offering = offering.where(Professional.id.in_(request.professional_ids))
    return list(session.scalars(offering))


def _check_own_request(
    session: Session, actor: Actor, request: BookingRequest, *, now: datetime
) -> None:
    if allows(actor, P.BOOKINGS_WRITE):
        return
    check_may_book_for(session, actor, request.patient_id, now=now)
    if actor.role is Role.PROFESSIONAL and request.professional_id != actor.professional_id:
        raise NotFound(what="professional")


def _check_own_calendar(actor: Actor, request: MoveRequest) -> None:
    """Professionals move within their own calendar."""
    if actor.role is Role.PROFESSIONAL and request.professional_id != actor.professional_id:
        raise NotFound(what="professional")


def _look_back(
    session: Session, actor: Actor, request: BookingRequest, wanted: Wanted, *, now: datetime
) -> Booking | None:
    """What the same request has made before; else holds that have run out are forgotten."""
    asked = near(calendars_wanted(wanted), request.starts_at, now)
    asked |= {"user": actor.user_id, "key": request.request_key}
    found = session.connection().execute(ALREADY_THERE, asked).all()
    for booking_id, fingerprint in found:
        if fingerprint == _fingerprint(request):
            return session.get_one(Booking, booking_id)
        if fingerprint is not None:
            raise KeyReused
    if found:
        forget_holds(session, [booking_id for booking_id, _none in found])
    return None


ALREADY_THERE = union_all(
    select(Booking.id, Booking.request_sha256).where(
        Booking.created_by == bindparam("user"), Booking.request_key == bindparam("key")
    ),
    EXPIRED_NEAR.add_columns(null()),
)
"""Bookings under the request's key, with their fingerprint; and holds that have run out."""


def _fingerprint(request: BookingRequest) -> str:
    """The content a key stands for; a hold that was turned into it is not part of that."""
    if request.part_of:
        return request.part_of
    return _hash_of({name: str(getattr(request, name)) for name in CONTENT})


def _fingerprint_any(request: AnyRequest) -> str:
    """The professional is no part of it: of them only who was asked for."""
    content = {each.name: str(getattr(request, each.name)) for each in fields(AnyRequest)}
    del content["request_key"]
    return _hash_of(content)


def _hash_of(content: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


CONTENT = tuple(
    each.name
    for each in fields(BookingRequest)
    if each.name not in ("request_key", "hold_id", "part_of")
)


def _times(wanted: Wanted, starts_at: datetime) -> dict[str, datetime]:
    when = Interval.of(starts_at, timedelta(seconds=wanted.visit.length))
    return {"starts_at": when.start, "ends_at": when.end}


def _channel(actor: Actor) -> Channel:
    own = {Role.PATIENT: Channel.PATIENT, Role.PROFESSIONAL: Channel.PROFESSIONAL}
    return own.get(actor.role, Channel.DESK)
