"""One booking under its lock: read, checked against its version, changed, remembered."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.claims import calendars_of
from core.db import lock_calendars
from core.errors import N_, Invalid, NotFound, Stale
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    EventKind,
    User,
)
from core.policy import Actor, Permission, allows, owns, visible_bookings

P, S = Permission, BookingState

LONGEST_NOTE = 4000


def get_booking(session: Session, actor: Actor, booking_id: int) -> Booking:
    """One booking with its people and service, if the actor may see it."""
    found = session.scalar(
        visible_bookings(actor)
        .where(Booking.id == booking_id)
        .options(
            joinedload(Booking.service),
            joinedload(Booking.professional),
            joinedload(Booking.room),
            selectinload(Booking.attendees).joinedload(Attendee.patient),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(what="booking")
    return found


def who_booked(session: Session, booking: Booking) -> str:
    """The name of whoever made the booking, or nothing."""
    if booking.created_by is None:
        return ""
    return session.scalar(select(User.name).where(User.id == booking.created_by)) or ""


def lock_booking(
    session: Session, actor: Actor, booking_id: int, *, also: Iterable[int] = ()
) -> Booking:
    """The actor's booking, with its calendars, and ``also`` others, held until commit."""
    lock_calendars(session, {*calendars_of(session, booking_id), *also})
    booking = get_booking(session, actor, booking_id)
    if not allows(actor, P.BOOKINGS_WRITE) and not owns(actor, booking):
        raise NotFound(what="booking")
    return booking


def check_text(text: str, field: str) -> None:
    if len(text) > LONGEST_NOTE:
        raise Invalid(
            N_("Please keep this under {limit} characters."), field=field, limit=LONGEST_NOTE
        )
    if any(ord(each) < 32 and each not in "\n\t" for each in text):
        raise Invalid(
            N_("This text holds characters that cannot be shown. Please type it anew."), field=field
        )


def did_last(
    session: Session, user_id: int | None, booking: Booking, kind: EventKind, version: int
) -> bool:
    """Whether the newest step since ``version`` is this user's own, of this kind: the second
    press of a button, or the same button in another tab, finds what the first has done."""
    if booking.version <= version:
        return False
    last = session.execute(
        select(BookingEvent.user_id, BookingEvent.kind)
        .where(BookingEvent.booking_id == booking.id)
        .order_by(BookingEvent.id.desc())
        .limit(1)
    ).one_or_none()
    return last is not None and tuple(last) == (user_id, kind)


def check_version(session: Session, booking: Booking, version: int) -> None:
    """``Stale``, with who changed it and what became of it, unless ``version`` is the newest."""
    if booking.version == version:
        return
    last = session.execute(
        select(User.name, BookingEvent.kind)
        .outerjoin(User, BookingEvent.user_id == User.id)
        .where(BookingEvent.booking_id == booking.id)
        .order_by(BookingEvent.id.desc())
        .limit(1)
    ).one_or_none()
    raise Stale(
        who=(last and last.name) or "?",
        what=last.kind if last else "",
        state=booking.state,
        starts_at=booking.starts_at,
        professional=booking.professional.name,
    )


def enter(booking: Booking, state: BookingState, *, now: datetime) -> None:
    """Set the state, and stamp or unstamp the steps on the way to it."""
    reached = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS, S.COMPLETED)
    step = reached.index(state) if state in reached else 0
    booking.arrived_at = (booking.arrived_at or now) if step >= 1 else None
    booking.started_at = (booking.started_at or now) if step >= 2 else None
    booking.completed_at = (booking.completed_at or now) if step >= 3 else None
    booking.cancelled_at = now if state is S.CANCELLED else None
    if state is not S.CANCELLED:
        booking.cancel_reason, booking.cancelled_late = "", False
    booking.held_until = None
    booking.state = state
    booking.updated_at = now
    for attendee in booking.attendees:
        # In a group each patient has a state of their own: who left or missed it stays so.
        part_of_it = attendee.state in OCCUPYING and not attendee.waiting
        if booking.seats == 1 or (state is not S.CANCELLED and part_of_it):
            attendee.state = state


class Place(NamedTuple):
    """Where a booking lies, how far it has come and what it is: what an event remembers."""

    state: BookingState
    professional_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    service_id: int
    price_cents: int


OLD_PLACE = tuple(f"old_{name}" for name in Place._fields)
NEW_PLACE = tuple(f"new_{name}" for name in Place._fields[:5])
"""Service and price stand on the booking itself, which comes last."""


def place_of(booking: Booking) -> Place:
    return Place(
        booking.state,
        booking.professional_id,
        booking.room_id,
        booking.starts_at,
        booking.ends_at,
        booking.service_id,
        booking.price_cents,
    )


def remember(
    session: Session,
    actor: Actor,
    booking: Booking,
    kind: EventKind,
    before: Place | None,
    *,
    now: datetime,
    patient_id: int | None = None,
) -> None:
    session.flush()
    old = dict(zip(OLD_PLACE, before or (None,) * len(OLD_PLACE), strict=True))
    new = dict(zip(NEW_PLACE, place_of(booking), strict=False))
    event = {
        "booking_id": booking.id,
        "at": now,
        "user_id": actor.user_id,
        "kind": kind,
        "patient_id": patient_id,
    }
    session.connection().execute(HAPPENED, event | old | new)


HAPPENED = insert(BookingEvent)
