"""What must be true of the book at any moment, as questions whose right answer is nothing.

The guards keep most of it by themselves. Here it is asked again, from the rows alone, so that
a broken disk, a hand in the tables or a bug of ours shows before a patient does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session

from core import audit
from core.models import (
    OCCUPYING,
    Attendee,
    Base,
    Booking,
    BookingEvent,
    BookingState,
    Calendar,
    Claim,
    EventKind,
    Override,
    OverrideKind,
    Patient,
    Professional,
    Room,
)
from core.waiting.sound import RULES as WAITING_RULES

S = BookingState


@dataclass(frozen=True)
class Invariant:
    """``says`` is what must hold; ``offenders`` finds the ids of rows that break it."""

    name: str
    says: str
    of: str
    """The table the ids are of."""
    offenders: Callable[[Session, datetime], Iterable[int]]


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold, and the rows at fault."""

    name: str
    says: str
    of: str
    ids: tuple[int, ...]


def find_broken(session: Session, *, now: datetime) -> list[Broken]:
    """Everything that is not as it must be; an empty list for a sound book."""
    found = []
    for each in INVARIANTS:
        ids = tuple(sorted(set(each.offenders(session, now))))
        if ids:
            found.append(Broken(each.name, each.says, each.of, ids))
    return found


# Claims.


def overlapping() -> Select[Any]:
    """Guarded claims that begin before an earlier one of the same calendar has ended."""
    earlier_ends = func.max(Claim.ends_at).over(
        partition_by=Claim.calendar_id, order_by=(Claim.starts_at, Claim.id), rows=(None, -1)
    )
    behind = select(Claim.booking_id, Claim.starts_at, earlier_ends.label("free_at"))
    found = behind.where(Claim.guarded).subquery()
    return select(found.c.booking_id).where(found.c.starts_at < found.c.free_at)


def needed() -> Select[Any]:
    """(booking, calendar) for all that a booking which occupies its time has to claim."""
    present = Attendee.waiting.is_(False) & or_(Booking.seats == 1, Attendee.state.in_(OCCUPYING))
    places = (
        select(Booking.id.label("booking_id"), Professional.calendar_id).join(Booking.professional),
        select(Booking.id, Room.calendar_id).join(Booking.room),
        select(Booking.id, Patient.calendar_id)
        .join(Booking.attendees)
        .join(Attendee.patient)
        .where(present),
    )
    found = union(*(each.where(Booking.state.in_(OCCUPYING)) for each in places)).subquery()
    return select(found.c.booking_id, found.c.calendar_id)


def unclaimed() -> Select[Any]:
    wanted = needed().subquery()
    laid = exists().where(
        Claim.booking_id == wanted.c.booking_id, Claim.calendar_id == wanted.c.calendar_id
    )
    return select(wanted.c.booking_id).where(~laid)


def claimed_for_nothing() -> Select[Any]:
    wanted = needed().subquery()
    has_use = exists().where(
        wanted.c.booking_id == Claim.booking_id, wanted.c.calendar_id == Claim.calendar_id
    )
    return (
        select(Claim.booking_id)
        .join(Booking, Booking.id == Claim.booking_id)
        .where(Booking.state.in_(OCCUPYING), ~has_use)
    )


def claimed_twice() -> Select[Any]:
    return (
        select(Claim.booking_id)
        .group_by(Claim.booking_id, Claim.calendar_id)
        .having(func.count() > 1)
    )


def out_of_step() -> Select[Any]:
    return (
        select(Claim.booking_id)
        .join(Booking, Booking.id == Claim.booking_id)
        .where(
            or_(
                Claim.starts_at != Booking.starts_at,
                Claim.ends_at != Booking.ends_at,
                Claim.held_until.is_distinct_from(Booking.held_until),
            )
        )
    )


def left_over() -> Select[Any]:
    freed = Booking.state.not_in(OCCUPYING)
    return select(Claim.booking_id).join(Booking, Booking.id == Claim.booking_id).where(freed)


def unguarded_without_a_word() -> Select[Any]:
    allowed = exists().where(
        Override.booking_id == Claim.booking_id, Override.kind == OverrideKind.OVERLAP
    )
    return select(Claim.booking_id).where(~Claim.guarded, ~allowed)


def expired_but_counted(now: datetime) -> Select[Any]:
    return (
        select(Booking.id)
        .join(Claim, Claim.booking_id == Booking.id)
        .where(Booking.state == S.HELD, Booking.held_until <= now, Claim.counts(now))
    )


# Bookings and who attends them.


