"""What the place offers: the organisation, services, rooms, expertise, professionals' profiles."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.errors import N_, DatabaseNotReady, Invalid, NotFound
from core.models import (
    Anchor,
    BufferRule,
    Calendar,
    CalendarKind,
    Expertise,
    Organisation,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Room,
    Service,
    ServiceRoom,
)
from core.patients import fold
from core.patients.typed import LONGEST_NAME, line, note
from core.policy import Actor, Permission, require

LONGEST_VISIT_MINUTES = 24 * 60
HIGHEST_PRICE_CENTS = 100_000_000


@dataclass(frozen=True)
class OrganisationDetails:
    name: str
    zone: str
    country: str
    currency: str


@dataclass(frozen=True)
class NewService:
    name: str
    length_minutes: int
    step_minutes: int = 15
    anchor: Anchor = Anchor.CLOCK
    before_minutes: int = 0
    after_minutes: int = 0
    buffer_rule: BufferRule = BufferRule.GAP
    notice_minutes: int = 0
    cancel_notice_minutes: int = 24 * 60
    horizon_days: int = 365
    seats: int = 1
    price_cents: int = 0
    room_ids: tuple[int, ...] = ()
    """The rooms one of which the service needs; none when it needs no room."""


@dataclass(frozen=True)
class NewProfessional:
    name: str
    title: str = ""
    bio: str = ""
    languages: str = ""
    premium: bool = False
    colour: str = "#0072B2"
    zone: str | None = None
    visits_per_day: int | None = None
    visits_per_week: int | None = None
    minutes_per_day: int | None = None
    minutes_per_week: int | None = None
    expertise: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewRoom:
    name: str


@dataclass(frozen=True)
class OfferedService:
    """A service as one professional offers it; None means as the service says."""

    professional_id: int
    service_id: int
    length_minutes: int | None = None
    price_cents: int | None = None


@dataclass(frozen=True)
class ExpertiseTags:
    """All the expertise of a professional, by name; names not yet known are added."""

    professional_id: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """What a visit with one professional takes and costs."""

    length_minutes: int
    price_cents: int


# Reads.


def get_organisation(session: Session) -> Organisation:
    """The place itself, or ``DatabaseNotReady`` before it is set up."""
    found = session.get(Organisation, 1)
    if found is None:
        raise DatabaseNotReady(N_("This place has not been set up yet: it has no name."))
    return found


def zone_of(organisation: Organisation) -> ZoneInfo:
    return ZoneInfo(organisation.zone)


def get_service(session: Session, service_id: int) -> Service:
    """A service that can be booked, or ``NotFound``."""
    found = session.scalar(
        select(Service).where(Service.id == service_id, Service.archived_at.is_(None))
    )
    if found is None:
        raise NotFound(what=N_("service"))
    return found


def load_services(session: Session) -> list[Service]:
    """The services that can be booked, by name."""
    return _by_name(session.scalars(select(Service).where(Service.archived_at.is_(None))))


def load_rooms(session: Session, *, service_id: int | None = None) -> list[Room]:
    """The rooms in use, or those a service may use, by name."""
    query = select(Room).where(Room.archived_at.is_(None))
    if service_id is not None:
        needed = select(ServiceRoom.room_id).where(ServiceRoom.service_id == service_id)
        query = query.where(Room.id.in_(needed))
    return _by_name(session.scalars(query))


def load_expertise(session: Session) -> list[Expertise]:
    return _by_name(session.scalars(select(Expertise)))


def load_professionals(
    session: Session,
    actor: Actor,
    *,
    service_id: int | None = None,
    expertise_id: int | None = None,
    ids: Collection[int] | None = None,
) -> list[Professional]:
    """The professionals at work here, by name, each with their expertise.

    Narrowed to those who offer a service, know a field, or are among ``ids``.
    """
    require(actor, Permission.CATALOG_READ)
    query = select(Professional).where(Professional.archived_at.is_(None))
    if service_id is not None:
        offering = select(ProfessionalService.professional_id).where(
            ProfessionalService.service_id == service_id
        )
        query = query.where(Professional.id.in_(offering))
    if expertise_id is not None:
        knowing = select(ProfessionalExpertise.professional_id).where(
            ProfessionalExpertise.expertise_id == expertise_id
        )
        query = query.where(Professional.id.in_(knowing))
    if ids is not None:
        query = query.where(Professional.id.in_(ids))
    return _by_name(session.scalars(query.options(selectinload(Professional.expertise))))


def offer_of(session: Session, professional_id: int, service_id: int) -> Offer:
    """The professional's own length and price, or the service's; ``Invalid`` if not offered."""
    offer = load_offers(session, [professional_id], service_id).get(professional_id)
    if offer is None:
        raise Invalid(N_("This professional does not offer this service."), field="service")
    return offer


def load_offers(
    session: Session, professional_ids: Collection[int], service_id: int
) -> dict[int, Offer]:
    """The offers of those who offer the service, by the professional's id."""
    rows = session.execute(
        select(
            ProfessionalService.professional_id,
            func.coalesce(ProfessionalService.length_minutes, Service.length_minutes),
            func.coalesce(ProfessionalService.price_cents, Service.price_cents),
        )
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(
            ProfessionalService.service_id == service_id,
            ProfessionalService.professional_id.in_(professional_ids),
        )
    )
    return {professional_id: Offer(length, price) for professional_id, length, price in rows}


