"""The demo's practice: its professionals and their hours, services, rooms and days off."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.catalog import list_first_reasons, price_for
from core.models import (
    Calendar,
    CalendarKind,
    Closure,
    Expertise,
    HoursKind,
    Opening,
    Organisation,
    Professional,
    ProfessionalService,
    Room,
    Service,
    ServiceColour,
    ServiceRoom,
    Tier,
    TimeOff,
    WorkingHours,
)

WEEKS_BACK, WEEKS_AHEAD = 8, 4
PREMIUM_PERCENT = 20
NAME, ZONE, COUNTRY, CURRENCY = "Rua Nova Practice", "Europe/Lisbon", "PT", "EUR"

Hours = Mapping[str, str]
"""Windows by weekdays, as a receptionist would write them: {"1234": "9-13 14-18"}."""


@dataclass(frozen=True)
class Sold:
    """A service: minutes long, which step, buffers before and after, its price with the tax."""

    name: str
    length: int
    price: int
    step: int = 15
    before: int = 0
    after: int = 0
    rooms: tuple[str, ...] = ()
    notice_hours: int = 2
    horizon_days: int = 180
    colour: ServiceColour | None = None
    tax_rate: int = 0


@dataclass(frozen=True)
class Person:
    name: str
    title: str
    colour: str
    languages: str
    expertise: tuple[str, ...]
    hours: Hours
    services: Mapping[str, int]
    """How often each service is asked of them, against the others."""
    bio: str
    premium: bool = False
    sees_children: bool = False
    visits_per_day: int | None = None
    hours_before: Hours | None = None
    """What they worked until four weeks ago, where it has changed."""
    own: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    """Own length in minutes and price in cents, where they differ."""


TREATMENT, STUDIO, IMAGING = "Treatment room", "Movement studio", "Imaging room"

C = ServiceColour
SERVICES = (
    Sold("Consultation", 30, 6000),
    Sold("First consultation", 45, 8500, after=5, colour=C.VIOLET),
    Sold("Follow-up", 15, 3500),
    Sold("Video consultation", 20, 4500, step=10, colour=C.BLUE),
    Sold("Blood test", 15, 2500, after=5, colour=C.PINK),
    Sold("Skin check", 30, 7000, after=10),
    Sold(
        "Minor surgery",
        60,
        19000,
        step=30,
        before=10,
        after=15,
        rooms=(TREATMENT,),
        colour=C.ORANGE,
    ),
    Sold("Ultrasound", 30, 9500, after=10, rooms=(IMAGING,), colour=C.GREEN),
    Sold("Physiotherapy", 45, 5200, after=10, rooms=(STUDIO, TREATMENT)),
    Sold("Therapy session", 50, 9000, step=30, after=10, notice_hours=24),
    Sold("Child check-up", 40, 6500, step=20),
    Sold("Career mentoring", 90, 12000, step=30, notice_hours=24, horizon_days=60, tax_rate=2300),
)

PEOPLE = (
    Person(
        name="Dr Elena Ruiz",
        title="General practitioner",
        colour="#0072B2",
        languages="Spanish, Portuguese, English",
        expertise=("General practice", "Diabetes"),
        hours={"1245": "9-13 14-18", "3": "9-13"},
        services={"Consultation": 9, "Follow-up": 6, "First consultation": 3, "Blood test": 2},
        bio="Family doctor for twenty years; keeps Wednesday afternoons for house calls.",
    ),
    Person(
        name="Dr Tomás Almeida",
        title="Cardiologist",
        colour="#D55E00",
        languages="Portuguese, English",
        expertise=("Cardiology", "General practice"),
        hours={"1234": "8-12:30 13-16:30", "5": "8-13"},
        services={"Consultation": 6, "Ultrasound": 5, "Follow-up": 4, "Blood test": 2},
        bio="Hearts, blood pressure and second opinions.",
    ),
    Person(
        name="Dr Ngozi Okafor",
        title="Dermatologist",
        colour="#009E73",
        languages="English, Igbo, Portuguese",
        expertise=("Dermatology", "Minor surgery"),
        hours={"2345": "10-13:30 14-18", "6": "9-13"},
        services={"Skin check": 9, "Minor surgery": 4, "Follow-up": 3, "Video consultation": 2},
        bio="Skin of every age and colour. Open on Saturday mornings.",
        premium=True,
        own={"Skin check": (None, 8500)},
    ),
    Person(
        name="Dr Hanna Lindqvist",
        title="Paediatrician",
        colour="#CC79A7",
        languages="Swedish, English, German",
        expertise=("Paediatrics", "Allergies"),
        hours={"1245": "8:30-12:30 13:15-16:30"},
        services={"Child check-up": 8, "Consultation": 5, "Follow-up": 3, "First consultation": 2},
        bio="From the first check-up to the last growth spurt.",
        sees_children=True,
    ),
    Person(
        name="Dr Amir Haddad",
        title="Orthopaedic surgeon",
        colour="#8A6BBE",
        languages="Arabic, French, English",
        expertise=("Orthopaedics", "Sports medicine"),
        hours={"134": "9-13 14-18:30", "5": "9-14"},
        hours_before={"1345": "9-13 14-17"},
        services={"Consultation": 7, "Ultrasound": 3, "Minor surgery": 2, "First consultation": 3},
        bio="Knees, shoulders and getting people back to what they love doing.",
    ),
    Person(
        name="Dr Mei Tanaka",
        title="Psychiatrist",
        colour="#B8860B",
        languages="Japanese, English",
        expertise=("Psychiatry", "Sleep"),
        hours={"1234": "11-15 15:30-19:30"},
        services={"Therapy session": 10, "First consultation": 2, "Video consultation": 2},
        bio="Talks, listens, and takes no more than eight people a day.",
        premium=True,
        visits_per_day=8,
        own={"Therapy session": (None, 11000), "First consultation": (60, 12500)},
    ),
    Person(
        name="Beatriz Costa",
        title="Physiotherapist",
        colour="#56B4E9",
        languages="Portuguese, Spanish",
        expertise=("Physiotherapy", "Sports medicine"),
        hours={"12345": "8-12 14-19"},
        services={"Physiotherapy": 12, "Follow-up": 2},
        bio="Back pain, sports injuries and life after plaster.",
        own={"Follow-up": (30, 4000)},
    ),
    Person(
        name="Jonas Weber",
        title="Career mentor",
        colour="#7A7A7A",
        languages="German, English",
        expertise=("Career mentoring", "Burn-out"),
        hours={"24": "15-21", "3": "10-14"},
        services={"Career mentoring": 6, "Video consultation": 3},
        bio="For those who come back to work, or leave it for something better.",
        own={"Video consultation": (30, 6000)},
    ),
)


@dataclass(frozen=True)
class Practice:
    """What was written: by name, to be booked."""

    zone: ZoneInfo
    professionals: Mapping[str, Professional]
    services: Mapping[str, Service]
    lengths: Mapping[tuple[str, str], int]
    """Minutes by professional and service."""
    prices: Mapping[tuple[str, str], int]
    rooms: Mapping[int, int]
    """Calendars by room."""
    rooms_for: Mapping[str, tuple[int, ...]]


def zone() -> ZoneInfo:
    return ZoneInfo(ZONE)


def write(session: Session, *, monday: date, now: datetime) -> Practice:
    """The whole place but its patients, around the week that begins on ``monday``."""
    stamps = {"created_at": now - timedelta(days=400), "updated_at": now}
    session.add(
        Organisation(id=1, name=NAME, zone=ZONE, country=COUNTRY, currency=CURRENCY, **stamps)
    )
    list_first_reasons(session)
    rooms = {
        name: Room(name=name, calendar=Calendar(kind=CalendarKind.ROOM), **stamps)
        for name in (TREATMENT, STUDIO, IMAGING)
    }
    services = {each.name: _service(each, stamps) for each in SERVICES}
    premium = Tier(name="Premium", percent=PREMIUM_PERCENT, **stamps)
    session.add(premium)
    session.flush()
    professionals = _professionals(stamps, premium)
    session.add_all([*rooms.values(), *services.values(), *professionals.values()])
    session.flush()

    room_ids = {each.name: tuple(rooms[name].id for name in each.rooms) for each in SERVICES}
    for name, ids in room_ids.items():
        session.add_all(ServiceRoom(service_id=services[name].id, room_id=room) for room in ids)
    for person in PEOPLE:
        session.add_all(_offers(person, professionals[person.name], services))
        session.add_all(_hours(person, professionals[person.name], monday))
    _days_off(session, professionals, monday)
    session.flush()

    sold = [
        (person, service)
        for person in PEOPLE
        for service in SERVICES
        if service.name in person.services
    ]
    return Practice(
        zone=zone(),
        professionals=professionals,
        services=services,
        lengths={(p.name, s.name): p.own.get(s.name, (None, None))[0] or s.length for p, s in sold},
        prices={
            (p.name, s.name): price_for(
                s.price, p.own.get(s.name, (None, None))[1], premium if p.premium else None
            ).cents
            for p, s in sold
        },
        rooms={each.id: each.calendar_id for each in rooms.values()},
        rooms_for=room_ids,
    )


def _service(sold: Sold, stamps: Mapping[str, datetime]) -> Service:
    return Service(
        name=sold.name,
        length_minutes=sold.length,
        step_minutes=sold.step,
        before_minutes=sold.before,
        after_minutes=sold.after,
        notice_minutes=sold.notice_hours * 60,
        horizon_days=sold.horizon_days,
        price_cents=sold.price,
        tax_rate=sold.tax_rate,
        colour=sold.colour,
        **stamps,
    )


def _professionals(stamps: Mapping[str, datetime], premium: Tier) -> dict[str, Professional]:
    names = sorted({name for person in PEOPLE for name in person.expertise})
    expertise = {name: Expertise(name=name) for name in names}
    return {
        person.name: Professional(
            calendar=Calendar(kind=CalendarKind.PROFESSIONAL),
            name=person.name,
            title=person.title,
            bio=person.bio,
            languages=person.languages,
            tier_id=premium.id if person.premium else None,
            colour=person.colour,
            visits_per_day=person.visits_per_day,
            expertise=[expertise[name] for name in person.expertise],
            **stamps,
        )
        for person in PEOPLE
    }


def _offers(
    person: Person, professional: Professional, services: Mapping[str, Service]
) -> list[ProfessionalService]:
    found = []
    for name in person.services:
        length, price = person.own.get(name, (None, None))
        found.append(
            ProfessionalService(
                professional_id=professional.id,
                service_id=services[name].id,
                length_minutes=length,
                price_cents=price,
            )
        )
    return found


def _hours(person: Person, professional: Professional, monday: date) -> list[WorkingHours]:
    first = monday - timedelta(weeks=WEEKS_BACK)
    if person.hours_before is None:
        return _rows(professional, person.hours, first, None)
    changed = monday - timedelta(weeks=4)
    return [
        *_rows(professional, person.hours_before, first, changed - timedelta(days=1)),
        *_rows(professional, person.hours, changed, None),
    ]


def _rows(
    professional: Professional, hours: Hours, first: date | None, last: date | None
) -> list[WorkingHours]:
    """A pause between two windows of a day is written down as a break in one long window."""
    rows = []
    for weekdays, windows in hours.items():
        spans = [tuple(map(_minute, each.split("-"))) for each in windows.split()]
        pauses = [(one[1], other[0]) for one, other in itertools.pairwise(spans)]
        kinds = [(HoursKind.WORK, spans[0][0], spans[-1][1])]
        kinds += [(HoursKind.BREAK, *pause) for pause in pauses]
        for weekday in map(int, weekdays):
            rows += [
                WorkingHours(
                    professional_id=professional.id,
                    weekday=weekday,
                    kind=kind,
                    starts_minute=starts,
                    ends_minute=ends,
                    valid_from=first,
                    valid_to=last,
                )
                for kind, starts, ends in kinds
            ]
    return rows


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute or 0)


def _days_off(session: Session, people: Mapping[str, Professional], monday: date) -> None:
    """Holidays, a sick day, a course, one closure, and one Saturday morning extra."""

    def off(name: str, first: int, days: int, reason: str) -> TimeOff:
        start, end = monday + timedelta(days=first), monday + timedelta(days=first + days)
        return TimeOff(
            professional_id=people[name].id,
            starts_at=_at(start, 0),
            ends_at=_at(end, 0),
            reason=reason,
        )

    saturday = monday + timedelta(days=12)
    session.add_all(
        [
            off("Dr Mei Tanaka", -35, 7, "Holiday"),
            off("Dr Tomás Almeida", -6, 1, "Sick day"),
            off("Beatriz Costa", -17, 2, "Family"),
            off("Dr Hanna Lindqvist", 10, 2, "Course in Porto"),
            off("Dr Amir Haddad", 14, 7, "Holiday"),
            Opening(
                professional_id=people["Dr Elena Ruiz"].id,
                starts_at=_at(saturday, 9),
                ends_at=_at(saturday, 12),
            ),
            Closure(
                first_on=monday + timedelta(days=25),
                last_on=monday + timedelta(days=25),
                name="Team day",
            ),
        ]
    )


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone())
