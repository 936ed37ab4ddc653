"""A visit somebody asks for, with everything loaded that decides whether it can take place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import and_, bindparam, func, select, union
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Explainer,
    Reason,
    Rules,
    Visit,
    WallClock,
    clock_of,
    load_sheets_and,
    starts,
)
from core.catalog.prices import price_for
from core.db import CALENDAR_LOCKS
from core.errors import N_, Invalid, NotFound
from core.interval import to_instant, to_seconds
from core.models import (
    Organisation,
    Patient,
    Professional,
    ProfessionalService,
    Role,
    Room,
    Service,
    ServiceRoom,
    Tier,
)
from core.policy import Actor, Permission, allows

NEAREST_WITHIN_DAYS = 14

Bookable = TypeVar("Bookable", Service, Professional, Patient)
Listed = TypeVar("Listed", Service, Professional)


@dataclass(frozen=True)
class Wanted:
    """Who, what and for whom; ``visit`` carries the rules that apply to the asker."""

    professional: Professional
    service: Service
    patients: tuple[Patient, ...]
    visit: Visit
    price_cents: int
    currency: str
    clock: WallClock
    """The organisation's."""
    rooms: Mapping[int, int]
    """Calendars of the rooms of which the service needs one, by room; empty: it needs none."""


@dataclass(frozen=True)
class Loaded:
    """What decides, as it was when the calendars were read."""

    sheet: DaySheet
    rooms: Mapping[int, Sequence[Busy]] | None
    patients: Sequence[Busy]


def want(
    session: Session,
    actor: Actor,
    *,
    professional_id: int,
    service_id: int,
    patient_ids: Sequence[int] = (),
    booking_id: int = 0,
) -> Wanted:
    """Look everything up by id; archived or unknown ones raise ``NotFound``.

    To patients what is not listed is unknown.
    """
    asked = {
        "professional": professional_id,
        "service": service_id,
        "patients": list(patient_ids),
    }
    found = session.execute(WHO_AND_WHAT, asked).all()
    if not found:
        raise Invalid(
            N_("The organisation has not been set up yet. An admin sets it up under Practice.")
        )
    zone, currency, service, professional, offer, tier = found[0][:6]
    moves = booking_id != 0  # what the booking is already may have been unlisted since
    service = _active(_seen(actor, service, moves=moves), "service")
    professional = _active(_seen(actor, professional, moves=moves), "professional")
    by_id = {each.Patient.id: each.Patient for each in found if each.Patient}
    patients = tuple(_active(by_id.get(each), "patient") for each in patient_ids)
    if offer is None and actor.role is Role.PATIENT:
        raise NotFound(what="professional")  # who offers nothing listed is not shown either
    if offer is None:
        raise Invalid(
            N_("{professional} does not offer {service}. Please choose another."),
            field="service",
            professional=professional.name,
            service=service.name,
        )
    return Wanted(
        professional=professional,
        service=service,
        patients=patients,
        visit=visit_of(actor, service, offer.length_minutes, booking_id=booking_id),
        price_cents=price_for(service.price_cents, offer.price_cents, tier).cents,
        currency=currency,
        clock=clock_of(zone),
        rooms={each.room: each.room_calendar for each in found if each.room is not None},
    )


WHO_AND_WHAT = (
    select(
        Organisation.zone,
        Organisation.currency,
        Service,
        Professional,
        ProfessionalService,
        Tier,
        Patient,
        Room.id.label("room"),
        Room.calendar_id.label("room_calendar"),
    )
    .select_from(Organisation)
    .outerjoin(Service, Service.id == bindparam("service"))
    .outerjoin(Professional, Professional.id == bindparam("professional"))
    .outerjoin(Tier, Tier.id == Professional.tier_id)
    .outerjoin(
        ProfessionalService,
        and_(
            ProfessionalService.service_id == Service.id,
            ProfessionalService.professional_id == Professional.id,
        ),
    )
    .outerjoin(Patient, Patient.id.in_(bindparam("patients", expanding=True)))
    .outerjoin(ServiceRoom, ServiceRoom.service_id == Service.id)
    .outerjoin(Room, and_(Room.id == ServiceRoom.room_id, Room.archived_at.is_(None)))
    .order_by(Room.id)
    # What the session has seen before may have changed while it waited for the calendars.
    .execution_options(populate_existing=True)
)
"""A row for each patient with each room, or a single one; what is missing is empty."""


def visit_of(
    actor: Actor, service: Service, own_length: int | None = None, *, booking_id: int = 0
) -> Visit:
    """The visit as the rules of the service place it for this actor.

    Those who book for others need no notice, and may close up to the visit before where it
    left the lattice. A group is one visit, which shares its time with no other: its seats are
    taken by joining it.
    """
    for_others = allows(actor, Permission.BOOKINGS_WRITE)
    return Visit(
        length=(own_length or service.length_minutes) * 60,
        before=service.before_minutes * 60,
        after=service.after_minutes * 60,
        rules=Rules(
            step=service.step_minutes * 60,
            anchor=service.anchor,
            buffer_rule=service.buffer_rule,
            notice=0 if for_others else service.notice_minutes * 60,
            horizon_days=service.horizon_days,
            fits_gap=for_others,
        ),
        booking_id=booking_id,
    )


