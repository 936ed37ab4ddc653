"""What is on record about hours: one question for everybody and everything that shapes them.

Statements are built once, of plain columns: building them would cost more than asking. A row
that cannot be read is put aside as a ``BadRow``, so that it does not take the day with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from core.availability.clock import DAY, EPOCH_ORDINAL, WallClock, clock_of
from core.availability.hours import DAY_MINUTES, DateWindow, WeeklyWindow
from core.availability.sheet import BadRow, ClosureSpan, TimeOffSpan
from core.db import seconds_of
from core.errors import N_, Invalid
from core.interval import Span, to_instant
from core.models import (
    Closure,
    DateHours,
    HoursKind,
    Opening,
    Organisation,
    TimeOff,
    TimeOffKind,
    WorkingHours,
)

KINDS = {kind.value: kind is HoursKind.BREAK for kind in HoursKind}


@dataclass
class Recorded:
    """One professional's hours, extra time and absences, as they stand in the tables."""

    weekly: list[WeeklyWindow] = field(default_factory=list)
    dates: list[DateWindow] = field(default_factory=list)
    openings: list[Span] = field(default_factory=list)
    time_off: list[TimeOffSpan] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)


@dataclass
class OnRecord:
    """Everybody asked about, and what concerns them all: the clock and the closures."""

    clock: WallClock
    people: dict[int, Recorded]
    closures: list[ClosureSpan] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)


IDS: BindParameter[Any] = bindparam("ids", expanding=True)
FIRST: BindParameter[Any] = bindparam("first")
LAST: BindParameter[Any] = bindparam("last")
AFTER: BindParameter[Any] = bindparam("after")
BEFORE: BindParameter[Any] = bindparam("before")