# Commands.


def set_up_organisation(
    session: Session, actor: Actor, request: OrganisationDetails, *, now: datetime
) -> Organisation:
    """Name the place, or change what is said about it."""
    require(actor, Permission.CATALOG_WRITE)
    details = {
        "name": _name(request.name),
        "zone": _zone(request.zone),
        "country": _country(request.country),
        "currency": _currency(request.currency),
    }
    organisation = session.get(Organisation, 1)
    if organisation is None:
        organisation = Organisation(id=1)
        session.add(organisation)
    for field, value in details.items():
        setattr(organisation, field, value)
    audit.record(session, actor, "organisation.set_up", organisation, now=now)
    return organisation


def add_service(session: Session, actor: Actor, request: NewService, *, now: datetime) -> Service:
    require(actor, Permission.CATALOG_WRITE)
    name = _name(request.name)
    _check_new(name, session.scalars(select(Service.name)))
    _check_between(request.length_minutes, 1, LONGEST_VISIT_MINUTES, "length_minutes")
    _check_between(request.step_minutes, 1, LONGEST_VISIT_MINUTES, "step_minutes")
    _check_between(request.before_minutes, 0, LONGEST_VISIT_MINUTES, "before_minutes")
    _check_between(request.after_minutes, 0, LONGEST_VISIT_MINUTES, "after_minutes")
    _check_between(request.notice_minutes, 0, 366 * 1440, "notice_minutes")
    _check_between(request.cancel_notice_minutes, 0, 366 * 1440, "cancel_notice_minutes")
    _check_between(request.horizon_days, 0, 10 * 366, "horizon_days")
    _check_between(request.seats, 1, 1000, "seats")
    _check_between(request.price_cents, 0, HIGHEST_PRICE_CENTS, "price_cents")
    _check_rooms(session, request.room_ids)
    service = Service(
        name=name,
        length_minutes=request.length_minutes,
        step_minutes=request.step_minutes,
        anchor=request.anchor,
        before_minutes=request.before_minutes,
        after_minutes=request.after_minutes,
        buffer_rule=request.buffer_rule,
        notice_minutes=request.notice_minutes,
        cancel_notice_minutes=request.cancel_notice_minutes,
        horizon_days=request.horizon_days,
        seats=request.seats,
        price_cents=request.price_cents,
    )
    session.add(service)
    session.flush()
    session.add_all(
        ServiceRoom(service_id=service.id, room_id=each) for each in sorted(set(request.room_ids))
    )
    audit.record(session, actor, "service.added", service, now=now)
    return service


def add_professional(
    session: Session, actor: Actor, request: NewProfessional, *, now: datetime
) -> Professional:
    """Put a professional in the book, with a calendar of their own and no hours yet."""
    require(actor, Permission.CATALOG_WRITE)
    _check_limits(request)
    professional = Professional(
        calendar=Calendar(kind=CalendarKind.PROFESSIONAL),
        name=_name(request.name),
        title=line(request.title, LONGEST_NAME, "title"),
        bio=note(request.bio, "bio"),
        languages=line(request.languages, LONGEST_NAME, "languages"),
        premium=request.premium,
        colour=_colour(request.colour),
        zone=None if request.zone is None else _zone(request.zone),
        visits_per_day=request.visits_per_day,
        visits_per_week=request.visits_per_week,
        minutes_per_day=request.minutes_per_day,
        minutes_per_week=request.minutes_per_week,
        expertise=_expertise_named(session, request.expertise),
    )
    session.add(professional)
    audit.record(session, actor, "professional.added", professional, now=now)
    return professional


