"""A chain: visits back to back, for one patient or several. Where each leg goes, or why not.

Everything is loaded once, then decided without the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Part,
    Reason,
    Visit,
    load_sheets_and,
    organisation_clock,
)
from core.availability.chain import Chains, Link, Step, Way
from core.availability.next_free import EVERY_DAY, DayPart, is_wanted_then, load_of
from core.errors import N_, Invalid, NotFound
from core.interval import to_instant, to_seconds
from core.models import Patient, Professional, ProfessionalService, Service
from core.policy import Actor, Permission, require, visible_patients
from core.visits import rooms_for, visit_of

MOST_LEGS = 6
LOOK_AHEAD = timedelta(weeks=8)
MOST_TRIED = 2000
"""Steps that are looked for before the search ends with what it has found."""
FIRST_DAYS, MORE_DAYS = 3, 7
"""How many days are read at first, and at most at once after that."""


@dataclass(frozen=True)
class Leg:
    """One visit of a chain. Nobody named: whoever is free; no time: as soon as it can be."""

    service_id: int
    patient_id: int | None = None
    """None while the patient is still to be chosen."""
    professional_id: int | None = None
    starts_at: datetime | None = None
    """As it was agreed with the patient, where it may not be any other."""


@dataclass(frozen=True)
class ChainAsked:
    legs: tuple[Leg, ...]
    starts_at: datetime
    hold_id: int | None = None
    """The asker's own hold, which is not in the way."""


@dataclass(frozen=True)
class Placed:
    """A leg that fits: by whom, and when."""

    professional_id: int
    professional: str
    service: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class NoPlace:
    """The first leg that does not fit."""

    number: int
    service: str
    earliest_at: datetime
    reasons: tuple[Reason, ...]
    """Nothing where several people would do, and none of them is free."""


@dataclass(frozen=True)
class ChainPlan:
    """The legs that fit, in order; with ``no_place`` those before the one that does not."""

    placed: tuple[Placed, ...]
    no_place: NoPlace | None = None


def preview_chain(session: Session, actor: Actor, asked: ChainAsked, *, now: datetime) -> ChainPlan:
    """Where each leg would go if the first started then, or the first that has no place."""
    require(actor, Permission.BOOKINGS_WRITE)
    wishes = _look_up(session, actor, asked, now=now)
    start = to_seconds(asked.starts_at)
    day = organisation_clock(session).date_of(start)
    chains = _chains(session, wishes, Days(day, day), now=now)
    found = chains.longest(start)
    placed = tuple(_placed(wish, step) for wish, step in zip(wishes, found, strict=False))
    if chains.is_whole(found):
        return ChainPlan(placed)
    earliest = to_instant(found[-1].end if found else start)
    service = wishes[len(found)].service.name
    reasons = tuple(chains.why_no_further(start, found))
    return ChainPlan(placed, NoPlace(len(found), service, earliest, reasons))


def next_chains(
    session: Session,
    actor: Actor,
    asked: ChainAsked,
    *,
    now: datetime,
    count: int = 4,
    most_a_day: int = 2,
    weekdays: frozenset[int] = EVERY_DAY,
    parts: Sequence[DayPart] = (),
) -> list[tuple[Placed, ...]]:
    """The next starts, from the one asked for on, at which the whole chain fits; of each day
    those at which the patients wait least."""
    require(actor, Permission.BOOKINGS_WRITE)
    wishes = _look_up(session, actor, asked, now=now)
    clock = organisation_clock(session)
    first = clock.date_of(to_seconds(max(asked.starts_at, now)))
    found: list[tuple[Placed, ...]] = []
    tried = 0
    for days in _chunks(first):
        chains = _chains(session, wishes, days, now=now)
        midnight, end = clock.span_of_days(days.first, days.last)
        since = max(midnight, to_seconds(asked.starts_at))
        for chain in chains.starting_in(
            (since, end), most_a_day, lambda start: is_wanted_then(clock, start, weekdays, parts)
        ):
            found.append(tuple(map(_placed, wishes, chain)))
            if len(found) == count:
                return found
        tried += chains.tried
        if tried > MOST_TRIED:
            break
    return found


class _Wish(NamedTuple):
    """A leg with everybody who could do it, and the visit as it would be theirs."""

    leg: Leg
    service: Service
    visits: Mapping[Professional, Visit]
    rooms: Sequence[int]
    patient: int | None
    """Calendars."""


def _chains(session: Session, wishes: Sequence[_Wish], days: Days, *, now: datetime) -> Chains:
    """The wishes on these days, and on the next: a chain may go past midnight."""
    days = Days(days.first, days.last + timedelta(days=1))
    professionals = {each.id: each for wish in wishes for each in wish.visits}
    others = {one for wish in wishes for one in (*wish.rooms, wish.patient) if one is not None}
    loaded, busy = load_sheets_and(session, professionals.values(), days, others, now=now)
    # Of those who can start at once the emptier calendar comes first.
    sheets = sorted(loaded, key=lambda each: (load_of(each, each.span), each.professional_id))
    return Chains([_link(wish, sheets, busy, now) for wish in wishes])