def _rows_of(table: FromClause, **columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """One part of the question, its columns in the order they all share."""
    shared = {
        "owner": cast(null(), Integer),
        "starts": cast(null(), BigInteger),
        "ends": cast(null(), BigInteger),
        "words": cast(null(), Text),
        "weekday": cast(null(), Integer),
        "first_on": cast(null(), Text),
        "last_on": cast(null(), Text),
    }
    source: ColumnElement[str] = literal_column(f"'{table.description}'")
    return select(source, table.c.id, *(shared | columns).values())


def _weekly() -> Select[*tuple[Any, ...]]:
    table = WorkingHours.__table__
    return _rows_of(
        table,
        owner=table.c.professional_id,
        starts=table.c.starts_minute,
        ends=table.c.ends_minute,
        words=cast(table.c.kind, Text),
        weekday=table.c.weekday,
        first_on=cast(table.c.valid_from, Text),
        last_on=cast(table.c.valid_to, Text),
    ).where(
        table.c.professional_id.in_(IDS),
        table.c.valid_from.is_(None) | (table.c.valid_from <= LAST),
        table.c.valid_to.is_(None) | (table.c.valid_to >= FIRST),
    )


def _dates() -> Select[*tuple[Any, ...]]:
    table = DateHours.__table__
    return _rows_of(
        table,
        owner=table.c.professional_id,
        starts=table.c.starts_minute,
        ends=table.c.ends_minute,
        words=cast(table.c.kind, Text),
        first_on=cast(table.c.on_date, Text),
    ).where(table.c.professional_id.in_(IDS), table.c.on_date.between(FIRST, LAST))


def _spans(table: FromClause, **columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Openings, or time off."""
    return _rows_of(
        table,
        owner=table.c.professional_id,
        starts=seconds_of(table.c.starts_at),
        ends=seconds_of(table.c.ends_at),
        **columns,
    ).where(
        table.c.professional_id.in_(IDS),
        table.c.starts_at < BEFORE,
        table.c.ends_at > AFTER,
        table.c.removed_at.is_(None),
    )


def _closures() -> Select[*tuple[Any, ...]]:
    table = Closure.__table__
    return _rows_of(
        table,
        words=table.c.name,
        first_on=cast(table.c.first_on, Text),
        last_on=cast(table.c.last_on, Text),
    ).where(table.c.first_on <= LAST, table.c.last_on >= FIRST, table.c.removed_at.is_(None))


def _organisation() -> Select[*tuple[Any, ...]]:
    table = Organisation.__table__
    return _rows_of(table, words=table.c.zone)


ON_RECORD = union_all(
    _organisation(),
    _weekly(),
    _dates(),
    _spans(Opening.__table__),
    _spans(
        TimeOff.__table__,
        words=TimeOff.__table__.c.reason,
        first_on=cast(TimeOff.__table__.c.kind, Text),
    ),
    _closures(),
)


def load_recorded(session: Session, ids: Sequence[int], days: tuple[int, int]) -> OnRecord:
    """What concerns the local days between the two ordinals, both included."""
    asked = {
        "ids": ids,
        "first": date.fromordinal(days[0]),
        "last": date.fromordinal(days[1]),
        "after": to_instant(_utc_midnight(days[0]) - DAY),
        "before": to_instant(_utc_midnight(days[1]) + 2 * DAY),
    }
    rows = session.connection().execute(ON_RECORD, asked).all()
    zone = next((row[5] for row in rows if row[0] == "organisation"), None)
    if zone is None:
        raise Invalid(
            N_("The organisation has not been set up yet. An admin sets it up under Practice.")
        )
    found = OnRecord(clock_of(zone), {each: Recorded() for each in ids})
    for row in rows:
        owner = found.people.get(row[2])
        try:
            _take(row, found, owner)
        except (ValueError, TypeError, KeyError):
            content = ", ".join(str(each) for each in row[3:] if each is not None)
            bad = BadRow(row[0], row[1], content)
            (found if owner is None else owner).bad_rows.append(bad)
    for recorded in found.people.values():
        recorded.openings.sort()
        recorded.time_off.sort()
    found.closures.sort()
    return found


def _utc_midnight(ordinal: int) -> int:
    """Within a day of the local one, whatever the zone."""
    return (ordinal - EPOCH_ORDINAL) * DAY


def _take(row: Sequence[Any], found: OnRecord, owner: Recorded | None) -> None:
    """Put a row where it belongs, or raise for one that cannot be."""
    table, id, _owner, starts, ends, words, _weekday, first_on, last_on = row
    if table == "working_hours" and owner:
        owner.weekly.append(_weekly_window(*row[3:]))
    elif table == "organisation":
        pass
    elif owner is None:
        first, last = date.fromisoformat(first_on), date.fromisoformat(last_on)
        closed = found.clock.span_of_days(first, last)
        found.closures.append(ClosureSpan(*_span(*closed), id, words))
    elif table == "openings":
        owner.openings.append(_span(starts, ends))
    elif table == "time_off":
        keeps = TimeOffKind(first_on) is TimeOffKind.NOT_BOOKABLE
        owner.time_off.append(TimeOffSpan(*_span(starts, ends), id, words, keeps))
    else:
        on_day = date.fromisoformat(first_on).toordinal()
        if starts is not None or ends is not None:
            starts, ends = _minutes(starts, ends)
        owner.dates.append(DateWindow(on_day, starts, ends, KINDS[words]))


@lru_cache(maxsize=4096)
def _weekly_window(
    starts: int, ends: int, kind: str, weekday: int, first_on: str | None, last_on: str | None
) -> WeeklyWindow:
    """Read once: most people's hours are those of their colleagues."""
    first = date.fromisoformat(first_on) if first_on else date.min
    last = date.fromisoformat(last_on) if last_on else date.max
    if weekday not in range(1, 8) or last < first:
        raise ValueError(f"weekday {weekday}, {first_on} to {last_on}")
    valid = first.toordinal(), last.toordinal()
    return WeeklyWindow(weekday, *_minutes(starts, ends), KINDS[kind], *valid)


def _span(start: int, end: int) -> Span:
    if not start < end:
        raise ValueError(f"{start} to {end}")
    return start, end


def _minutes(starts: int, ends: int) -> Span:
    if not 0 <= starts < DAY_MINUTES or not starts < ends <= starts + DAY_MINUTES:
        raise ValueError(f"{starts} to {ends}")
    return starts, ends
