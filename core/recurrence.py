"""The dates of a series: daily, on weekdays, monthly. Calendar arithmetic and nothing else.

A month without the date asked for (the 31st, a fifth Friday) is skipped and told, never
replaced by a day nobody chose.
"""

import calendar
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import N_, Invalid

MOST_DATES = 366
"""A series longer than this is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a series ends: on a day, still included, or after so many dates; or the first
    of the two."""

    until: date | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if self.until is None and self.count is None:
            raise Invalid(N_("Please say when the series ends."), field="until")
        if self.count is not None and not 1 <= self.count <= MOST_DATES:
            raise Invalid(N_("A series has 1 to {most} dates."), field="count", most=MOST_DATES)


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a series, and the first days of the months that have no such date."""

    dates: tuple[date, ...]
    skipped_months: tuple[date, ...] = ()


def daily(start: date, end: End, *, every: int = 1) -> Dates:
    """``start`` and every so many days after it."""
    _check_every(every)
    return _take((start + timedelta(days=each) for each in itertools.count(0, every)), end)


def weekly(
    start: date,
    end: End,
    *,
    weekdays: Collection[int],
    every: int = 1,
    week_starts_on: int = 1,
) -> Dates:
    """The ISO weekdays of every so many calendar weeks, from ``start`` on."""
    _check_every(every)
    if not weekdays or not set(weekdays) <= set(range(1, 8)):
        raise Invalid(N_("Please choose the weekdays."), field="weekdays")
    first = start - timedelta(days=(start.isoweekday() - week_starts_on) % 7)
    days = sorted((each - week_starts_on) % 7 for each in set(weekdays))
    found = (
        first + timedelta(days=week + day) for week in itertools.count(0, 7 * every) for day in days
    )
    return _take((each for each in found if each >= start), end)


def monthly_on_date(start: date, end: End, *, every: int = 1) -> Dates:
    """The same day of the month; months that are too short are skipped."""
    _check_every(every)
    return _take_months(start, end, every, lambda month: _day_of(month, start.day))


def monthly_on_weekday(start: date, end: End, *, every: int = 1) -> Dates:
    """The same weekday of the month, such as the second Tuesday or the fifth Friday."""
    _check_every(every)
    number = (start.day - 1) // 7

    def same_weekday(month: date) -> date | None:
        to_first = (start.isoweekday() - month.isoweekday()) % 7
        return _day_of(month, 1 + to_first + 7 * number)

    return _take_months(start, end, every, same_weekday)


def _take(found: Iterable[date], end: End) -> Dates:
    return Dates(tuple(itertools.islice(_until(found, end), end.count)))


def _take_months(
    start: date, end: End, every: int, date_in: Callable[[date], date | None]
) -> Dates:
    """A date of each month where it has one; the months passed over on the way besides."""
    dates: list[date] = []
    skipped: list[date] = []
    for month in _until(_months(start, every), end):
        if len(dates) == end.count:
            break
        found = date_in(month)
        if found is None:
            skipped.append(month)
        elif end.until is None or found <= end.until:
            dates.append(found)
    return Dates(tuple(dates), tuple(skipped))


def _until(found: Iterable[date], end: End) -> Iterator[date]:
    """Up to the end, and never on for ever."""
    last = end.until or date.max
    for number, each in enumerate(found):
        if each > last:
            return
        if end.count is None and number >= MOST_DATES:
            raise Invalid(N_("A series has 1 to {most} dates."), field="until", most=MOST_DATES)
        yield each


def months_later(on: date, count: int) -> date:
    """The same day so many months later, or the last one of a shorter month.

    Not for a series: who says "in a month" on the 31st means the end of the next.
    """
    years, number = divmod(on.month - 1 + count, 12)
    year, month = on.year + years, number + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def _months(start: date, every: int) -> Iterator[date]:
    for number in itertools.count(start.month - 1, every):
        year = start.year + number // 12
        if year > date.max.year:
            return
        yield date(year, number % 12 + 1, 1)


def _day_of(month: date, day: int) -> date | None:
    try:
        return month.replace(day=day)
    except ValueError:
        return None


def _check_every(every: int) -> None:
    if every < 1:
        raise Invalid(
            N_(
                "A series goes on every day, week or month, or every so many. Please choose "
                "one of these."
            )
        )
