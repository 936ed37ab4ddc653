"""How a series repeats, as somebody asks for it."""

from dataclasses import dataclass
from datetime import date

from core.errors import N_, Invalid
from core.models import Frequency
from core.recurrence import Dates, End, daily, monthly_on_date, monthly_on_weekday, weekly

MOST_BETWEEN = 99
"""Days, weeks or months from one date to the next."""


@dataclass(frozen=True)
class Repeats:
    """``weekdays`` are ISO, for weekly ones; none named means that of ``first_on``."""

    frequency: Frequency
    first_on: date
    every: int = 1
    weekdays: tuple[int, ...] = ()
    count: int | None = None
    until_on: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST_BETWEEN:
            raise Invalid(
                N_("A series repeats every 1 to {most}."), field="every", most=MOST_BETWEEN
            )
        if self.until_on is not None and self.until_on < self.first_on:
            raise Invalid(
                N_("The last day lies before the first. Please change one of them."), field="until"
            )


def dates_of(repeats: Repeats) -> Dates:
    """Every date of the series, and the months that have no such date."""
    first, every = repeats.first_on, repeats.every
    end = End(until=repeats.until_on, count=repeats.count)
    if repeats.frequency is Frequency.DAILY:
        return daily(first, end, every=every)
    if repeats.frequency is Frequency.WEEKLY:
        weekdays = repeats.weekdays or (first.isoweekday(),)
        return weekly(first, end, weekdays=weekdays, every=every)
    if repeats.frequency is Frequency.MONTHLY_BY_DATE:
        return monthly_on_date(first, end, every=every)
    return monthly_on_weekday(first, end, every=every)
