"""Day sheets from the database: a fixed number of queries, however many people and days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability.clock import WallClock, clock_of
from core.availability.hours import DateWindow, Habits, WeeklyWindow, spans_of_hours
from core.availability.sheet import Busy, ClosureSpan, DaySheet, Limits, TimeOffSpan
from core.db import seconds_of
from core.errors import N_, Invalid
from core.interval import Span, to_instant
from core.models import (
    LONGEST_VISIT_SECONDS,
    Claim,
    Closure,
    DateHours,
    HoursKind,
    Opening,
    Organisation,
    Professional,
    TimeOff,
    WorkingHours,
)

LONGEST_RANGE_DAYS = 800


@dataclass(frozen=True, slots=True)
class Days:
    """The local days asked for, both included, on the organisation's clock."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Invalid(N_("The last day lies before the first."), field="last")
        if (self.last - self.first).days > LONGEST_RANGE_DAYS:
            raise Invalid(
                N_("At most {days} days can be looked at once."),
                field="last",
                days=LONGEST_RANGE_DAYS,
            )


def load_sheets(
    session: Session, professionals: Iterable[Professional], days: Days, *, now: datetime
) -> list[DaySheet]:
    """The sheets of the professionals given, in their order, for the days asked for."""
    chosen = list(professionals)
    clock = organisation_clock(session)
    span = clock.span_of_days(days.first, days.last)
    ids = [each.id for each in chosen]
    # A professional's own zone may put a local day's hours on the day before or after.
    hours_days = (days.first.toordinal() - 2, days.last.toordinal() + 2)
    weekly = _weekly_hours(session, ids, hours_days)
    dates = _date_hours(session, ids, hours_days)
    openings = _openings(session, ids, span)
    time_off = _time_off(session, ids, span)
    closures = _closures(session, clock, days)
    limited = [limits_of(each) for each in chosen]
    busy = load_busy(
        session, (each.calendar_id for each in chosen), _reach(span, any(limited)), now=now
    )
    sheets = []
    for professional, limits in zip(chosen, limited, strict=True):
        own = clock_of(professional.zone) if professional.zone else clock
        habits = Habits(own, weekly[professional.id], dates[professional.id])
        shifts, breaks = spans_of_hours(habits, *hours_days)
        sheets.append(
            DaySheet(
                professional_id=professional.id,
                name=professional.name,
                clock=clock,
                span=span,
                shifts=_near(shifts, span),
                breaks=_near(breaks, span),
                openings=openings[professional.id],
                time_off=time_off[professional.id],
                closures=closures,
                busy=busy[professional.calendar_id],
                limits=limits,
            )
        )
    return sheets


def organisation_clock(session: Session) -> WallClock:
    organisation = session.get(Organisation, 1)
    if organisation is None:
        raise Invalid(N_("The organisation has not been set up yet."))
    return clock_of(organisation.zone)


def limits_of(professional: Professional) -> Limits:
    return Limits(
        professional.visits_per_day,
        professional.visits_per_week,
        professional.minutes_per_day,
        professional.minutes_per_week,
    )


def load_busy(
    session: Session, calendar_ids: Iterable[int], span: Span, *, now: datetime
) -> Mapping[int, Sequence[Busy]]:
    """The claims that overlap ``span`` on each calendar, sorted by start. One query."""
    found: dict[int, list[Busy]] = defaultdict(list)
    rows = session.execute(
        select(
            Claim.calendar_id,
            seconds_of(Claim.starts_at),
            seconds_of(Claim.ends_at),
            Claim.before_minutes,
            Claim.after_minutes,
            Claim.booking_id,
            Claim.held_until,
        )
        .where(
            Claim.calendar_id.in_(list(calendar_ids)),
            Claim.starts_at < to_instant(span[1]),
            Claim.starts_at > to_instant(span[0] - LONGEST_VISIT_SECONDS),
            Claim.counts(now),
        )
        .order_by(Claim.calendar_id, Claim.starts_at)
    )
    for calendar_id, start, end, before, after, booking_id, held_until in rows:
        found[calendar_id].append(
            Busy(start, end, before, after, booking_id, held_until is not None)
        )
    return found


