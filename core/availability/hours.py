"""From habits on the wall clock to spans of real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from core.availability.clock import WallClock
from core.interval import Span

DAY_MINUTES = 1440


class WeeklyWindow(NamedTuple):
    """A weekday's window or break; ``ends`` past 1440 runs into the next day."""

    weekday: int
    starts: int
    ends: int
    is_break: bool = False
    valid_from: int = 0
    """Day ordinals, both included."""
    valid_to: int = date.max.toordinal()


class DateWindow(NamedTuple):
    """One date's own window or break; one without minutes closes the date."""

    ordinal: int
    starts: int | None = None
    ends: int | None = None
    is_break: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody's hours are, as recorded."""

    clock: WallClock
    weekly: Sequence[WeeklyWindow] = ()
    dates: Sequence[DateWindow] = ()


def spans_of_hours(habits: Habits, first: int, last: int) -> tuple[list[Span], list[Span]]:
    """Working windows and breaks that begin on the day ordinals ``first`` to ``last``.

    A date with its own hours takes nothing from its weekday. Both lists are sorted; windows
    may touch. A window that the clock change leaves no time is dropped.
    """
    work: list[Span] = []
    breaks: list[Span] = []
    own: dict[int, list[DateWindow]] = {}
    for each in habits.dates:
        own.setdefault(each.ordinal, []).append(each)
    by_weekday: list[list[WeeklyWindow]] = [[] for _ in range(7)]
    for window in habits.weekly:
        by_weekday[window.weekday % 7].append(window)
    clock = habits.clock
    all_along = all(each.valid_from <= first and last <= each.valid_to for each in habits.weekly)
    for ordinal in range(first, last + 1):
        todays: Sequence[DateWindow | WeeklyWindow] = by_weekday[ordinal % 7]
        if ordinal in own:
            todays = own[ordinal]
        elif not all_along:
            todays = [
                window
                for window in by_weekday[ordinal % 7]
                if window.valid_from <= ordinal <= window.valid_to
            ]
        midnight, plain = clock.day(ordinal) if todays else (0, True)
        for today in todays:
            if today.starts is None or today.ends is None:
                continue
            if plain and today.ends <= DAY_MINUTES:
                start, end = midnight + today.starts * 60, midnight + today.ends * 60
            else:
                start, end = clock.at(ordinal, today.starts), clock.at(ordinal, today.ends)
            if start < end:
                (breaks if today.is_break else work).append((start, end))
    work.sort()
    breaks.sort()
    return work, breaks
