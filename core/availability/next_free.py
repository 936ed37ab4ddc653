"""The next free starts of a service, over everybody who offers it.

Days are read in growing chunks and only until there are enough. The sooner day comes first;
of one day's starts the patient's usual professional, then those that leave no gap too short
to sell, then whoever has the emptier day. Each proposal carries what ranked it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.availability.clock import WallClock
from core.availability.loading import (
    LONGEST_RANGE_DAYS,
    Days,
    load_sheets_and,
    organisation_clock,
)
from core.availability.sheet import Busy, DaySheet
from core.availability.starts import Visit, free_time, starts
from core.errors import N_, Invalid, NotFound
from core.interval import Span, intersect, minutes_of, to_instant, to_seconds
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    Patient,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Role,
    Service,
)
from core.policy import Actor, Permission, require, visible_patients
from core.visits import rooms_for, visit_of

FIRST_DAYS, MORE_DAYS = 3, 14
"""How many days are read at first, and at most at once after that."""
MOST_PROPOSALS = 100
EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class DayPart:
    """Minutes of the local day in which a visit may start."""

    starts_minute: int
    ends_minute: int


MORNING = DayPart(0, 12 * 60)
AFTERNOON = DayPart(12 * 60, 17 * 60)
EVENING = DayPart(17 * 60, 24 * 60)


@dataclass(frozen=True)
class NextAsked:
    """What is wanted, and what would do; nothing said means anybody and any time."""

    service_id: int
    count: int = 5
    most_a_day: int = MOST_PROPOSALS
    """The best of each day, so that a list reaches further than the first free one."""
    patient_id: int | None = None
    professional_ids: tuple[int, ...] = ()
    expertise_id: int | None = None
    premium: bool | None = None
    weekdays: frozenset[int] = EVERY_DAY
    parts: tuple[DayPart, ...] = ()
    from_on: date | None = None


@dataclass(frozen=True)
class Proposal:
    """A free start, and what ranked it where it stands."""

    professional_id: int
    professional: str
    starts_at: datetime
    ends_at: datetime
    days_to_wait: int
    is_usual: bool
    """Whom this patient has seen most often."""
    unusable_minutes: int
    """What it would leave of the free stretch that is too short for any visit."""
    load: float
    """The share of that professional's day that is taken already."""

    @property
    def rank(self) -> tuple[int, bool, bool, float, datetime, int]:
        """Smaller is better."""
        return (
            self.days_to_wait,
            not self.is_usual,
            self.unusable_minutes > 0,
            self.load,
            self.starts_at,
            self.professional_id,
        )


def next_starts(
    session: Session, actor: Actor, asked: NextAsked, *, now: datetime
) -> list[Proposal]:
    """The best free starts, best first; fewer than asked for when the horizon ends before."""
    require(actor, Permission.BOOKINGS_WRITE, Permission.BOOKINGS_WRITE_OWN)
    _check(actor, asked)
    seeker = seeker_of(session, actor, asked, now=now)
    found: list[Proposal] = []
    for days in _chunks(seeker):
        sheets, busy = load_sheets_and(session, seeker.visits, days, seeker.others, now=now)
        found += seeker.proposals(sheets, busy, still=asked.count - len(found))
        if len(found) >= asked.count:
            break
    return found[: asked.count]


def seeker_of(session: Session, actor: Actor, asked: NextAsked, *, now: datetime) -> "Seeker":
    """What the days are to be read for. Raises ``NotFound`` for what is not there."""
    service = session.get(Service, asked.service_id)
    if service is None or service.archived_at is not None:
        raise NotFound(what=N_("service"))
    return Seeker(
        asked=asked,
        now=now,
        today=organisation_clock(session).ordinal_of(to_seconds(now)),
        visits=_visits(session, actor, asked, service),
        shortest=_shortest_visits(session),
        usual=_usual_professional(session, asked.patient_id),
        rooms=list(rooms_for(session, service.id).values()),
        patient_calendar=_patient_calendar(session, actor, asked, now),
    )


