"""What is asked of a series and what is answered, as plain values."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from core.availability import Reason
from core.booking import SetAside
from core.series.repeats import Repeats

RowKey = date | int
"""What names a row: the date of a new one, the booking's id of one that moves."""


class Scope(enum.StrEnum):
    """How much of a series a change reaches."""

    ONE = "one"
    THIS_AND_LATER = "this_and_later"
    ALL = "all"


class RowState(enum.StrEnum):
    FREE = "free"
    REFUSED = "refused"
    LEFT_OUT = "left_out"
    SKIPPED = "skipped"


class Seen(NamedTuple):
    """A booking in the version somebody looked at."""

    booking_id: int
    version: int


@dataclass(frozen=True)
class RowChange:
    """Another time for one row of a series; without a time the row is left out."""

    row: RowKey
    starts_at: datetime | None = None


@dataclass(frozen=True)
class SeriesAsked:
    """The time of day is the wall clock's, in minutes. No patient yet: nobody's time is asked."""

    professional_id: int
    service_id: int
    patient_id: int | None
    starts_at_minute: int
    repeats: Repeats
    changes: tuple[RowChange, ...] = ()
    hold_id: int | None = None
    """The asker's own hold, which is not in the way of the series and ends with it."""


@dataclass(frozen=True)
class SeriesRequest:
    """``request_key`` is made when the form is first drawn: sent twice, it books once."""

    asked: SeriesAsked
    request_key: str
    desk_note: str = ""


@dataclass(frozen=True)
class MoveSeriesAsked:
    """``starts_at`` is where the booking itself goes. The others follow by as many days, to
    the same time of day."""

    booking_id: int
    scope: Scope
    professional_id: int
    starts_at: datetime
    changes: tuple[RowChange, ...] = ()


@dataclass(frozen=True)
class MoveSeriesRequest:
    asked: MoveSeriesAsked
    seen: tuple[Seen, ...]


@dataclass(frozen=True)
class CancelSeriesRequest:
    """``not_late`` lets late cancellations pass as ones in time."""

    booking_id: int
    scope: Scope
    seen: tuple[Seen, ...]
    reason: str
    asked_by_patient: bool = True
    not_late: SetAside | None = None


@dataclass(frozen=True)
class Skipped:
    """Why a date drops out by itself; for people, filled from ``details``."""

    message: str
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.details)


@dataclass(frozen=True)
class SeriesRow:
    """One date of a series: when it would start, or why it cannot.

    ``changed`` says that somebody gave it another time or left it out.
    """

    on: date
    starts_at: datetime | None
    reasons: tuple[Reason, ...] = ()
    room_id: int | None = None
    skipped_because: Skipped | None = None
    alternatives: tuple[datetime, ...] = ()
    changed: bool = False
    booking_id: int = 0
    version: int = 0

    @property
    def key(self) -> RowKey:
        return self.booking_id or self.on

    @property
    def state(self) -> RowState:
        if self.starts_at is not None:
            return RowState.REFUSED if self.reasons else RowState.FREE
        return RowState.SKIPPED if self.skipped_because else RowState.LEFT_OUT


@dataclass(frozen=True)
class SeriesPlan:
    """Every row in order; ``skipped_months`` have no such date and no row."""

    rows: tuple[SeriesRow, ...]
    skipped_months: tuple[date, ...] = ()

    @property
    def chosen(self) -> list[SeriesRow]:
        """The rows that can be saved as they are."""
        return [each for each in self.rows if each.state is RowState.FREE]

    @property
    def refused(self) -> list[SeriesRow]:
        """The rows in the way of the whole."""
        return [each for each in self.rows if each.state is RowState.REFUSED]

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The bookings of a plan to move, in the versions it was made on."""
        return tuple(Seen(each.booking_id, each.version) for each in self.rows)
