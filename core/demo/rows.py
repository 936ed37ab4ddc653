"""The diary as rows, written in bulk: bookings, their claims, and what happened to them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.demo.diary import Entry
from core.demo.practice import CURRENCY, Practice
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    Channel,
    Claim,
    EventKind,
    Patient,
)

S = BookingState
REACHED = (S.ARRIVED, S.IN_PROGRESS, S.COMPLETED)
MISSED_AFTER = timedelta(minutes=20)

Row = dict[str, Any]


def write(
    session: Session,
    practice: Practice,
    patients: Sequence[Patient],
    entries: Sequence[Entry],
    *,
    desk: int,
) -> None:
    """Everything about the entries. The database's guard looks at each claim, as always."""
    bookings = [_booking(practice, each, number, desk) for number, each in enumerate(entries)]
    ids = session.scalars(
        insert(Booking).returning(Booking.id, sort_by_parameter_order=True), bookings
    ).all()
    calendars = {each.id: each.calendar_id for each in patients}
    rows = list(zip(ids, entries, strict=True))
    session.execute(
        insert(Attendee),
        [{"booking_id": id, "patient_id": each.patient, "state": each.state} for id, each in rows],
    )
    session.execute(
        insert(Claim),
        [row for id, each in rows for row in _claims(practice, calendars, id, each)],
    )
    session.execute(
        insert(BookingEvent),
        sorted(
            (row for id, each in rows for row in _events(practice, id, each, desk)),
            key=lambda row: (row["at"], row["booking_id"]),
        ),
    )


def _booking(practice: Practice, entry: Entry, number: int, desk: int) -> Row:
    stamps = [*entry.stamps, None, None, None]
    by_patient = number % 5 == 0
    return {
        "service_id": practice.services[entry.service].id,
        "professional_id": practice.professionals[entry.professional].id,
        "room_id": entry.room,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "state": entry.state,
        "price_cents": practice.prices[entry.professional, entry.service],
        "currency": CURRENCY,
        "channel": Channel.PATIENT if by_patient else Channel.DESK,
        "cancel_reason": entry.reason,
        "cancelled_late": _is_late(practice, entry),
        "arrived_at": stamps[0],
        "started_at": stamps[1],
        "completed_at": stamps[2],
        "cancelled_at": entry.cancelled_at,
        "created_by": None if by_patient else desk,
        "request_key": f"demo-{number}",
        "request_sha256": "",
        "created_at": entry.booked_at,
        "updated_at": _last_change(entry),
        "version": 1 + len(_steps(entry)),
    }


def _is_late(practice: Practice, entry: Entry) -> bool:
    notice = timedelta(minutes=practice.services[entry.service].cancel_notice_minutes)
    return entry.cancelled_at is not None and entry.cancelled_at > entry.starts_at - notice


def _last_change(entry: Entry) -> datetime:
    steps = _steps(entry)
    return steps[-1][1] if steps else entry.booked_at


def _steps(entry: Entry) -> list[tuple[BookingState, datetime]]:
    """Each state after booked, and when it came."""
    if entry.cancelled_at is not None:
        return [(S.CANCELLED, entry.cancelled_at)]
    if entry.state is S.NO_SHOW:
        return [(S.NO_SHOW, min(entry.starts_at + MISSED_AFTER, entry.ends_at))]
    return list(zip(REACHED, entry.stamps, strict=False))


def _claims(
    practice: Practice, calendars: Mapping[int, int], booking_id: int, entry: Entry
) -> Iterator[Row]:
    if entry.state not in OCCUPYING:
        return
    service = practice.services[entry.service]
    needed = [practice.professionals[entry.professional].calendar_id, calendars[entry.patient]]
    if entry.room is not None:
        needed.append(practice.rooms[entry.room])
    for calendar_id in needed:
        yield {
            "booking_id": booking_id,
            "calendar_id": calendar_id,
            "starts_at": entry.starts_at,
            "ends_at": entry.ends_at,
            "before_minutes": service.before_minutes,
            "after_minutes": service.after_minutes,
            "guarded": True,
        }


def _events(practice: Practice, booking_id: int, entry: Entry, desk: int) -> Iterator[Row]:
    place = {
        "professional_id": practice.professionals[entry.professional].id,
        "room_id": entry.room,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
    }
    new = {f"new_{name}": value for name, value in place.items()}
    old = {f"old_{name}": value for name, value in place.items()}
    nothing = dict.fromkeys(old)
    common = {"booking_id": booking_id, "user_id": desk, **new}
    yield (
        common
        | nothing
        | {
            "at": entry.booked_at,
            "kind": EventKind.BOOKED,
            "old_state": None,
            "new_state": S.BOOKED,
        }
    )
    before = S.BOOKED
    for state, at in _steps(entry):
        kind = EventKind.CANCELLED if state is S.CANCELLED else EventKind.MARKED
        yield common | old | {"at": at, "kind": kind, "old_state": before, "new_state": state}
        before = state
