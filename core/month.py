"""A month of free time: on which days a service can begin, how often, and from when.

What is counted are the different times of the day at which at least one of the professionals
asked for is free: what can be offered to somebody on the telephone. Two who are free at 09:00
are one time to offer.
"""

import enum
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Visit,
    WallClock,
    load_sheets,
    organisation_clock,
    starts,
)
from core.availability.starts import horizon_end
from core.desk import DayAsked, load_columns, rooms_of, visits_offered
from core.errors import N_, NotFound
from core.interval import Span, to_instant, to_seconds
from core.models import Service
from core.policy import Actor, Permission, require


class DayKind(enum.StrEnum):
    PAST = "past"
    CLOSED = "closed"
    """Nobody of them is at work, or the practice is closed."""
    NOT_YET = "not_yet"
    """Further ahead than the service is booked."""
    FULL = "full"
    FREE = "free"


@dataclass(frozen=True)
class MonthDay:
    on: date
    kind: DayKind
    times: int = 0
    """How many different times there are to offer."""
    people: int = 0
    """With how many of the professionals."""
    first_at: datetime | None = None
    closure: str = ""
    """Why the practice is closed, where it is."""


@dataclass(frozen=True)
class Month:
    zone: str
    service: Service
    professionals: int
    days: Sequence[MonthDay]


@dataclass
class _Offer:
    """What has been found of one day."""

    times: set[int]
    people: int = 0


def days_of_month(on: date) -> Days:
    first = on.replace(day=1)
    return Days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def load_month(session: Session, actor: Actor, asked: DayAsked, *, now: datetime) -> Month:
    """The month of the day asked for, in a fixed number of queries."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    service = session.get(Service, asked.service_id) if asked.service_id else None
    if service is None:
        raise NotFound(what=N_("service"))
    professionals = load_columns(session, actor, asked)
    days, clock = days_of_month(asked.on), organisation_clock(session)
    sheets = load_sheets(session, professionals, days, now=now)
    visits = visits_offered(session, actor, service, professionals)
    span = clock.span_of_days(days.first, days.last)
    rooms = rooms_of(session, [service.id], span, now=now).get(service.id)
    midnights = [clock.day(each)[0] for each in _ordinals(days)]
    offers = _offers(sheets, visits, rooms, midnights, now=now)
    horizon = min((horizon_end(clock, each.rules, now) for each in visits.values()), default=None)
    return Month(
        zone=clock.zone.key,
        service=service,
        professionals=len(professionals),
        days=[
            _day(clock, sheets, ordinal, offers.get(place), horizon, now)
            for place, ordinal in enumerate(_ordinals(days))
        ],
    )


def _ordinals(days: Days) -> range:
    return range(days.first.toordinal(), days.last.toordinal() + 1)


def _offers(
    sheets: Sequence[DaySheet],
    visits: Mapping[int, Visit],
    rooms: Sequence[Sequence[Busy]] | None,
    midnights: Sequence[int],
    *,
    now: datetime,
) -> dict[int, _Offer]:
    """The times there are to offer, by the place of their day in the month."""
    found: dict[int, _Offer] = {}
    for sheet in sheets:
        visit = visits.get(sheet.professional_id)
        if visit is None:
            continue
        by_day: dict[int, list[int]] = {}
        for start in starts(sheet, visit, now=now, rooms=rooms):
            by_day.setdefault(bisect_right(midnights, start) - 1, []).append(start)
        for place, times in by_day.items():
            offer = found.setdefault(place, _Offer(set()))
            offer.times.update(times)
            offer.people += 1
    return found


def _day(
    clock: WallClock,
    sheets: Sequence[DaySheet],
    ordinal: int,
    offer: _Offer | None,
    horizon: int | None,
    now: datetime,
) -> MonthDay:
    on, span = date.fromordinal(ordinal), (clock.day(ordinal)[0], clock.day(ordinal + 1)[0])
    if offer is not None:
        first_at = to_instant(min(offer.times))
        return MonthDay(on, DayKind.FREE, len(offer.times), offer.people, first_at)
    if span[1] <= to_seconds(now):
        return MonthDay(on, DayKind.PAST)
    if not any(_meets(span, each.offered) for each in sheets):
        return MonthDay(on, DayKind.CLOSED, closure=_closure(sheets, span))
    if horizon is not None and span[0] >= horizon:
        return MonthDay(on, DayKind.NOT_YET)
    return MonthDay(on, DayKind.FULL)


def _meets(span: Span, others: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _closure(sheets: Sequence[DaySheet], span: Span) -> str:
    """The name of what closes the practice on that day."""
    closed = (each for sheet in sheets[:1] for each in sheet.closures)
    return next((each.name for each in closed if _meets(span, [(each.start, each.end)])), "")