@dataclass(frozen=True)
class Seeker:
    """Who could do it, and whatever else decides when."""

    asked: NextAsked
    now: datetime
    today: int
    visits: Mapping[Professional, Visit]
    shortest: Mapping[int, int]
    usual: int | None
    rooms: Sequence[int]
    patient_calendar: int | None

    @cached_property
    def visit_of(self) -> dict[int, Visit]:
        return {each.id: visit for each, visit in self.visits.items()}

    @property
    def others(self) -> list[int]:
        """The calendars to be read beside those of the professionals."""
        return [*self.rooms, *([self.patient_calendar] if self.patient_calendar else ())]

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day that would do; None where nobody could do it at all."""
        horizons = [each.rules.horizon_days for each in self.visits.values()]
        if not horizons:
            return None
        reach = max(LONGEST_RANGE_DAYS if each is None else each for each in horizons)
        today = date.fromordinal(self.today)
        first, last = max(today, self.asked.from_on or today), today + timedelta(days=reach)
        return (first, last) if first <= last else None

    def busy_in(
        self, busy: Mapping[int, Sequence[Busy]]
    ) -> tuple[list[Sequence[Busy]] | None, Sequence[Busy]]:
        """What rooms and the patient have already; no rooms where none is needed."""
        rooms = [busy.get(each, ()) for each in self.rooms] if self.rooms else None
        return rooms, busy.get(self.patient_calendar, ()) if self.patient_calendar else ()

    def proposals(
        self, sheets: Sequence[DaySheet], busy: Mapping[int, Sequence[Busy]], *, still: int
    ) -> list[Proposal]:
        """Those of the sheets' days, ranked, on as many days as it takes for ``still`` more."""
        by_day: dict[int, list[tuple[DaySheet, int]]] = {}
        for sheet in sheets:
            for start in self._suitable(sheet, busy):
                by_day.setdefault(sheet.clock.ordinal_of(start), []).append((sheet, start))
        found: list[Proposal] = []
        for day in sorted(by_day):
            if len(found) >= still:
                break
            found += self._ranked(day, by_day[day])
        return found

    def _suitable(self, sheet: DaySheet, busy: Mapping[int, Sequence[Busy]]) -> Iterator[int]:
        rooms, patient = self.busy_in(busy)
        visit = self.visit_of[sheet.professional_id]
        for start in starts(sheet, visit, now=self.now, rooms=rooms, patient=patient):
            if is_wanted_then(sheet.clock, start, self.asked.weekdays, self.asked.parts):
                yield start

    def _ranked(self, day: int, found: Sequence[tuple[DaySheet, int]]) -> list[Proposal]:
        """One day's starts, best first."""
        sheets = {sheet.professional_id: sheet for sheet, _start in found}
        span = found[0][0].clock.day(day)[0], found[0][0].clock.day(day + 1)[0]
        loads = {id: load_of(sheet, span) for id, sheet in sheets.items()}
        free = {id: free_time(sheet, self.visit_of[id]) for id, sheet in sheets.items()}
        return sorted(
            (
                self._proposal(
                    sheet, start, day, loads[sheet.professional_id], free[sheet.professional_id]
                )
                for sheet, start in found
            ),
            key=lambda each: each.rank,
        )[: self.asked.most_a_day]

    def _proposal(
        self, sheet: DaySheet, start: int, day: int, load: float, free: Sequence[Span]
    ) -> Proposal:
        id = sheet.professional_id
        end = start + self.visit_of[id].length
        return Proposal(
            professional_id=id,
            professional=sheet.name,
            starts_at=to_instant(start),
            ends_at=to_instant(end),
            days_to_wait=day - self.today,
            is_usual=id == self.usual,
            unusable_minutes=self._left_over(free, start, end, self.shortest.get(id, 0)) // 60,
            load=load,
        )

    def _left_over(self, free: Sequence[Span], start: int, end: int, shortest: int) -> int:
        around = next(each for each in free if each[0] <= start < each[1])
        before = start - max(around[0], to_seconds(self.now))
        after = around[1] - end
        return sum(each for each in (before, after) if 0 < each < shortest)


def is_wanted_then(
    clock: WallClock, start: int, weekdays: frozenset[int], parts: Sequence[DayPart]
) -> bool:
    """Whether the start falls on one of the weekdays, and in one of the parts of the day if any."""
    if weekdays != EVERY_DAY and _weekday(clock.ordinal_of(start)) not in weekdays:
        return False
    if not parts:
        return True
    minute = clock.seconds_into_day(start) // 60
    return any(part.starts_minute <= minute < part.ends_minute for part in parts)


