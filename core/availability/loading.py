"""Day sheets from the database: a fixed number of queries, however many people and days."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import TypeVar

from sqlalchemy import BigInteger, Select, bindparam, case, cast, select
from sqlalchemy.orm import Session

from core.availability.clock import DAY, WallClock, clock_of
from core.availability.hours import Habits, spans_of_hours
from core.availability.recorded import OnRecord, Recorded, load_recorded
from core.availability.sheet import (
    BUFFERS_BASE,
    Busy,
    BusyRows,
    DaySheet,
    Limits,
    TimeOffSpan,
)
from core.db import seconds_of
from core.errors import N_, Invalid
from core.interval import Span, to_instant
from core.models import LONGEST_VISIT_SECONDS, Claim, Organisation, Professional

AnySpan = TypeVar("AnySpan", Span, TimeOffSpan)

LONGEST_RANGE_DAYS = 800


@dataclass(frozen=True, slots=True)
class Days:
    """The local days asked for, both included, on the organisation's clock."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Invalid(
                N_("The last day lies before the first. Please change one of them."), field="last"
            )
        if (self.last - self.first).days > LONGEST_RANGE_DAYS:
            raise Invalid(
                N_("At most {days} days can be looked at once. Please choose fewer."),
                field="last",
                days=LONGEST_RANGE_DAYS,
            )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What sheets are made of: pure values, so that other hours can be tried on them."""

    clock: WallClock
    span: Span
    days: tuple[int, int]
    """Day ordinals whose hours may matter. A professional's own zone may put a local day's
    hours on the day before or after."""
    on_record: OnRecord
    busy: Mapping[int, Sequence[Busy]]
    """By calendar."""

    def sheet_of(self, professional: Professional, recorded: Recorded) -> DaySheet:
        """The professional's sheet as it would be with these hours on record."""
        own = clock_of(professional.zone) if professional.zone else self.clock
        shifts, breaks = spans_of_hours(Habits(own, recorded.weekly, recorded.dates), *self.days)
        return DaySheet(
            professional_id=professional.id,
            name=professional.name,
            clock=self.clock,
            span=self.span,
            shifts=_near(shifts, self.span),
            breaks=_near(breaks, self.span),
            openings=_near(recorded.openings, self.span),
            time_off=_near(recorded.time_off, self.span),
            closures=self.on_record.closures,
            busy=self.busy.get(professional.calendar_id, ()),
            limits=limits_of(professional),
            bad_rows=(*recorded.bad_rows, *self.on_record.bad_rows),
        )


def load_sheets(
    session: Session, professionals: Iterable[Professional], days: Days, *, now: datetime
) -> list[DaySheet]:
    """The sheets of the professionals given, in their order, for the days asked for."""
    return load_sheets_and(session, professionals, days, (), now=now)[0]


def load_sheets_and(
    session: Session,
    professionals: Iterable[Professional],
    days: Days,
    calendar_ids: Iterable[int],
    *,
    now: datetime,
) -> tuple[list[DaySheet], Mapping[int, Sequence[Busy]]]:
    """The sheets, and in the same few queries what is busy on other calendars besides."""
    chosen = list(professionals)
    loaded = load(session, chosen, days, calendar_ids, now=now)
    people = loaded.on_record.people
    return [loaded.sheet_of(each, people[each.id]) for each in chosen], loaded.busy


def load_empty_sheets(
    session: Session, professionals: Sequence[Professional], days: Days
) -> list[DaySheet]:
    """The sheets as if nothing were booked: for what was offered, over months and years."""
    loaded = _load_hours(session, professionals, days)
    people = loaded.on_record.people
    return [loaded.sheet_of(each, people[each.id]) for each in professionals]


def load(
    session: Session,
    professionals: Sequence[Professional],
    days: Days,
    calendar_ids: Iterable[int] = (),
    *,
    now: datetime,
) -> Loaded:
    """Everything the sheets of these days are made of."""
    empty = _load_hours(session, professionals, days)
    calendars = {*calendar_ids, *(each.calendar_id for each in professionals)}
    limited = any(limits_of(each) for each in professionals)
    busy = load_busy(session, calendars, _reach(empty.span, limited), now=now)
    return replace(empty, busy=busy)


def _load_hours(session: Session, professionals: Sequence[Professional], days: Days) -> Loaded:
    _flush(session)
    ordinals = days.first.toordinal() - 2, days.last.toordinal() + 2
    on_record = load_recorded(session, [each.id for each in professionals], ordinals)
    span = on_record.clock.span_of_days(days.first, days.last)
    return Loaded(on_record.clock, span, ordinals, on_record, busy={})


def organisation_clock(session: Session) -> WallClock:
    _flush(session)
    zone = session.connection().execute(ZONE).scalar()
    if zone is None:
        raise Invalid(
            N_("The organisation has not been set up yet. An admin sets it up under Practice.")
        )
    return clock_of(zone)


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
    _flush(session)
    asked = {
        "calendars": list(calendar_ids),
        "before": to_instant(span[1]),
        "after": to_instant(span[0] - LONGEST_VISIT_SECONDS),
        "now": now,
        "never": NEVER,
    }
    rows = session.connection().execute(BUSY, asked).all()
    by_calendar = itertools.groupby(rows, itemgetter(4))
    return {calendar_id: BusyRows(list(claims)) for calendar_id, claims in by_calendar}


ZONE = select(Organisation.__table__.c.zone)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _busy() -> Select[*tuple[int, ...]]:
    """Columns as ``BusyRows`` has them."""
    claims = Claim.__table__.c
    return (
        select(
            seconds_of(claims.starts_at),
            seconds_of(claims.ends_at),
            cast(claims.before_minutes, BigInteger) * BUFFERS_BASE + claims.after_minutes,
            case((claims.held_until.is_(None), claims.booking_id), else_=-claims.booking_id),
            claims.calendar_id,
        )
        .where(
            claims.calendar_id.in_(bindparam("calendars", expanding=True)),
            claims.starts_at < bindparam("before"),
            claims.starts_at > bindparam("after"),
            # A claim that ends before it begins, or in no number at all, takes no time.
            claims.ends_at > claims.starts_at,
            claims.ends_at < bindparam("never"),
            claims.held_until.is_(None) | (claims.held_until > bindparam("now")),
        )
        .order_by(claims.calendar_id, claims.starts_at, claims.ends_at)
    )


BUSY = _busy()


def _flush(session: Session) -> None:
    """Our statements are of plain columns, for which a session does not flush by itself."""
    if session.autoflush:
        session.flush()


def _reach(span: Span, limited: bool) -> Span:
    """How far to read: a day around for buffers, whole weeks where limits count them."""
    extra = 9 if limited else 1
    return span[0] - extra * DAY, span[1] + extra * DAY


def _near(spans: Sequence[AnySpan], span: Span) -> list[AnySpan]:
    """What may matter to visits that start within ``span``."""
    return [each for each in spans if each[1] > span[0] and each[0] < span[1] + DAY]