def _reach(span: Span, limited: bool) -> Span:
    """How far to read: a day around for buffers, whole weeks where limits count them."""
    extra = 9 if limited else 1
    return span[0] - extra * 86400, span[1] + extra * 86400


def _near(spans: list[Span], span: Span) -> list[Span]:
    """What may matter to visits that start within ``span``."""
    return [each for each in spans if each[1] > span[0] and each[0] < span[1] + 86400]


def _weekly_hours(
    session: Session, ids: list[int], days: tuple[int, int]
) -> Mapping[int, list[WeeklyWindow]]:
    first, last = date.fromordinal(days[0]), date.fromordinal(days[1])
    found: dict[int, list[WeeklyWindow]] = defaultdict(list)
    rows = session.execute(
        select(
            WorkingHours.professional_id,
            WorkingHours.weekday,
            WorkingHours.starts_minute,
            WorkingHours.ends_minute,
            WorkingHours.kind,
            WorkingHours.valid_from,
            WorkingHours.valid_to,
        ).where(
            WorkingHours.professional_id.in_(ids),
            (WorkingHours.valid_from.is_(None)) | (WorkingHours.valid_from <= last),
            (WorkingHours.valid_to.is_(None)) | (WorkingHours.valid_to >= first),
        )
    )
    for professional_id, weekday, starts, ends, kind, valid_from, valid_to in rows:
        found[professional_id].append(
            WeeklyWindow(
                weekday,
                starts,
                ends,
                kind is HoursKind.BREAK,
                (valid_from or date.min).toordinal(),
                (valid_to or date.max).toordinal(),
            )
        )
    return found


def _date_hours(
    session: Session, ids: list[int], days: tuple[int, int]
) -> Mapping[int, list[DateWindow]]:
    found: dict[int, list[DateWindow]] = defaultdict(list)
    rows = session.execute(
        select(
            DateHours.professional_id,
            DateHours.on_date,
            DateHours.starts_minute,
            DateHours.ends_minute,
            DateHours.kind,
        ).where(
            DateHours.professional_id.in_(ids),
            DateHours.on_date.between(date.fromordinal(days[0]), date.fromordinal(days[1])),
        )
    )
    for professional_id, on_date, starts, ends, kind in rows:
        found[professional_id].append(
            DateWindow(on_date.toordinal(), starts, ends, kind is HoursKind.BREAK)
        )
    return found


def _openings(session: Session, ids: list[int], span: Span) -> Mapping[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    rows = session.execute(
        select(Opening.professional_id, seconds_of(Opening.starts_at), seconds_of(Opening.ends_at))
        .where(
            Opening.professional_id.in_(ids),
            Opening.starts_at < to_instant(span[1]) + timedelta(days=1),
            Opening.ends_at > to_instant(span[0]),
        )
        .order_by(Opening.starts_at)
    )
    for professional_id, start, end in rows:
        found[professional_id].append((start, end))
    return found


def _time_off(session: Session, ids: list[int], span: Span) -> Mapping[int, list[TimeOffSpan]]:
    found: dict[int, list[TimeOffSpan]] = defaultdict(list)
    rows = session.execute(
        select(
            TimeOff.professional_id,
            seconds_of(TimeOff.starts_at),
            seconds_of(TimeOff.ends_at),
            TimeOff.id,
            TimeOff.reason,
        )
        .where(
            TimeOff.professional_id.in_(ids),
            TimeOff.starts_at < to_instant(span[1]) + timedelta(days=1),
            TimeOff.ends_at > to_instant(span[0]),
        )
        .order_by(TimeOff.starts_at)
    )
    for professional_id, start, end, id, reason in rows:
        found[professional_id].append(TimeOffSpan(start, end, id, reason))
    return found


def _closures(session: Session, clock: WallClock, days: Days) -> list[ClosureSpan]:
    rows = session.execute(
        select(Closure.id, Closure.first_on, Closure.last_on, Closure.name)
        .where(
            Closure.first_on <= days.last + timedelta(days=1),
            Closure.last_on >= days.first,
        )
        .order_by(Closure.first_on)
    )
    return [
        ClosureSpan(*clock.span_of_days(first, last), id, name) for id, first, last, name in rows
    ]
