"""Makers for tests: ``a.professional(session)``, ``a.booking(...)``, sensible unless told.

The made day is Monday 7 December 2026 in Lisbon, whose clock is UTC in winter.
"""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog import list_first_reasons
from core.interval import Interval
from core.models import (
    Attendee,
    AuthSession,
    Booking,
    BookingState,
    Calendar,
    CalendarKind,
    Channel,
    Claim,
    Organisation,
    Patient,
    Professional,
    ProfessionalService,
    Role,
    Room,
    Service,
    ServiceRoom,
    Tier,
    User,
    WorkingHours,
)
from core.patients import search_text
from core.policy import Actor

ZONE = "Europe/Lisbon"
DAY = date(2026, 12, 7)
MIDNIGHT = datetime(2026, 12, 7, tzinfo=UTC)
BEFORE = datetime(2026, 12, 4, 12, tzinfo=UTC)
"""The Friday before: the usual ``now``."""

_number = itertools.count(1)


def at(hour: float, *, day: int = 0) -> datetime:
    """An hour of the made day (9.5 is 09:30), or of ``day`` days later."""
    return MIDNIGHT + timedelta(days=day, minutes=round(hour * 60))


def span(start: float, end: float, *, day: int = 0) -> Interval:
    return Interval(at(start, day=day), at(end, day=day))


def organisation(session: Session, *, zone: str = ZONE, **values: object) -> Organisation:
    found = session.get(Organisation, 1)
    if found is None:
        made = {"name": "Rua Nova Practice", "zone": zone, "country": "PT", "currency": "EUR"}
        found = Organisation(id=1, **(made | values))
        session.add(found)
        list_first_reasons(session)
        session.flush()
    return found


def professional(
    session: Session,
    *,
    hours: tuple[tuple[float, float], ...] = ((9, 17),),
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5),
    services: tuple[Service, ...] = (),
    **values: object,
) -> Professional:
    """A professional at work 09:00-17:00 on weekdays."""
    organisation(session)
    if values.pop("premium", False):
        values["tier_id"] = tier(session).id
    made = Professional(
        calendar=Calendar(kind=CalendarKind.PROFESSIONAL),
        **({"name": f"Dr {next(_number)}"} | values),
    )
    session.add(made)
    session.flush()
    for weekday, (start, end) in itertools.product(weekdays, hours):
        session.add(
            WorkingHours(
                professional_id=made.id,
                weekday=weekday,
                starts_minute=round(start * 60),
                ends_minute=round(end * 60),
            )
        )
    for service in services:
        offer(session, made, service)
    session.flush()
    return made


def tier(session: Session, **values: object) -> Tier:
    """A tier that adds nothing to prices, unless told: Premium, there once."""
    made = Tier(**({"name": "Premium"} | values))
    found = session.scalars(select(Tier).where(Tier.name == made.name)).first()
    if found is None:
        session.add(made)
        session.flush()
    return found or made


def service(session: Session, **values: object) -> Service:
    """A visit of 30 minutes that may start every 15."""
    organisation(session)
    made = Service(**({"name": f"Visit {next(_number)}", "length_minutes": 30} | values))
    session.add(made)
    session.flush()
    return made


def offer(
    session: Session, professional: Professional, service: Service, **values: object
) -> ProfessionalService:
    made = ProfessionalService(professional_id=professional.id, service_id=service.id, **values)
    session.add(made)
    session.flush()
    return made


def room(session: Session, **values: object) -> Room:
    made = Room(
        calendar=Calendar(kind=CalendarKind.ROOM), **({"name": f"Room {next(_number)}"} | values)
    )
    session.add(made)
    session.flush()
    return made


def patient(session: Session, **values: object) -> Patient:
    made = Patient(
        calendar=Calendar(kind=CalendarKind.PATIENT),
        **({"name": f"Ana {next(_number)}", "phone": "", "email": ""} | values),
    )
    made.search = search_text(made)
    session.add(made)
    session.flush()
    return made


def user(session: Session, role: Role = Role.RECEPTIONIST, **values: object) -> User:
    number = next(_number)
    made = User(
        **(
            {
                "username": f"user{number}",
                "name": f"User {number}",
                "role": role,
                "password_hash": "",
            }
            | values
        )
    )
    session.add(made)
    session.flush()
    return made


def actor(session: Session, role: Role = Role.RECEPTIONIST, **values: object) -> Actor:
    """Somebody signed in, with a user of their own."""
    made = user(session, role, **values)
    return Actor(
        role=role,
        name=made.name,
        user_id=made.id,
        patient_id=made.patient_id,
        professional_id=made.professional_id,
    )


def confirmed(
    session: Session, role: Role = Role.RECEPTIONIST, *, now: datetime, **values: object
) -> Actor:
    """Somebody in a session of their own, who typed their password just now."""
    made = actor(session, role, **values)
    opened = AuthSession(
        token_sha256=f"made-{next(_number)}",
        user_id=made.user_id,
        created_at=now,
        last_seen_at=now,
        auth_at=now,
        expires_at=now + timedelta(hours=12),
    )
    session.add(opened)
    session.flush()
    return replace(made, session_id=opened.id)


def booking(
    session: Session,
    professional: Professional,
    when: Interval,
    *,
    service: Service | None = None,
    patient: Patient | None = None,
    state: BookingState = BookingState.BOOKED,
    **values: object,
) -> Booking:
    """A booking as it lies in the tables, written without asking any rule."""
    chosen = service or globals()["service"](session)
    guest = patient or globals()["patient"](session)
    made = Booking(
        service_id=chosen.id,
        professional_id=professional.id,
        starts_at=when.start,
        ends_at=when.end,
        state=state,
        price_cents=chosen.price_cents,
        currency="EUR",
        channel=Channel.DESK,
        request_key=f"made-{next(_number)}",
        request_sha256="",
        **values,
    )
    made.attendees = [Attendee(patient_id=guest.id, state=state)]
    session.add(made)
    session.flush()
    if made.occupies:
        for calendar_id in (professional.calendar_id, guest.calendar_id):
            session.add(
                Claim(
                    booking_id=made.id,
                    calendar_id=calendar_id,
                    starts_at=when.start,
                    ends_at=when.end,
                    before_minutes=chosen.before_minutes,
                    after_minutes=chosen.after_minutes,
                    held_until=made.held_until,
                )
            )
    session.flush()
    return made


def needs(session: Session, service: Service, *rooms: Room) -> None:
    """The service needs one of these rooms."""
    session.add_all(ServiceRoom(service_id=service.id, room_id=each.id) for each in rooms)
    session.flush()
