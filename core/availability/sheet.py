"""A day sheet: everything that decides about a professional's time, loaded once.

What the calendar draws is what ``book`` checks: this object, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

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


class TimeOffSpan(NamedTuple):
    start: int
    end: int
    id: int = 0
    reason: str = ""


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
        return union([*subtract(union(self.shifts), self.breaks), *self.openings])

    @cached_property
    def offered(self) -> list[Span]:
        """Time at work that nothing closes: what could be sold."""
        return subtract(self.working, self.gone) if self.gone else self.working

    @cached_property
    def gone(self) -> list[Span]:
        """Time off and closures, whatever the hours."""
        return union((each[0], each[1]) for each in (*self.time_off, *self.closures))
