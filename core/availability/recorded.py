"""What is on record about hours: one question for everybody and everything that shapes them.

Statements are built once, of plain columns: building them would cost more than asking. A row
that cannot be read is put aside as a ``BadRow``, so that it does not take the day with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
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

from core.availability.clock import WallClock
from core.availability.hours import DAY_MINUTES, DateWindow, WeeklyWindow
from core.availability.sheet import BadRow, ClosureSpan, TimeOffSpan
from core.db import seconds_of
from core.interval import Span, to_instant
from core.models import Closure, DateHours, HoursKind, Opening, TimeOff, WorkingHours

KINDS = {kind.value: kind is HoursKind.BREAK for kind in HoursKind}
ALWAYS = (date.min.toordinal(), date.max.toordinal())


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
    """Everybody asked about, and the closures that concern them all."""

    people: dict[int, Recorded]
    closures: list[ClosureSpan] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)


def _rows_of(table: FromClause, **columns: ColumnElement[Any]) -> Select[Any]:
    """One part of the question, its columns in the order they all share."""
    shared = {
        "owner": null(),
        "starts": cast(null(), BigInteger),
        "ends": cast(null(), BigInteger),
        "words": cast(null(), Text),
        "weekday": cast(null(), Integer),
        "first_on": cast(null(), Text),
        "last_on": cast(null(), Text),
    }
    source = literal_column(f"'{table.description}'")
    return select(source, table.c.id, *(shared | columns).values()).select_from(table)


def _build() -> Any:
    weekly, dates = WorkingHours.__table__, DateHours.__table__
    openings, time_off, closures = Opening.__table__, TimeOff.__table__, Closure.__table__
    ids = bindparam("ids", expanding=True)
    first, last = bindparam("first"), bindparam("last")
    after, before = bindparam("after"), bindparam("before")
    return union_all(
        _rows_of(
            weekly,
            owner=weekly.c.professional_id,
            starts=cast(weekly.c.starts_minute, BigInteger),
            ends=cast(weekly.c.ends_minute, BigInteger),
            words=cast(weekly.c.kind, Text),
            weekday=weekly.c.weekday,
            first_on=cast(weekly.c.valid_from, Text),
            last_on=cast(weekly.c.valid_to, Text),
        ).where(
            weekly.c.professional_id.in_(ids),
            weekly.c.valid_from.is_(None) | (weekly.c.valid_from <= last),
            weekly.c.valid_to.is_(None) | (weekly.c.valid_to >= first),
        ),
        _rows_of(
            dates,
            owner=dates.c.professional_id,
            starts=cast(dates.c.starts_minute, BigInteger),
            ends=cast(dates.c.ends_minute, BigInteger),
            words=cast(dates.c.kind, Text),
            first_on=cast(dates.c.on_date, Text),
        ).where(dates.c.professional_id.in_(ids), dates.c.on_date.between(first, last)),
        *(
            _rows_of(
                table,
                owner=table.c.professional_id,
                starts=seconds_of(table.c.starts_at),
                ends=seconds_of(table.c.ends_at),
                words=words,
            ).where(
                table.c.professional_id.in_(ids),
                table.c.starts_at < before,
                table.c.ends_at > after,
            )
            for table, words in ((openings, cast(null(), Text)), (time_off, time_off.c.reason))
        ),
        _rows_of(
            closures,
            owner=cast(null(), Integer),
            words=closures.c.name,
            first_on=cast(closures.c.first_on, Text),
            last_on=cast(closures.c.last_on, Text),
        ).where(closures.c.first_on <= last, closures.c.last_on >= first),
    )


ON_RECORD = _build()


def load_recorded(
    session: Session, ids: Sequence[int], days: tuple[int, int], span: Span, clock: WallClock
) -> OnRecord:
    """What concerns the day ordinals ``days`` and the instants of ``span``."""
    asked = {
        "ids": ids,
        "first": date.fromordinal(days[0]),
        "last": date.fromordinal(days[1]),
        "after": to_instant(span[0]),
        "before": to_instant(span[1]),
    }
    found = OnRecord({each: Recorded() for each in ids})
    for row in session.connection().execute(ON_RECORD, asked):
        try:
            _READERS[row[0]](found, clock, *row[1:])
        except (ValueError, TypeError, KeyError):
            bad = BadRow(row[0], row[1], ", ".join(str(each) for each in row[3:] if each is not None))
            owner = found.people.get(row[2])
            (found if owner is None else owner).bad_rows.append(bad)
    for recorded in found.people.values():
        recorded.openings.sort()
        recorded.time_off.sort()
    found.closures.sort()
    return found