def _link(
    wish: _Wish, sheets: Sequence[DaySheet], busy: Mapping[int, Sequence[Busy]], now: datetime
) -> Link:
    visits = {each.id: visit for each, visit in wish.visits.items()}
    rooms = [busy.get(each, ()) for each in wish.rooms] or None
    patient = busy.get(wish.patient, ()) if wish.patient is not None else ()
    agreed = wish.leg.starts_at
    return Link(
        [
            Way(Part(sheet, visits[sheet.professional_id], rooms, patient), now)
            for sheet in sheets
            if sheet.professional_id in visits
        ],
        None if agreed is None else to_seconds(agreed),
    )


def _look_up(session: Session, actor: Actor, asked: ChainAsked, *, now: datetime) -> list[_Wish]:
    """The legs with who could do them; archived or unknown ones raise ``NotFound``."""
    check_count(asked.legs)
    services = {each.service_id for each in asked.legs}
    known = session.scalars(
        select(Service)
        .where(Service.id.in_(services), Service.archived_at.is_(None))
        # What the session has seen before may have changed while it waited for the calendars.
        .execution_options(populate_existing=True)
    )
    by_id = {each.id: each for each in known}
    if by_id.keys() < services:
        raise NotFound(what=N_("service"))
    patients = _patient_calendars(session, actor, asked.legs, now=now)
    offers = _offers(session, actor, asked, by_id)
    rooms = {each: list(rooms_for(session, each).values()) for each in services}
    return [
        _Wish(
            leg,
            by_id[leg.service_id],
            _who_can(leg, offers[leg.service_id]),
            rooms[leg.service_id],
            None if leg.patient_id is None else patients[leg.patient_id],
        )
        for leg in asked.legs
    ]


def check_count(legs: Sequence[Leg]) -> None:
    if not 2 <= len(legs) <= MOST_LEGS:
        raise Invalid(N_("Please ask for 2 to {most} visits back to back."), most=MOST_LEGS)


def _offers(
    session: Session, actor: Actor, asked: ChainAsked, services: Mapping[int, Service]
) -> Mapping[int, Mapping[Professional, Visit]]:
    """By service, who offers it and the visit as they do it."""
    rows = session.execute(
        select(ProfessionalService.service_id, Professional, ProfessionalService.length_minutes)
        .join(Professional, Professional.id == ProfessionalService.professional_id)
        .where(asked_of(asked.legs), Professional.archived_at.is_(None))
        .order_by(Professional.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, dict[Professional, Visit]] = {each: {} for each in services}
    for service_id, professional, own_length in rows:
        service = services[service_id]
        visit = visit_of(actor, service, own_length, booking_id=asked.hold_id or 0)
        found[service_id][professional] = visit
    return found


def asked_of(legs: Sequence[Leg]) -> ColumnElement[bool]:
    """Of what professionals offer, that which one of the legs asks for."""
    offer = ProfessionalService
    return or_(
        *(
            offer.service_id == each.service_id
            if each.professional_id is None
            else and_(
                offer.service_id == each.service_id,
                offer.professional_id == each.professional_id,
            )
            for each in legs
        )
    )


def _who_can(leg: Leg, offered: Mapping[Professional, Visit]) -> Mapping[Professional, Visit]:
    if leg.professional_id is not None:
        offered = {who: how for who, how in offered.items() if who.id == leg.professional_id}
    if not offered:
        raise Invalid(
            N_("Nobody of those you chose offers this service. Please choose another."),
            field="professional",
        )
    return offered


def _patient_calendars(
    session: Session, actor: Actor, legs: Sequence[Leg], *, now: datetime
) -> Mapping[int, int]:
    ids = {each.patient_id for each in legs if each.patient_id is not None}
    rows = session.execute(
        visible_patients(actor, now=now)
        .where(Patient.id.in_(ids), Patient.archived_at.is_(None))
        .with_only_columns(Patient.id, Patient.calendar_id)
    )
    found = {id: calendar_id for id, calendar_id in rows}  # noqa: C416 - rows are not pairs to mypy
    if found.keys() < ids:
        raise NotFound(what=N_("patient"))
    return found


def _chunks(first: date) -> Iterator[Days]:
    """Days to read, a few at first."""
    last, length = first + LOOK_AHEAD, FIRST_DAYS
    while first <= last:
        until = min(first + timedelta(days=length - 1), last)
        yield Days(first, until)
        first, length = until + timedelta(days=1), min(2 * length, MORE_DAYS)


def _placed(wish: _Wish, step: Step) -> Placed:
    return Placed(
        step.professional_id,
        step.part.sheet.name,
        wish.service.name,
        to_instant(step.start),
        to_instant(step.end),
    )
