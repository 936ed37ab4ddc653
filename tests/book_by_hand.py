"""A book with everything in it, and as plain values what is in it: to count by hand.

Five weeks around the day clocks go back in Lisbon: visits at any hour, groups with seats
that were left, missed and waited for, cancellations of every kind, holds, overlaps.
"""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from core.models import Attendee, Booking, BookingState, Channel
from tests import a

S = BookingState
FIRST, LAST = date(2026, 10, 5), date(2026, 11, 8)
NOW = datetime(2026, 10, 28, 11, 30, tzinfo=UTC)
ZONE = ZoneInfo(a.ZONE)
SINGLE = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.COMPLETED, S.NO_SHOW, S.CANCELLED)
_number = itertools.count(1)


@dataclass(frozen=True)
class Visit:
    """One booking, as it was written."""

    id: int
    professional_id: int
    service_id: int
    room_id: int | None
    tier_id: int | None
    channel: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    state: BookingState
    seats: int
    price_cents: int
    late: bool
    by_patient: bool
    arrived_at: datetime | None
    started_at: datetime | None

    @property
    def local(self) -> datetime:
        return self.starts_at.astimezone(ZONE)


@dataclass(frozen=True)
class Seat:
    visit: Visit
    patient_id: int
    state: BookingState
    waiting: bool

    @property
    def counts(self) -> bool:
        return self.visit.state is not S.HELD and not self.waiting

    @property
    def cancelled(self) -> bool:
        return S.CANCELLED in (self.visit.state, self.state)

    @property
    def left(self) -> bool:
        return self.visit.seats > 1 and self.state is S.CANCELLED

    @property
    def due(self) -> bool:
        return self.visit.starts_at <= NOW and not self.cancelled


@dataclass(frozen=True)
class Book:
    visits: list[Visit]
    seats: list[Seat]
    professional_ids: list[int]
    service_ids: list[int]
    room_ids: list[int]


def fill(session, *, visits: int = 160, seed: int = 8) -> Book:
    """Write it, without asking any rule, and answer what was written."""
    chance = Random(seed)
    tier = a.tier(session)
    people = [a.professional(session), a.professional(session, tier_id=tier.id)]
    people.append(a.professional(session))
    services = [a.service(session), a.service(session), a.service(session, seats=4)]
    rooms = [a.room(session), a.room(session)]
    patients = [a.patient(session) for _ in range(40)]
    made: list[Visit] = []
    seated: list[Seat] = []
    for _ in range(visits):
        service, who = chance.choice(services), chance.choice(people)
        visit = _visit(chance, service, who, chance.choice([*rooms, None]))
        taking_part = chance.sample(patients, chance.randint(1, 5) if service.seats > 1 else 1)
        seats = [
            Seat(visit, each.id, *_fate(chance, visit, number))
            for number, each in enumerate(taking_part)
        ]
        id = _write(session, visit, seats)
        made.append(replace(visit, id=id))
        seated += [replace(each, visit=made[-1]) for each in seats]
    ids = [[each.id for each in kind] for kind in (people, services, rooms)]
    return Book(made, seated, *ids)


def _visit(chance, service, who, room) -> Visit:
    starts_at = datetime(2026, 10, 4, tzinfo=UTC) + timedelta(
        minutes=15 * chance.randrange(4 * 24 * 37)
    )
    states = (S.BOOKED, S.COMPLETED, S.CANCELLED) if service.seats > 1 else (*SINGLE, S.HELD)
    state = chance.choice(states)
    arrived = starts_at - timedelta(minutes=chance.randint(-5, 20))
    stamped = state in (S.IN_PROGRESS, S.COMPLETED)
    return Visit(
        id=0,
        professional_id=who.id,
        service_id=service.id,
        room_id=room.id if room else None,
        tier_id=who.tier_id,
        channel=chance.choice(list(Channel)).value,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=chance.choice((15, 30, 45, 90))),
        made_at=starts_at - timedelta(minutes=chance.choice((30, 1440, 2000, 9000, 30000, 50000))),
        state=state,
        seats=service.seats,
        price_cents=chance.choice((0, 4500, 9000)),
        late=state is S.CANCELLED and chance.random() < 0.5,
        by_patient=chance.random() < 0.7,
        arrived_at=arrived if stamped or state is S.ARRIVED else None,
        started_at=arrived + timedelta(minutes=chance.randint(0, 40)) if stamped else None,
    )


def _fate(chance, visit: Visit, number: int) -> tuple[BookingState, bool]:
    """What became of one patient's part in it: their state, and whether they only waited."""
    if visit.seats == 1:
        return visit.state, False
    if number >= visit.seats:
        return S.BOOKED, True
    part = S.BOOKED if visit.state is S.CANCELLED else visit.state
    return chance.choice((part, part, S.CANCELLED, S.NO_SHOW)), False


def _write(session, visit: Visit, seats: list[Seat]) -> int:
    row = Booking(
        professional_id=visit.professional_id,
        service_id=visit.service_id,
        room_id=visit.room_id,
        channel=Channel(visit.channel),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        created_at=visit.made_at,
        state=visit.state,
        held_until=NOW + timedelta(minutes=5) if visit.state is S.HELD else None,
        seats=visit.seats,
        price_cents=visit.price_cents,
        currency="EUR",
        cancelled_late=visit.late,
        cancel_asked_by_patient=visit.by_patient,
        arrived_at=visit.arrived_at,
        started_at=visit.started_at,
        request_key=f"by-hand-{next(_number)}",
        request_sha256="",
    )
    row.attendees = [
        Attendee(patient_id=each.patient_id, state=each.state, waiting=each.waiting)
        for each in seats
    ]
    session.add(row)
    session.flush()
    return row.id