def load_of(sheet: DaySheet, span: Span) -> float:
    """The share of the time offered in ``span`` that visits take; above 1 after overtime."""
    offered = minutes_of(intersect(sheet.offered, [span]))
    taken = [(each.start, each.end) for each in sheet.busy if span[0] <= each.start < span[1]]
    return round(minutes_of(taken) / offered, 3) if offered else 0.0


def _check(actor: Actor, asked: NextAsked) -> None:
    if not 1 <= asked.count <= MOST_PROPOSALS:
        raise Invalid(N_("Please ask for 1 to {most} times."), field="count", most=MOST_PROPOSALS)
    if not asked.weekdays or not asked.weekdays <= EVERY_DAY:
        raise Invalid(N_("Please choose the weekdays."), field="weekdays")
    if any(each.ends_minute <= each.starts_minute for each in asked.parts):
        raise Invalid(
            N_("This part of the day ends before it begins. Please change one of the times."),
            field="parts",
        )
    if actor.role is Role.PATIENT and asked.patient_id != actor.patient_id:
        raise NotFound(what=N_("patient"))


def _chunks(seeker: Seeker) -> Iterator[Days]:
    """Days to read, a few at first, up to the horizon."""
    if seeker.days is None:
        return
    first, last = seeker.days
    length = FIRST_DAYS
    while first <= last:
        until = min(first + timedelta(days=length - 1), last)
        yield Days(first, until)
        first, length = until + timedelta(days=1), min(2 * length, MORE_DAYS)


def _visits(
    session: Session, actor: Actor, asked: NextAsked, service: Service
) -> dict[Professional, Visit]:
    """Everybody who could do it, with the visit as it would be theirs."""
    query = (
        select(Professional, ProfessionalService.length_minutes)
        .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
        .where(ProfessionalService.service_id == service.id, Professional.archived_at.is_(None))
        .order_by(Professional.id)
    )
    if actor.role is Role.PROFESSIONAL:
        query = query.where(Professional.id == actor.professional_id)
    if asked.professional_ids:
        query = query.where(Professional.id.in_(asked.professional_ids))
    if asked.premium is not None:
        query = query.where(Professional.premium.is_(asked.premium))
    if asked.expertise_id is not None:
        tagged = select(ProfessionalExpertise.professional_id).where(
            ProfessionalExpertise.expertise_id == asked.expertise_id
        )
        query = query.where(Professional.id.in_(tagged))
    rows = session.execute(query)
    return {professional: visit_of(actor, service, own) for professional, own in rows}


def _shortest_visits(session: Session) -> dict[int, int]:
    """The length in seconds of the shortest visit each professional offers."""
    length = func.coalesce(ProfessionalService.length_minutes, Service.length_minutes)
    rows = session.execute(
        select(ProfessionalService.professional_id, func.min(length))
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(Service.archived_at.is_(None))
        .group_by(ProfessionalService.professional_id)
    )
    return {professional_id: minutes * 60 for professional_id, minutes in rows}


def _usual_professional(session: Session, patient_id: int | None) -> int | None:
    """Whom the patient has most bookings with; of equals the one seen last."""
    if patient_id is None:
        return None
    return session.scalar(
        select(Booking.professional_id)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .where(
            Attendee.patient_id == patient_id,
            Attendee.waiting.is_(False),
            Attendee.state.in_(OCCUPYING),
        )
        .group_by(Booking.professional_id)
        .order_by(func.count().desc(), func.max(Booking.starts_at).desc())
        .limit(1)
    )


def _patient_calendar(
    session: Session, actor: Actor, asked: NextAsked, now: datetime
) -> int | None:
    if asked.patient_id is None:
        return None
    patient = session.scalar(visible_patients(actor, now=now).where(Patient.id == asked.patient_id))
    if patient is None:
        raise NotFound(what=N_("patient"))
    return patient.calendar_id


def _weekday(ordinal: int) -> int:
    return (ordinal - 1) % 7 + 1