def add_room(session: Session, actor: Actor, request: NewRoom, *, now: datetime) -> Room:
    require(actor, Permission.CATALOG_WRITE)
    name = _name(request.name)
    _check_new(name, session.scalars(select(Room.name)))
    room = Room(name=name, calendar=Calendar(kind=CalendarKind.ROOM))
    session.add(room)
    audit.record(session, actor, "room.added", room, now=now)
    return room


def offer_service(
    session: Session, actor: Actor, request: OfferedService, *, now: datetime
) -> ProfessionalService:
    """Let a professional offer a service, or change the length and price they offer it at."""
    require(actor, Permission.CATALOG_WRITE)
    professional = _professional(session, request.professional_id)
    service = get_service(session, request.service_id)
    if request.length_minutes is not None:
        _check_between(request.length_minutes, 1, LONGEST_VISIT_MINUTES, "length_minutes")
    if request.price_cents is not None:
        _check_between(request.price_cents, 0, HIGHEST_PRICE_CENTS, "price_cents")
    key = {"professional_id": professional.id, "service_id": service.id}
    offered = session.get(ProfessionalService, key)
    if offered is None:
        offered = ProfessionalService(**key)
        session.add(offered)
    offered.length_minutes = request.length_minutes
    offered.price_cents = request.price_cents
    audit.record(
        session, actor, "service.offered", professional, now=now, service_id=request.service_id
    )
    return offered


def tag_expertise(
    session: Session, actor: Actor, request: ExpertiseTags, *, now: datetime
) -> Professional:
    """Make these, and no others, the professional's expertise."""
    require(actor, Permission.CATALOG_WRITE)
    professional = _professional(session, request.professional_id)
    professional.expertise = _expertise_named(session, request.names)
    session.flush()
    ids = sorted(each.id for each in professional.expertise)
    audit.record(session, actor, "professional.tagged", professional, now=now, expertise_ids=ids)
    return professional


def _professional(session: Session, professional_id: int) -> Professional:
    found = session.scalar(
        select(Professional)
        .where(Professional.id == professional_id, Professional.archived_at.is_(None))
        .options(selectinload(Professional.expertise))
    )
    if found is None:
        raise NotFound(what=N_("professional"))
    return found


def _expertise_named(session: Session, names: Iterable[str]) -> list[Expertise]:
    """Each once; a name that differs in accents or case alone is the same expertise."""
    known = {fold(each.name): each for each in session.scalars(select(Expertise))}
    wanted: dict[str, Expertise] = {}
    for name in map(_name, names):
        key = fold(name)
        if key not in known:
            known[key] = Expertise(name=name)
            session.add(known[key])
        wanted[key] = known[key]
    return list(wanted.values())


Named = TypeVar("Named", Service, Room, Expertise, Professional)


def _by_name(rows: Iterable[Named]) -> list[Named]:
    return sorted(rows, key=lambda each: (fold(each.name), each.id))


# What an admin types, made fit to keep.


def _name(typed: str) -> str:
    name = line(typed, LONGEST_NAME, "name")
    if not name:
        raise Invalid(N_("Please enter a name."), field="name")
    return name


def _zone(typed: str) -> str:
    if typed not in available_timezones():
        raise Invalid(N_("{zone} is not a time zone we know."), field="zone", zone=typed)
    return typed


def _country(typed: str) -> str:
    code = typed.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(N_("{country} is not a country's code."), field="country", country=typed)
    return code


def _currency(typed: str) -> str:
    code = typed.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Invalid(
            N_("A currency has three letters, such as EUR, not {typed}."),
            field="currency",
            typed=typed,
        )
    return code


def _colour(typed: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", typed):
        raise Invalid(N_("A colour looks like #0072B2."), field="colour")
    return typed


def _check_new(name: str, known: Iterable[str]) -> None:
    if fold(name) in {fold(each) for each in known}:
        raise Invalid(N_("There is already one called {name}."), field="name", name=name)


def _check_between(number: int, lowest: int, highest: int, field: str) -> None:
    if not lowest <= number <= highest:
        raise Invalid(
            N_("This must be a number between {lowest} and {highest}."),
            field=field,
            lowest=lowest,
            highest=highest,
        )


def _check_limits(request: NewProfessional) -> None:
    for field in ("visits_per_day", "visits_per_week", "minutes_per_day", "minutes_per_week"):
        limit = getattr(request, field)
        if limit is not None:
            _check_between(limit, 0, 7 * 1440, field)


def _check_rooms(session: Session, room_ids: Collection[int]) -> None:
    known = set(session.scalars(select(Room.id).where(Room.archived_at.is_(None))))
    if not known.issuperset(room_ids):
        raise NotFound(what=N_("room"))
