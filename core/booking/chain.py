"""A chain: visits back to back, for one patient or several. Where each leg goes, or why not.

A leg starts where the one before ends: at the first start its own rules allow from then on, at
most ``MOST_WAIT`` later. Everything is loaded once, then decided without the database.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import nsmallest
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Explainer,
    Part,
    Reason,
    Visit,
    WallClock,
    load_sheets_and,
    organisation_clock,
    starts,
)
from core.availability.next_free import load_of
from core.availability.reasons import off_step
from core.availability.starts import free_time, inside, next_on_clock, possible_starts
from core.errors import N_, Invalid, NotFound
from core.interval import Span, intersect, to_instant, to_seconds, union
from core.models import Patient, Professional, ProfessionalService, Service
from core.policy import Actor, Permission, require, visible_patients
from core.visits import rooms_for, visit_of

MOST_LEGS = 6
MOST_WAIT = timedelta(minutes=30)
"""What a patient is asked to wait between two visits, until the next start that is allowed."""
WAIT = int(MOST_WAIT.total_seconds())
LOOK_AHEAD = timedelta(weeks=8)
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
    day = organisation_clock(session).date_of(to_seconds(asked.starts_at))
    planner = _planner(session, wishes, Days(day, day), now=now)
    found = planner.longest(to_seconds(asked.starts_at))
    placed = tuple(_placed(wish, step) for wish, step in zip(wishes, found, strict=False))
    if len(found) == len(wishes):
        return ChainPlan(placed)
    return ChainPlan(placed, planner.no_place(found, to_seconds(asked.starts_at)))


def next_chains(
    session: Session,
    actor: Actor,
    asked: ChainAsked,
    *,
    now: datetime,
    count: int = 4,
    most_a_day: int = 2,
) -> list[tuple[Placed, ...]]:
    """The next starts, from the one asked for on, at which the whole chain fits; of each day
    those at which the patients wait least."""
    require(actor, Permission.BOOKINGS_WRITE)
    wishes = _look_up(session, actor, asked, now=now)
    clock = organisation_clock(session)
    first = clock.date_of(to_seconds(max(asked.starts_at, now)))
    found: list[tuple[Placed, ...]] = []
    for days in _chunks(first):
        planner = _planner(session, wishes, days, now=now)
        midnight, end = clock.span_of_days(days.first, days.last)
        since = max(midnight, to_seconds(asked.starts_at))
        for chain in planner.chains((since, end), clock, most_a_day):
            found.append(tuple(map(_placed, wishes, chain)))
            if len(found) == count:
                return found
    return found


class _Wish(NamedTuple):
    """A leg with everybody who could do it, and the visit as it would be theirs."""

    leg: Leg
    service: Service
    visits: Mapping[Professional, Visit]
    rooms: Sequence[int]
    patient: int | None
    """Calendars."""


class _Step(NamedTuple):
    part: Part
    start: int

    @property
    def end(self) -> int:
        return self.start + self.part.visit.length

    @property
    def busy(self) -> Busy:
        """The claim it would lay, with its buffers."""
        visit = self.part.visit
        return Busy(self.start, self.end, visit.before // 60, visit.after // 60)


@dataclass(frozen=True)
class _Way:
    """A leg done by one of the professionals who could."""

    part: Part
    now: datetime

    @property
    def professional_id(self) -> int:
        return self.part.sheet.professional_id

    @cached_property
    def starts(self) -> list[int]:
        return self._starts_of(self.part)

    @cached_property
    def possible(self) -> list[Span]:
        """Spans in which every start lies, whatever else the chain brings."""
        part = self.part
        free = free_time(part.sheet, part.visit)
        return possible_starts(
            part.sheet, part.visit, free, now=self.now, rooms=part.rooms, patient=part.patient
        )

    def before(self, later: Sequence[Span]) -> list[Span]:
        """Spans from which one of the ``later`` starts can be reached in time."""
        length = self.part.visit.length
        reached = union((start - length - WAIT, end - length) for start, end in later)
        return intersect(self.possible, reached)

    def first_start(self, low: int, high: int, so_far: Sequence[_Step]) -> int | None:
        """The first between the two, both included, the steps so far being taken."""
        found = self.starts
        if any(each.part.sheet.professional_id == self.professional_id for each in so_far):
            part = self.after(so_far)
            sheet = replace(part.sheet, span=(low, high + 1))
            found = self._starts_of(replace(part, sheet=sheet))
        at = bisect_left(found, low)
        return found[at] if at < len(found) and found[at] <= high else None

    def after(self, so_far: Sequence[_Step]) -> Part:
        """The same with what the same professional does before it in the chain."""
        own = [
            each.busy for each in so_far if each.part.sheet.professional_id == self.professional_id
        ]
        sheet = replace(self.part.sheet, busy=sorted([*self.part.sheet.busy, *own]))
        return replace(self.part, sheet=sheet)

    def explain(self, so_far: Sequence[_Step], start: int, *, exactly: bool) -> list[Reason]:
        """Why it cannot start then, or, if not ``exactly``, at the step that follows."""
        part = self.after(so_far)
        explainer = Explainer(
            part.sheet, part.visit, now=self.now, rooms=part.rooms, patient=part.patient
        )
        if exactly:
            return explainer.reasons(start)
        step = next_on_clock(part.sheet.clock, start, part.visit.rules)
        found = explainer.against(start) or explainer.against(step)
        return found or [off_step(part.visit.rules)]

    def _starts_of(self, part: Part) -> list[int]:
        return starts(part.sheet, part.visit, now=self.now, rooms=part.rooms, patient=part.patient)


class _Planner:
    """Chains over some days: of each leg the soonest start, the emptier calendar first."""

    def __init__(self, wishes: Sequence[_Wish], ways: Sequence[Sequence[_Way]]) -> None:
        self._wishes = wishes
        self._ways = ways
        self._dead_ends: set[tuple[int, int, frozenset[int]]] = set()

    @cached_property
    def _promising(self) -> Sequence[Span]:
        """Starts of the first leg from which the others may be reached: most days have none."""
        *earlier, last = self._ways
        reach = union(each for way in last for each in way.possible)
        for ways in reversed(earlier):
            reach = union(each for way in ways for each in way.before(reach))
        return reach

    def chains(self, span: Span, clock: WallClock, most_a_day: int) -> Iterator[tuple[_Step, ...]]:
        """Whole chains that start then: of each day so many, those with the least waiting."""
        begins = sorted({start for way in self._ways[0] for start in way.starts})
        promising = inside(begins, intersect(self._promising, [span]))
        for _day, starts_then in groupby(promising, key=clock.ordinal_of):
            whole = filter(self._is_whole, map(self.longest, starts_then))
            best = nsmallest(most_a_day, whole, key=lambda each: each[-1].end - each[0].start)
            yield from sorted(best, key=lambda each: each[0].start)

    def longest(self, start: int, so_far: tuple[_Step, ...] = ()) -> tuple[_Step, ...]:
        """The chain that goes on from here: whole if it can be, else as far as it comes."""
        if self._is_whole(so_far):
            return so_far
        with_whom = frozenset(each.part.sheet.professional_id for each in so_far)
        known = (len(so_far), start, with_whom)
        if known in self._dead_ends:
            return so_far
        longest = so_far
        for step in self._steps(start, so_far):
            found = self.longest(step.end, (*so_far, step))
            if self._is_whole(found):
                return found
            longest = max(longest, found, key=len)
        self._dead_ends.add(known)
        return longest

    def no_place(self, so_far: Sequence[_Step], start: int) -> NoPlace:
        """The leg after these, and why it cannot follow."""
        wish, ways = self._wishes[len(so_far)], self._ways[len(so_far)]
        earliest = so_far[-1].end if so_far else start
        agreed = wish.leg.starts_at
        moment = earliest if agreed is None else to_seconds(agreed)
        exactly = agreed is not None or not so_far
        reasons = ways[0].explain(so_far, moment, exactly=exactly) if len(ways) == 1 else []
        return NoPlace(len(so_far), wish.service.name, to_instant(earliest), tuple(reasons))

    def _is_whole(self, chain: Sequence[_Step]) -> bool:
        return len(chain) == len(self._wishes)

    def _steps(self, start: int, so_far: tuple[_Step, ...]) -> list[_Step]:
        """What can come next, best first: the soonest, then with whom the patient is already."""
        low = high = start
        agreed = self._wishes[len(so_far)].leg.starts_at
        if so_far:
            high += WAIT
        if agreed is not None:
            low, high = max(low, to_seconds(agreed)), min(high, to_seconds(agreed))
        found = [
            _Step(way.part, first)
            for way in self._ways[len(so_far)]
            if (first := way.first_start(low, high, so_far)) is not None
        ]
        before = so_far[-1].part.sheet.professional_id if so_far else None
        return sorted(
            found, key=lambda each: (each.start, each.part.sheet.professional_id != before)
        )


def _planner(session: Session, wishes: Sequence[_Wish], days: Days, *, now: datetime) -> _Planner:
    """The wishes with the sheets of these days, and of the next: a chain may go past midnight."""
    days = Days(days.first, days.last + timedelta(days=1))
    professionals = {each.id: each for wish in wishes for each in wish.visits}
    others = {one for wish in wishes for one in (*wish.rooms, wish.patient) if one is not None}
    loaded, busy = load_sheets_and(session, professionals.values(), days, others, now=now)
    # Sorting keeps this order among those who can start at once.
    sheets = sorted(loaded, key=lambda each: (load_of(each, each.span), each.professional_id))
    return _Planner(wishes, [_ways(wish, sheets, busy, now) for wish in wishes])


def _ways(
    wish: _Wish, sheets: Sequence[DaySheet], busy: Mapping[int, Sequence[Busy]], now: datetime
) -> list[_Way]:
    visits = {each.id: visit for each, visit in wish.visits.items()}
    rooms = [busy.get(each, ()) for each in wish.rooms] or None
    patient = busy.get(wish.patient, ()) if wish.patient is not None else ()
    return [
        _Way(Part(sheet, visits[sheet.professional_id], rooms, patient), now)
        for sheet in sheets
        if sheet.professional_id in visits
    ]


def _look_up(session: Session, actor: Actor, asked: ChainAsked, *, now: datetime) -> list[_Wish]:
    """The legs with who could do them; archived or unknown ones raise ``NotFound``."""
    if not 2 <= len(asked.legs) <= MOST_LEGS:
        raise Invalid(N_("Please ask for 2 to {most} visits back to back."), most=MOST_LEGS)
    services = {each.service_id for each in asked.legs}
    known = session.scalars(
        select(Service).where(Service.id.in_(services), Service.archived_at.is_(None))
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


def _offers(
    session: Session, actor: Actor, asked: ChainAsked, services: Mapping[int, Service]
) -> Mapping[int, Mapping[Professional, Visit]]:
    """By service, who offers it and the visit as they do it."""
    rows = session.execute(
        select(ProfessionalService.service_id, Professional, ProfessionalService.length_minutes)
        .join(Professional, Professional.id == ProfessionalService.professional_id)
        .where(asked_of(asked.legs), Professional.archived_at.is_(None))
        .order_by(Professional.id)
        # What the session has seen before may have changed while it waited for the calendars.
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


def _placed(wish: _Wish, step: _Step) -> Placed:
    return Placed(
        step.part.sheet.professional_id,
        step.part.sheet.name,
        wish.service.name,
        to_instant(step.start),
        to_instant(step.end),
    )