def patients_out_of_step() -> Select[Any]:
    """A visit for one has one patient in the booking's own state; a hold has whoever is being
    asked, or nobody yet."""
    count = (
        select(func.count())
        .where(Attendee.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    amiss = exists().where(
        Attendee.booking_id == Booking.id,
        or_(Attendee.waiting, Attendee.state != Booking.state),
    )
    for_one = (Booking.state != S.HELD) & (Booking.seats == 1) & or_(count != 1, amiss)
    empty = (Booking.state != S.HELD) & (count == 0)
    kept = (Booking.state == S.HELD) & or_(count > 1, amiss)
    return select(Booking.id).where(or_(for_one, empty, kept))


def overfull() -> Select[Any]:
    seated = Attendee.waiting.is_(False) & Attendee.state.in_({*OCCUPYING, S.NO_SHOW})
    return (
        select(Booking.id)
        .join(Booking.attendees)
        .group_by(Booking.id, Booking.seats)
        .having(func.sum(case((seated, 1), else_=0)) > Booking.seats)
    )


def asked_twice() -> Select[Any]:
    """Bookings that share their maker and key with an older one, or have no key."""
    number = func.row_number().over(
        partition_by=(Booking.created_by, Booking.request_key), order_by=Booking.id
    )
    found = select(Booking.id, Booking.request_key, number.label("number")).subquery()
    return select(found.c.id).where(or_(found.c.number > 1, found.c.request_key == ""))


def without_price() -> Select[Any]:
    return select(Booking.id).where(
        or_(
            Booking.price_cents.is_(None),
            Booking.price_cents < 0,
            Booking.currency.is_(None),
            func.length(Booking.currency) != 3,
        )
    )


# What happened to them.


def badly_begun() -> Select[Any]:
    """Bookings whose first event, and only it, is not that they were booked."""
    first = select(func.min(BookingEvent.id)).where(BookingEvent.booking_id == Booking.id)
    begins = and_(
        BookingEvent.id == first.correlate(Booking).scalar_subquery(),
        BookingEvent.kind == EventKind.BOOKED,
    )
    times = select(func.count()).where(
        BookingEvent.booking_id == Booking.id, BookingEvent.kind == EventKind.BOOKED
    )
    return select(Booking.id).where(
        Booking.state != S.HELD,
        or_(~exists().where(begins), times.correlate(Booking).scalar_subquery() != 1),
    )


def elsewhere() -> Select[Any]:
    """Bookings that are not where, or not as far as, their last event left them."""
    last = (
        select(func.max(BookingEvent.id))
        .where(BookingEvent.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    differs = or_(
        BookingEvent.new_state != Booking.state,
        BookingEvent.new_professional_id != Booking.professional_id,
        BookingEvent.new_room_id.is_distinct_from(Booking.room_id),
        BookingEvent.new_starts_at != Booking.starts_at,
        BookingEvent.new_ends_at != Booking.ends_at,
    )
    return select(Booking.id).join(BookingEvent, BookingEvent.id == last).where(differs)


# Every row.


def nobodys_calendars() -> Select[Any]:
    owners = (exists().where(each.calendar_id == Calendar.id) for each in OWNERS)
    return select(Calendar.id).where(~or_(*owners))


def orphans(table: Table) -> Select[Any]:
    """Rows of a table whose foreign keys point at nothing."""
    return select(*list(table.primary_key)[:1]).where(or_(*_dangling(table)))


def _dangling(table: Table) -> Iterable[ColumnElement[bool]]:
    for key in table.foreign_keys:
        target = key.column.table.alias()
        there = exists().where(target.c[key.column.name] == key.parent)
        yield key.parent.is_not(None) & ~there


def _rows(query: Select[Any]) -> Callable[[Session, datetime], Iterable[int]]:
    return lambda session, _now: session.scalars(query)


OWNERS = (Professional, Room, Patient)

INVARIANTS = (
    Invariant("overlap", "No calendar is claimed twice at once.", "bookings", _rows(overlapping())),
    Invariant(
        "unclaimed",
        "A booking that occupies its time claims every calendar it needs.",
        "bookings",
        _rows(unclaimed()),
    ),
    Invariant(
        "claimed_for_nothing",
        "A booking claims no calendar it does not need.",
        "bookings",
        _rows(claimed_for_nothing()),
    ),
    Invariant(
        "claimed_twice", "A booking claims a calendar once.", "bookings", _rows(claimed_twice())
    ),
    Invariant(
        "out_of_step",
        "A claim has the times of its booking.",
        "bookings",
        _rows(out_of_step()),
    ),
    Invariant(
        "left_over",
        "What is cancelled or was missed claims no time.",
        "bookings",
        _rows(left_over()),
    ),
    Invariant(
        "unguarded",
        "Only an override lets a visit lie over another.",
        "bookings",
        _rows(unguarded_without_a_word()),
    ),
    Invariant(
        "expired_hold",
        "A hold that has run out keeps no time.",
        "bookings",
        lambda session, now: session.scalars(expired_but_counted(now)),
    ),
    Invariant(
        "attendees",
        "A visit for one has one patient, in its own state; a hold has one at most.",
        "bookings",
        _rows(patients_out_of_step()),
    ),
    Invariant("seats", "No visit has more patients than seats.", "bookings", _rows(overfull())),
    Invariant(
        "request_key",
        "One request makes one booking.",
        "bookings",
        _rows(asked_twice()),
    ),
    Invariant(
        "price", "Every booking has a price in a currency.", "bookings", _rows(without_price())
    ),
    Invariant(
        "first_event",
        "Every booking's history begins with it being booked, once.",
        "bookings",
        _rows(badly_begun()),
    ),
    Invariant(
        "last_event",
        "Every booking is where its history left it.",
        "bookings",
        _rows(elsewhere()),
    ),
    Invariant(
        "calendar",
        "Every calendar is somebody's, or a room's.",
        "calendars",
        _rows(nobodys_calendars()),
    ),
    Invariant(
        "audit",
        "The audit trail is whole.",
        "audit_entries",
        lambda session, _now: audit.verify(session),
    ),
    *(Invariant(name, says, of, _rows(query)) for name, says, of, query in WAITING_RULES),
    *(
        Invariant(
            f"orphan_{table.name}",
            "Every row belongs to rows that are there.",
            table.name,
            _rows(orphans(table)),
        )
        for table in Base.metadata.sorted_tables
        if table.foreign_keys
    ),
)