ROOMS = (
    select(Room.id, Room.calendar_id)
    .join(ServiceRoom, ServiceRoom.room_id == Room.id)
    .where(ServiceRoom.service_id == bindparam("service"), Room.archived_at.is_(None))
    .order_by(Room.id)
)


def rooms_for(session: Session, service_id: int) -> dict[int, int]:
    """Rooms in use of which the service needs one, with their calendars, in a fixed order."""
    rows = session.connection().execute(ROOMS, {"service": service_id})
    return {room_id: calendar_id for room_id, calendar_id in rows}  # noqa: C416 - rows are not pairs to mypy


def hold_calendars(
    session: Session,
    professional_ids: Sequence[int],
    service_id: int,
    patient_ids: Sequence[int] = (),
) -> None:
    """Hold every calendar a visit may claim, until the transaction ends.

    Before anything is read for it, so that what was archived meanwhile is seen; and before
    anything is written: who writes first takes the audit's lock, which everybody takes last.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # on SQLite a writer holds the whole database
        asked = {
            "professionals": professional_ids,
            "service": service_id,
            "patients": patient_ids,
        }
        connection.execute(HOLD, asked)


CALENDARS = (
    union(
        select(Professional.calendar_id).where(
            Professional.id.in_(bindparam("professionals", expanding=True))
        ),
        ROOMS.with_only_columns(Room.calendar_id).order_by(None),
        select(Patient.calendar_id).where(Patient.id.in_(bindparam("patients", expanding=True))),
    )
    .order_by("calendar_id")
    .subquery()
)
HOLD = select(func.pg_advisory_xact_lock(CALENDAR_LOCKS, CALENDARS.c.calendar_id))
"""In id order, as everybody takes them: PostgreSQL sorts what is in brackets first."""


def calendars_wanted(wanted: Wanted) -> set[int]:
    """Every calendar the visit may claim: what must be held before it is checked."""
    patients = (each.calendar_id for each in wanted.patients)
    return {wanted.professional.calendar_id, *wanted.rooms.values(), *patients}


def load_around(
    session: Session, wanted: Wanted, start: datetime, *, now: datetime, days: int = 1
) -> Loaded:
    """Load the local day of ``start`` and the days after it."""
    first = wanted.clock.date_of(to_seconds(start))
    asked = Days(first, first + timedelta(days=days - 1))
    patients = [each.calendar_id for each in wanted.patients]
    others = [*wanted.rooms.values(), *patients]
    sheets, busy = load_sheets_and(session, [wanted.professional], asked, others, now=now)
    return Loaded(
        sheet=sheets[0],
        rooms={room: busy.get(calendar, ()) for room, calendar in wanted.rooms.items()} or None,
        patients=[one for each in patients for one in busy.get(each, ())],
    )


def reasons_against(
    wanted: Wanted, loaded: Loaded, start: datetime, *, now: datetime
) -> list[Reason]:
    rooms = None if loaded.rooms is None else list(loaded.rooms.values())
    explainer = Explainer(loaded.sheet, wanted.visit, now=now, rooms=rooms, patient=loaded.patients)
    return explainer.reasons(to_seconds(start))


def free_room(loaded: Loaded, visit: Visit, start: datetime, *, first: int | None) -> int | None:
    """A room that is free for the whole visit: ``first`` if it is, else the lowest id."""
    begin = to_seconds(start)
    end = begin + visit.length
    for room_id in sorted(loaded.rooms or (), key=lambda each: (each != first, each)):
        others = (
            each
            for each in (loaded.rooms or {})[room_id]
            if not visit.booking_id or each.booking_id != visit.booking_id
        )
        if not any(begin < each.end and each.start < end for each in others):
            return room_id
    return None


def nearest_starts(
    session: Session, wanted: Wanted, start: datetime, *, now: datetime, count: int = 3
) -> list[datetime]:
    """The bookable starts closest to ``start``, in order: that day, else the next two weeks."""
    target = to_seconds(start)
    for days in (1, NEAREST_WITHIN_DAYS):
        loaded = load_around(session, wanted, start, now=now, days=days)
        rooms = None if loaded.rooms is None else list(loaded.rooms.values())
        found = starts(loaded.sheet, wanted.visit, now=now, rooms=rooms, patient=loaded.patients)
        if len(found) >= count or days == NEAREST_WITHIN_DAYS:
            break
    closest = sorted(found, key=lambda each: (abs(each - target), each))[:count]
    return [to_instant(each) for each in sorted(closest)]


def _seen(actor: Actor, found: Listed | None, *, moves: bool) -> Listed | None:
    hidden = found is not None and not found.listed
    return None if hidden and actor.role is Role.PATIENT and not moves else found


def _active(found: Bookable | None, what: str) -> Bookable:
    if found is None or found.archived_at is not None:
        raise NotFound(what=what)
    return found
