"""Windows and breaks as people enter them, and what cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from core.day_names import WEEKDAYS as WEEKDAYS
from core.errors import N_, Invalid
from core.interval import Span, union
from core.models import HoursKind

DAY_MINUTES = 1440
MOST_WINDOWS = 100
"""More in a week, or on a date, is a slip of the keyboard."""


@dataclass(frozen=True)
class DayWindow:
    """Minutes since midnight; an end past 1440 is overnight, 0 to 1440 is all day."""

    starts_minute: int
    ends_minute: int
    kind: HoursKind = HoursKind.WORK


@dataclass(frozen=True)
class WeekdayWindow:
    """A window each week: ``weekday`` 1 is Monday; valid on both days and between, if given."""

    weekday: int
    starts_minute: int
    ends_minute: int
    kind: HoursKind = HoursKind.WORK
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def dates(self) -> tuple[date, date]:
        return self.valid_from or date.min, self.valid_to or date.max


def check_week(windows: Sequence[WeekdayWindow]) -> None:
    """Each possible, none over another, across midnight and Sunday too; breaks within hours."""
    _check_number(windows)
    for each in windows:
        _check_weekday(each)
        _check_minutes(each.starts_minute, each.ends_minute, WEEKDAYS[each.weekday - 1])
    for one, other in combinations(windows, 2):
        if one.kind is other.kind and _overlap(span_of(one), seen_from(one, other)):
            raise _overlapping(one, other, WEEKDAYS[one.weekday - 1])
    for each in windows:
        around = [seen_from(each, other) for other in windows if other.kind is HoursKind.WORK]
        if each.kind is HoursKind.BREAK and not _within(each, [one for one in around if one]):
            raise _outside(each, WEEKDAYS[each.weekday - 1])


def check_date(windows: Sequence[DayWindow], on_date: date) -> None:
    """The same for the windows of one date."""
    _check_number(windows)
    day = on_date.isoformat()
    for each in windows:
        _check_minutes(each.starts_minute, each.ends_minute, day)
    for one, other in combinations(windows, 2):
        if one.kind is other.kind and _overlap(span_of(one), span_of(other)):
            raise _overlapping(one, other, day)
    work = [span_of(each) for each in windows if each.kind is HoursKind.WORK]
    for each in windows:
        if each.kind is HoursKind.BREAK and not _within(each, work):
            raise _outside(each, day)


def span_of(window: DayWindow | WeekdayWindow) -> Span:
    return window.starts_minute, window.ends_minute


def seen_from(one: WeekdayWindow, other: WeekdayWindow) -> Span | None:
    """The other window in minutes of the first one's day; None where the two never meet."""
    days = {0: 0, 1: 1, 6: -1}.get((other.weekday - one.weekday) % 7)
    if days is None or not _meet(one, other, days):
        return None
    shift = days * DAY_MINUTES
    return other.starts_minute + shift, other.ends_minute + shift


def _meet(one: WeekdayWindow, other: WeekdayWindow, days: int) -> bool:
    """Whether some date of the first is followed, ``days`` later, by a date of the other."""
    first = max(one.dates[0].toordinal(), other.dates[0].toordinal() - days)
    last = min(one.dates[1].toordinal(), other.dates[1].toordinal() - days)
    return first + (one.weekday - first) % 7 <= last


def _overlap(one: Span, other: Span | None) -> bool:
    return other is not None and one[0] < other[1] and other[0] < one[1]


def _within(window: DayWindow | WeekdayWindow, around: Sequence[Span]) -> bool:
    start, end = span_of(window)
    return any(first <= start and end <= last for first, last in union(around))


def _check_number(windows: Sequence[DayWindow | WeekdayWindow]) -> None:
    if len(windows) > MOST_WINDOWS:
        raise Invalid(
            N_(
                "These are {count} rows of hours; {most} can be kept at most. Please join some, "
                "or take some out."
            ),
            field="windows",
            count=len(windows),
            most=MOST_WINDOWS,
        )


def _check_weekday(window: WeekdayWindow) -> None:
    if not 1 <= window.weekday <= 7:
        raise Invalid(N_("A week has the days 1 (Monday) to 7 (Sunday)."), field="weekday")
    first, last = window.dates
    if last < first:
        raise Invalid(
            N_("{day}: these hours end before they begin to apply. Please change one of the days."),
            field="valid_to",
            day=WEEKDAYS[window.weekday - 1],
        )
    first_ordinal = first.toordinal()
    if first_ordinal + (window.weekday - first_ordinal) % 7 > last.toordinal():
        raise Invalid(
            N_(
                "There is no {day} between the first and the last day of these hours. Please "
                "change one of them."
            ),
            field="valid_to",
            day=WEEKDAYS[window.weekday - 1],
        )


def _check_minutes(starts: int, ends: int, day: str) -> None:
    if starts == ends:
        raise Invalid(
            N_("{day}: from {start} to {end} is no time at all. Say closed, or all day."),
            field="ends_minute",
            **_words(day, starts, ends),
        )
    if ends < starts:
        raise Invalid(
            N_(
                "{day}: {start} to {end} ends before it begins. Past midnight it is "
                "overnight. Please change one of the times."
            ),
            field="ends_minute",
            **_words(day, starts, ends),
        )
    if not 0 <= starts < DAY_MINUTES or ends > starts + DAY_MINUTES:
        raise Invalid(
            N_("{day}: hours begin on their day and last 24 hours at most."),
            field="starts_minute",
            day=day,
        )


def _overlapping(
    one: DayWindow | WeekdayWindow, other: DayWindow | WeekdayWindow, day: str
) -> Invalid:
    return Invalid(
        N_("{day}: {start} to {end} overlaps {other_start} to {other_end}."),
        field="windows",
        other_start=wall_time(other.starts_minute),
        other_end=wall_time(other.ends_minute),
        **_words(day, *span_of(one)),
    )


def _outside(window: DayWindow | WeekdayWindow, day: str) -> Invalid:
    return Invalid(
        N_("{day}: the break from {start} to {end} lies outside the working hours."),
        field="windows",
        **_words(day, *span_of(window)),
    )


def _words(day: str, starts: int, ends: int) -> dict[str, str]:
    return {"day": day, "start": wall_time(starts), "end": wall_time(ends)}


def wall_time(minute: int) -> str:
    """Minutes as the clock on the wall shows them; the end of a day is 24:00."""
    shown = timedelta(minutes=minute if minute == DAY_MINUTES else minute % DAY_MINUTES)
    hours, minutes = divmod(int(shown.total_seconds()) // 60, 60)
    return f"{hours:02}:{minutes:02}"
