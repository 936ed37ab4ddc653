"""A day sheet: everything that decides about a professional's time, loaded once.

What the calendar draws is what ``book`` checks: this object, and nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, overload

from core.availability.clock import WallClock
from core.interval import Span, subtract, union


class Busy(NamedTuple):
    """A claim on a calendar, in epoch seconds, with the buffers its visit was sold with."""

    start: int
    end: int
    before_minutes: int = 0
    after_minutes: int = 0
    booking_id: int = 0
    held: bool = False
    calendar_id: int = 0
    seats: int = 1
    """How many visits at once its own service allows; 1 shares the time with nobody."""


BUFFERS_BASE = 1_000_000
"""Rows carry both buffers in one number, ``before * BUFFERS_BASE + after``."""


class BusyRows(Sequence[Busy]):
    """Claims as the database hands them over, each given its names when it is looked at.

    To find free times, thousands are only compared. A column more of all of them costs as
    much as the comparing, so the rows are narrow: start, end, both buffers, the booking
    (negative while it is held), calendar.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        self.rows = rows

    def kept(self) -> list[Span]:
        """The time of each claim with its own buffers."""
        return [
            (start - buffers // BUFFERS_BASE * 60, end + buffers % BUFFERS_BASE * 60)
            if buffers
            else (start, end)
            for start, end, buffers, _booking, _calendar in self.rows
        ]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Busy: ...
    @overload
    def __getitem__(self, at: slice) -> list[Busy]: ...
    def __getitem__(self, at: int | slice) -> Busy | list[Busy]:
        if isinstance(at, slice):
            return [_named(row) for row in self.rows[at]]
        return _named(self.rows[at])

    def __iter__(self) -> Iterator[Busy]:
        return map(_named, self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def _named(row: Sequence[int]) -> Busy:
    start, end, buffers, booking, calendar_id = row
    before, after = divmod(buffers, BUFFERS_BASE)
    return Busy(start, end, before, after, abs(booking), booking < 0, calendar_id)


class TimeOffSpan(NamedTuple):
    start: int
    end: int
    id: int = 0
    reason: str = ""
    keeps: bool = False
    """Nothing new is booked then; what is booked takes place."""


class ClosureSpan(NamedTuple):
    start: int
    end: int
    id: int = 0
    name: str = ""


class BadRow(NamedTuple):
    """A row that cannot be read as hours; it is left out, and shown for what it is."""

    table: str
    id: int
    content: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a professional takes on in a local day and week."""

    visits_per_day: int | None = None
    visits_per_week: int | None = None
    minutes_per_day: int | None = None
    minutes_per_week: int | None = None
    week_starts_on: int = 1
    """The ISO weekday weeks are counted from."""

    def __bool__(self) -> bool:
        return any(
            limit is not None
            for limit in (
                self.visits_per_day,
                self.visits_per_week,
                self.minutes_per_day,
                self.minutes_per_week,
            )
        )


@dataclass(frozen=True)
class DaySheet:
    """One professional from one local day to another, ``span`` in epoch seconds.

    ``shifts`` are the hours before anything is taken from them. ``busy`` is sorted by start
    and reaches a day past both ends of ``span``; with limits, to the ends of the weeks.
    """

    professional_id: int
    name: str
    clock: WallClock
    span: Span
    shifts: Sequence[Span]
    breaks: Sequence[Span] = ()
    openings: Sequence[Span] = ()
    time_off: Sequence[TimeOffSpan] = ()
    closures: Sequence[ClosureSpan] = ()
    busy: Sequence[Busy] = ()
    limits: Limits = field(default_factory=Limits)
    bad_rows: Sequence[BadRow] = ()

    @cached_property
    def windows(self) -> list[Span]:
        """Working windows and openings as published: what an ``opening`` anchor counts from."""
        return sorted([*self.shifts, *self.openings])

    @cached_property
    def working(self) -> list[Span]:
        """Hours without their breaks, and openings: time at work, closed days included."""
        hours = union(self.shifts)
        if self.breaks:
            hours = subtract(hours, self.breaks)
        return union([*hours, *self.openings]) if self.openings else hours

    @cached_property
    def offered(self) -> list[Span]:
        """Time at work that nothing closes: what could be sold."""
        return subtract(self.working, self.gone) if self.gone else self.working

    @cached_property
    def for_what_is_booked(self) -> "DaySheet":
        """The same without the time that only takes nothing new."""
        away = [each for each in self.time_off if not each.keeps]
        return self if len(away) == len(self.time_off) else replace(self, time_off=away)

    @cached_property
    def gone(self) -> list[Span]:
        """Time off and closures, whatever the hours."""
        away = [(each.start, each.end) for each in self.time_off]
        return union([*away, *((each.start, each.end) for each in self.closures)])
