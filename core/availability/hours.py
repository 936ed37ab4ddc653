"""From habits on the wall clock to spans of real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.availability.clock import WallClock
from core.interval import Span


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """A weekday's window or break; ``ends`` past 1440 runs into the next day."""

    weekday: int
    starts: int
    ends: int
    is_break: bool = False
    valid_from: int = 0
    """Day ordinals, both included."""
    valid_to: int = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class DateWindow:
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
    by_weekday: list[list[WeeklyWindow]] = [[] for _ in range(8)]
    for window in habits.weekly:
        by_weekday[window.weekday].append(window)
    at = habits.clock.at
    for ordinal in range(first, last + 1):
        if ordinal in own:
            todays: Sequence[DateWindow | WeeklyWindow] = own[ordinal]
        else:
            weekday = (ordinal - 1) % 7 + 1
            todays = [
                window
                for window in by_weekday[weekday]
                if window.valid_from <= ordinal <= window.valid_to
            ]
        for today in todays:
            if today.starts is None or today.ends is None:
                continue
            start, end = at(ordinal, today.starts), at(ordinal, today.ends)
            if start < end:
                (breaks if today.is_break else work).append((start, end))
    work.sort()
    breaks.sort()
    return work, breaks
