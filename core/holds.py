"""Holds: a time kept for one desk while it talks to the patient, or for a patient who decides.

A hold is a booking in state held, without a patient until one is asked by telephone. It
occupies its time until it runs out, is released, or becomes a booking; it was never one, so
nothing of it is kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from core.booking.by_patients import check_open_bookings, check_own_choice
from core.booking.fitting import check_fits, lay
from core.claims import clear_expired_holds, forget_holds, release
from core.errors import N_, NotFound, SignInNeeded
from core.models import Attendee, Booking, BookingState, Channel, Claim, Role
from core.policy import Actor, Permission, allows, require
from core.visits import calendars_wanted, free_room, hold_calendars, load_around, want

HELD_FOR = timedelta(minutes=3)
HELD_FOR_A_CALL = timedelta(minutes=10)
"""While the desk telephones the patient the time is for."""
HELD_FOR_A_PATIENT = timedelta(minutes=5)
"""Who books by themselves. It is not extended, and they keep one time at once."""
EXTENDED_BELOW = timedelta(minutes=2)
"""A hold somebody works on is extended once less than this is left."""


@dataclass(frozen=True)
class HoldRequest:
    """``instead_of`` is an own hold that is given up for this one, in the same breath.

    A patient who is named is called: the hold lasts longer, and is theirs alone.
    """

    professional_id: int
    service_id: int
    starts_at: datetime
    request_key: str
    instead_of: int | None = None
    patient_id: int | None = None


def hold(session: Session, actor: Actor, request: HoldRequest, *, now: datetime) -> Booking:
    """Keep a time for the actor for some minutes, or raise why it cannot be had."""
    require(actor, Permission.BOOKINGS_WRITE, Permission.BOOKINGS_WRITE_OWN)
    _check_own_hold(actor, request)
    patients = () if request.patient_id is None else (request.patient_id,)
    # A patient's own calendar, too: of two tabs the second sees what the first has kept.
    own = () if actor.patient_id is None else (actor.patient_id,)
    hold_calendars(session, [request.professional_id], request.service_id, (*patients, *own))
    wanted = want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=request.service_id,
        patient_ids=patients,
    )
    check_own_choice(session, actor, wanted)
    check_open_bookings(session, actor, now=now)
    clear_expired_holds(session, calendars_wanted(wanted), now=now)
    if request.instead_of is not None:
        release_hold(session, actor, request.instead_of)
    held_until = now + _lasts(actor, request)
    if actor.role is Role.PATIENT:
        held_until = _release_others(session, actor, request, now=now) or held_until
    loaded = load_around(session, wanted, request.starts_at, now=now)
    check_fits(session, actor, wanted, loaded, request.starts_at, now=now)
    booking = Booking(
        service_id=wanted.service.id,
        professional_id=wanted.professional.id,
        room_id=free_room(loaded, wanted.visit, request.starts_at, first=None),
        starts_at=request.starts_at,
        ends_at=request.starts_at + timedelta(seconds=wanted.visit.length),
        state=BookingState.HELD,
        held_until=held_until,
        price_cents=wanted.price_cents,
        currency=wanted.currency,
        channel=Channel.DESK,
        seats=wanted.service.seats,
        created_by=actor.user_id,
        request_key=f"hold {request.request_key}",
        request_sha256="",
        created_at=now,
        updated_at=now,
        attendees=[Attendee(patient_id=each, state=BookingState.HELD) for each in patients],
    )
    session.add(booking)
    lay(session, wanted, booking)
    return booking


def extend_hold(
    session: Session, actor: Actor, booking_id: int, *, now: datetime
) -> Booking | None:
    """Give an own hold its full time again when it runs low; None when it is gone."""
    found = session.scalar(_own_hold(actor, booking_id, now).with_for_update())
    if found is None or found.held_until is None or actor.role is Role.PATIENT:
        return found
    if found.held_until - now > EXTENDED_BELOW:
        return found
    found.held_until = now + HELD_FOR
    session.execute(
        update(Claim).where(Claim.booking_id == found.id).values(held_until=found.held_until)
    )
    return found


def release_hold(session: Session, actor: Actor, booking_id: int) -> None:
    """Give an own hold up; one that is gone, or another's, is left alone."""
    require(actor, Permission.BOOKINGS_WRITE, Permission.BOOKINGS_WRITE_OWN)
    if actor.user_id is None:
        raise SignInNeeded
    release(session, booking_id, held_by=actor.user_id)


def find_own_hold(
    session: Session, actor: Actor, booking_id: int, *, now: datetime
) -> Booking | None:
    """The actor's hold while it runs."""
    return session.scalar(_own_hold(actor, booking_id, now))


def _own_hold(actor: Actor, booking_id: int, now: datetime) -> Select[Booking]:
    return select(Booking).where(
        Booking.id == booking_id,
        Booking.state == BookingState.HELD,
        Booking.created_by == actor.user_id,
        Booking.held_until > now,
    )


def _check_own_hold(actor: Actor, request: HoldRequest) -> None:
    """Professionals in their own calendar; patients while they decide for themselves."""
    if actor.role is Role.PATIENT and actor.patient_id is None:
        raise SignInNeeded
    if request.patient_id is not None and not allows(actor, Permission.BOOKINGS_WRITE):
        raise NotFound(what=N_("patient"))  # held for them, a stranger would be one's own patient
    if actor.role is Role.PROFESSIONAL and request.professional_id != actor.professional_id:
        raise NotFound(what=N_("professional"))


def _release_others(
    session: Session, actor: Actor, request: HoldRequest, *, now: datetime
) -> datetime | None:
    """Give up what the patient keeps; until when, if it is the same time: it is not renewed."""
    place = (request.professional_id, request.starts_at)
    others = session.execute(
        select(Booking.id, Booking.professional_id, Booking.starts_at, Booking.held_until).where(
            Booking.created_by == actor.user_id, Booking.state == BookingState.HELD
        )
    ).all()
    if others:
        forget_holds(session, [each.id for each in others])
    same = (x.held_until for x in others if (x.professional_id, x.starts_at) == place)
    return next((each for each in same if each is not None and each > now), None)


def _lasts(actor: Actor, request: HoldRequest) -> timedelta:
    if actor.role is Role.PATIENT:
        return HELD_FOR_A_PATIENT
    return HELD_FOR if request.patient_id is None else HELD_FOR_A_CALL
