"""The diary every measurement is taken on: 20 professionals and as many bookings as asked for.

Monday to Friday 09:00-12:00 and 13:00-17:00, half-hour visits, clock on UTC, now 20 November
2026. In the thirty days from 23 November 216 of each professional's 308 half hours are taken
(70 %), 30 % in the month after; the rest fills 90 % of the days before, walking back.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from core.db import Database
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Calendar,
    CalendarKind,
    Channel,
    Claim,
    Patient,
    Service,
)
from tests import a

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = NOW.date()
FIRST, LAST = date(2026, 11, 23), date(2026, 12, 22)
HALF_HOURS = [time(hour, minute) for hour in (9, 10, 11, 13, 14, 15, 16) for minute in (0, 30)]
HALF_HOUR = timedelta(minutes=30)
TAKEN_OF_WINDOW = 216
AT_ONCE = 20_000


@dataclass(frozen=True)
class Diary:
    database: Database
    professional_ids: tuple[int, ...]
    patient_ids: tuple[int, ...]
    service_id: int


def fill(
    database: Database, bookings: int, *, professionals: int = 20, patients: int = 5000
) -> Diary:
    """Write the diary in bulk; the guard in the database sees every claim."""
    chance = random.Random(20261120 + bookings)
    with database.writing() as session:
        a.organisation(session, zone="UTC")
        service = a.service(session, name="Visit", length_minutes=30, step_minutes=30)
        people = [
            a.professional(
                session, name=f"Dr {number:03}", hours=((9, 12), (13, 17)), services=(service,)
            )
            for number in range(1, professionals + 1)
        ]
        patient_calendars = _patients(session, patients)
        taken = _taken(chance, bookings, professionals)
        _write(session, chance, service, people, list(patient_calendars.items()), taken)
        session.execute(text("ANALYZE"))
    return Diary(database, tuple(each.id for each in people), tuple(patient_calendars), service.id)


def vary(database: Database) -> None:
    """Give what was written in bulk a history: services, channels, when it was booked, its end.

    By remainders of the number, so that every run has the same book: 6 of a hundred are
    cancelled, 5 of those past are missed.
    """
    with database.writing() as session:
        first = a.service(session, name="Second", length_minutes=30, step_minutes=30).id
        for number in range(3):
            a.service(session, name=f"Service {number}", length_minutes=30, step_minutes=30)
        session.execute(HISTORY, {"first": first, "now": NOW.timestamp()})
        session.execute(
            text(
                "UPDATE attendees SET state = b.state FROM bookings b "
                "WHERE b.id = booking_id AND b.state <> 'booked'"
            )
        )
        session.execute(
            text(
                "DELETE FROM claims WHERE booking_id IN (SELECT id FROM bookings "
                "WHERE state IN ('cancelled', 'no_show'))"
            )
        )
        session.execute(text("ANALYZE"))


HISTORY = text(
    """
    UPDATE bookings SET
        service_id = CASE WHEN id % 5 = 0 THEN service_id ELSE :first + id % 4 END,
        channel = CASE id % 10 WHEN 0 THEN 'professional' WHEN 1 THEN 'patient' ELSE 'desk' END,
        created_at = starts_at - 3600 - 86400 * (id * 7919 % 40),
        state = CASE WHEN id * 31 % 100 < 6 THEN 'cancelled' WHEN starts_at > :now THEN 'booked'
            WHEN id * 31 % 100 < 11 THEN 'no_show' ELSE 'completed' END,
        cancel_asked_by_patient = id % 5 <> 2,
        cancelled_late = id % 3 = 0,
        arrived_at = CASE WHEN id * 31 % 100 >= 11 AND starts_at <= :now THEN starts_at - 300 END,
        started_at = CASE WHEN id * 31 % 100 >= 11 AND starts_at <= :now
            THEN starts_at + 60 * (id % 25) END
    """
)


def weekdays(first: date, step: int = 1) -> Iterator[date]:
    day = first
    while True:
        if day.isoweekday() <= 5:
            yield day
        day += timedelta(days=step)


def window_starts(first: date, last: date) -> list[datetime]:
    days = []
    for day in weekdays(first):
        if day > last:
            break
        days.append(day)
    return [datetime.combine(day, at, tzinfo=UTC) for day in days for at in HALF_HOURS]


def _taken(chance: random.Random, bookings: int, professionals: int) -> list[tuple[int, datetime]]:
    """(professional, start) of every booking, in order of time."""
    window = window_starts(FIRST, LAST)
    found = [
        (who, start)
        for who in range(professionals)
        for start in chance.sample(window, TAKEN_OF_WINDOW)
    ][:bookings]
    after = window_starts(LAST + timedelta(days=1), LAST + timedelta(days=30))
    found += [
        (who, start) for who in range(professionals) for start in after if chance.random() < 0.3
    ][: bookings - len(found)]
    before = weekdays(TODAY, -1)
    while len(found) < bookings:
        day = next(before)
        found += [
            (who, datetime.combine(day, at, tzinfo=UTC))
            for who in range(professionals)
            for at in HALF_HOURS
            if chance.random() < 0.9
        ][: bookings - len(found)]
    return sorted(found, key=lambda each: (each[1], each[0]))


def _patients(session: Session, count: int) -> dict[int, int]:
    """Patients with their calendars, by id."""
    first = (session.scalar(text("SELECT COALESCE(MAX(id), 0) FROM calendars")) or 0) + 1
    session.execute(
        insert(Calendar),
        [{"id": first + number, "kind": CalendarKind.PATIENT} for number in range(count)],
    )
    session.execute(
        insert(Patient),
        [
            {
                "id": number + 1,
                "calendar_id": first + number,
                "name": f"Patient {number + 1:05}",
                "search": f"patient {number + 1:05} 3519{number:08}",
                "phone": f"+3519{number:08}",
                "version": 1,
                "created_at": NOW,
                "updated_at": NOW,
            }
            for number in range(count)
        ],
    )
    return {number + 1: first + number for number in range(count)}


def _write(
    session: Session,
    chance: random.Random,
    service: Service,
    people: list,
    patients: list[tuple[int, int]],
    taken: list[tuple[int, datetime]],
) -> None:
    busy: set[tuple[int, datetime]] = set()
    for begin in range(0, len(taken), AT_ONCE):
        bookings, attendees, claims = [], [], []
        for number, (who, start) in enumerate(taken[begin : begin + AT_ONCE], begin + 1):
            patient_id, calendar_id = chance.choice(patients)
            while (patient_id, start) in busy:
                patient_id, calendar_id = chance.choice(patients)
            busy.add((patient_id, start))
            times = {"starts_at": start, "ends_at": start + HALF_HOUR}
            bookings.append(_booking_row(number, service.id, people[who].id, times))
            attendees.append(
                {"booking_id": number, "patient_id": patient_id, "state": BookingState.BOOKED}
            )
            claims += [
                {"booking_id": number, "calendar_id": each, **times, "guarded": True}
                for each in (people[who].calendar_id, calendar_id)
            ]
        session.execute(insert(Booking), bookings)
        session.execute(insert(Attendee), attendees)
        session.execute(insert(Claim), claims)


def _booking_row(number: int, service_id: int, professional_id: int, times: dict) -> dict:
    return {
        "id": number,
        "service_id": service_id,
        "professional_id": professional_id,
        **times,
        "state": BookingState.BOOKED,
        "price_cents": 4500,
        "currency": "EUR",
        "channel": Channel.DESK,
        "request_key": f"made-{number}",
        "request_sha256": "",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
