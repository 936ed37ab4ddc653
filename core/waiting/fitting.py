"""Who of those who wait fits a time that has become free: what the engine would book, ranked.

Urgent ones first; then who leaves least of the time unused; then who has waited longest. Who
was asked for this time and did not answer, or has an earlier visit by now, comes after that.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Visit,
    load_sheets_and,
    organisation_clock,
    starts,
)
from core.errors import N_
from core.interval import subtract, to_instant, to_seconds
from core.models import (
    Answer,
    Offer,
    Priority,
    Professional,
    ProfessionalService,
    Room,
    Service,
    ServiceRoom,
)
from core.policy import Actor, Permission, require
from core.visits import visit_of
from core.waiting.entries import Waiting, load_waiting
from core.waiting.wishes import suits

LOOKED_AHEAD_DAYS = 14


@dataclass(frozen=True, order=True)
class Gap:
    """Time of a professional that has become free."""

    starts_at: datetime
    ends_at: datetime
    professional_id: int


@dataclass(frozen=True)
class Why:
    """What ranked somebody where they stand, in words: ``message`` filled from ``details``."""

    message: str
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.details)


@dataclass(frozen=True)
class Fit:
    """Somebody who waits, and the start in the gap that suits them and can be booked."""

    waiting: Waiting
    gap: Gap
    professional: str
    starts_at: datetime
    ends_at: datetime
    left_minutes: int
    """Of the gap, what the visit would not use."""
    asked_at: datetime | None
    """When they were asked for this gap and nobody answered."""
    since_on: date
    """The local day they began to wait on."""

    @property
    def has_earlier_visit(self) -> bool:
        return self.waiting.visit_at is not None and self.waiting.visit_at < self.starts_at

    @property
    def rank(self) -> tuple[bool, bool, bool, int, datetime, int]:
        """Smaller is better."""
        return (
            self.asked_at is not None,
            self.has_earlier_visit,
            self.waiting.wishes.priority is not Priority.URGENT,
            self.left_minutes,
            self.waiting.since,
            self.waiting.id,
        )

    @property
    def why(self) -> list[Why]:
        """The reasons of the rank, the most telling first."""
        found = []
        if self.waiting.wishes.priority is Priority.URGENT:
            found.append(Why(N_("Urgent")))
        if self.asked_at is not None:
            found.append(Why(N_("no answer {at}"), {"at": self.asked_at}))
        if self.has_earlier_visit:
            found.append(Why(N_("has an earlier visit {at}"), {"at": self.waiting.visit_at}))
        if self.left_minutes:
            found.append(Why(N_("leaves {minutes} min free"), {"minutes": self.left_minutes}))
        else:
            found.append(Why(N_("fills the time")))
        found.append(Why(N_("waits since {since}"), {"since": self.since_on}))
        return found


def fitting_entries(session: Session, actor: Actor, gap: Gap, *, now: datetime) -> list[Fit]:
    """Who could be offered a visit that uses the gap, best first.

    Only starts that ``book`` would accept now; nobody who has declined a time in the gap, or
    is being asked about another.
    """
    require(actor, Permission.BOOKINGS_WRITE)
    clock = organisation_clock(session)
    first, last = (clock.date_of(to_seconds(each)) for each in (gap.starts_at, gap.ends_at))
    matcher = _load(session, actor, Days(first, last), [gap.professional_id], now=now)
    return matcher.fits(gap)


def gaps_for_waiting(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    service_id: int | None = None,
    professional_id: int | None = None,
) -> list[Fit]:
    """Free time of the coming days with its best entry, the earliest first; each entry once."""
    require(actor, Permission.BOOKINGS_WRITE)
    today = organisation_clock(session).date_of(to_seconds(now))
    days = Days(today, today + timedelta(days=LOOKED_AHEAD_DAYS - 1))
    chosen = None if professional_id is None else [professional_id]
    matcher = _load(session, actor, days, chosen, now=now, service_id=service_id)
    found: list[Fit] = []
    served: set[int] = set()
    for gap in matcher.gaps():
        for best in matcher.fits(gap, but=served)[:1]:
            found.append(best)
            served.add(best.waiting.id)
        if len(served) == len(matcher.waiting):
            break
    return found


@dataclass(frozen=True)
class _Asked:
    professional_id: int
    starts_at: datetime
    ends_at: datetime
    declined: bool
    at: datetime

    def is_about(self, gap: Gap) -> bool:
        return (
            self.professional_id == gap.professional_id
            and self.starts_at < gap.ends_at
            and gap.starts_at < self.ends_at
        )


@dataclass(frozen=True)
class _Matcher:
    """Everything that decides, loaded once; the rest is arithmetic."""

    waiting: Sequence[Waiting]
    sheets: Mapping[int, DaySheet]
    visits: Mapping[tuple[int, int], Visit]
    """By professional and service."""
    rooms: Mapping[int, Sequence[int]]
    """Calendars of the rooms each service needs one of."""
    busy: Mapping[int, Sequence[Busy]]
    asked: Mapping[int, Sequence[_Asked]]
    now: datetime
    _free: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def gaps(self) -> list[Gap]:
        """Time at work, from now on, that nothing takes."""
        found = []
        for id, sheet in self.sheets.items():
            taken = [(each.start, each.end) for each in sheet.busy]
            past = (sheet.span[0], to_seconds(self.now))
            for start, end in subtract(sheet.offered, [*taken, past]):
                if start < sheet.span[1] and end > sheet.span[0]:
                    found.append(Gap(to_instant(start), to_instant(end), id))
        return sorted(found)

    def fits(self, gap: Gap, *, but: Collection[int] = ()) -> list[Fit]:
        """Whoever could use the gap, best first, but for some entries."""
        asked = (each for each in self.waiting if each.running is None and each.id not in but)
        found = (self._fit(each, gap) for each in asked)
        return sorted((each for each in found if each is not None), key=lambda each: each.rank)

    def _fit(self, waiting: Waiting, gap: Gap) -> Fit | None:
        visit = self.visits.get((gap.professional_id, waiting.wishes.service_id))
        if visit is None:
            return None
        asked = [each for each in self.asked.get(waiting.id, ()) if each.is_about(gap)]
        if any(each.declined for each in asked):
            return None
        best = self._best_start(waiting, visit, gap)
        if best is None:
            return None
        left, start = best
        sheet = self.sheets[gap.professional_id]
        return Fit(
            waiting=waiting,
            gap=gap,
            professional=sheet.name,
            starts_at=to_instant(start),
            ends_at=to_instant(start + visit.length),
            left_minutes=left // 60,
            asked_at=max((each.at for each in asked), default=None),
            since_on=sheet.clock.date_of(to_seconds(waiting.since)),
        )

    def _best_start(self, waiting: Waiting, visit: Visit, gap: Gap) -> tuple[int, int] | None:
        """The start that uses most of the gap, the earliest of equals, with what is left."""
        low, high = to_seconds(gap.starts_at), to_seconds(gap.ends_at)
        free = self._free_starts(gap.professional_id, waiting.wishes.service_id, visit)
        near = free[bisect_right(free, low - visit.length) : bisect_left(free, high)]
        left_of = (
            (high - low - (min(high, start + visit.length) - max(low, start)), start)
            for start in near
            if self._would_come(waiting, gap.professional_id, start, start + visit.length)
        )
        return min(left_of, default=None)

    def _would_come(self, waiting: Waiting, professional_id: int, start: int, end: int) -> bool:
        """Whether they wish it, and have nothing else then."""
        clock = self.sheets[professional_id].clock
        return suits(waiting.wishes, clock, professional_id, start, now=self.now) and not any(
            start < each.end and each.start < end for each in self.busy.get(waiting.calendar_id, ())
        )

    def _free_starts(self, professional_id: int, service_id: int, visit: Visit) -> list[int]:
        """What the engine offers, whoever it is for."""
        key = (professional_id, service_id)
        if key not in self._free:
            calendars = self.rooms.get(service_id)
            rooms = [self.busy.get(each, ()) for each in calendars] if calendars else None
            sheet = self.sheets[professional_id]
            self._free[key] = starts(sheet, visit, now=self.now, rooms=rooms)
        return self._free[key]


def _load(
    session: Session,
    actor: Actor,
    days: Days,
    professional_ids: Sequence[int] | None,
    *,
    now: datetime,
    service_id: int | None = None,
) -> _Matcher:
    waiting = load_waiting(session, actor, now=now, service_id=service_id)
    services = {each.wishes.service_id for each in waiting}
    query = (
        select(Professional, Service, ProfessionalService.length_minutes)
        .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(Service.id.in_(services), Professional.archived_at.is_(None))
        .order_by(Professional.id)
    )
    if professional_ids is not None:
        query = query.where(Professional.id.in_(professional_ids))
    offered = session.execute(query).all()
    professionals = {each.id: each for each, _service, _length in offered}
    rooms = _rooms_of(session, services)
    calendars = {one for each in rooms.values() for one in each}
    calendars |= {each.calendar_id for each in waiting}
    sheets, busy = load_sheets_and(session, professionals.values(), days, calendars, now=now)
    return _Matcher(
        waiting=waiting,
        sheets={each.professional_id: each for each in sheets},
        visits={
            (professional.id, service.id): visit_of(actor, service, own_length)
            for professional, service, own_length in offered
        },
        rooms=rooms,
        busy=busy,
        asked=_load_asked(session, [each.id for each in waiting], now),
        now=now,
    )


def _rooms_of(session: Session, service_ids: set[int]) -> Mapping[int, Sequence[int]]:
    """The calendars of the rooms each service needs one of."""
    rows = session.execute(
        select(ServiceRoom.service_id, Room.calendar_id)
        .join(Room, Room.id == ServiceRoom.room_id)
        .where(ServiceRoom.service_id.in_(service_ids), Room.archived_at.is_(None))
        .order_by(Room.id)
    )
    found = defaultdict[int, list[int]](list)
    for service_id, calendar_id in rows:
        found[service_id].append(calendar_id)
    return found


def _load_asked(
    session: Session, entry_ids: Sequence[int], now: datetime
) -> Mapping[int, Sequence[_Asked]]:
    """What each was asked before and did not take; a hold that ran out is no answer."""
    unanswered = Offer.answer.is_(None) & (Offer.held_until <= now)
    rows = session.scalars(
        select(Offer).where(
            Offer.entry_id.in_(entry_ids),
            or_(Offer.answer.in_((Answer.DECLINED, Answer.NO_ANSWER)), unanswered),
        )
    )
    found = defaultdict[int, list[_Asked]](list)
    for each in rows:
        found[each.entry_id].append(
            _Asked(
                professional_id=each.professional_id,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                declined=each.answer is Answer.DECLINED,
                at=each.answered_at or each.held_until,
            )
        )
    return found
