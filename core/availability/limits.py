"""How full a professional's days and weeks are, by the local calendar."""

from collections import Counter
from dataclasses import dataclass

from core.availability.sheet import DaySheet


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit one more visit would break."""

    per: str
    unit: str
    limit: int
    taken: int


class Tally:
    """Visits and minutes taken per local day and week, the visit being moved left out."""

    def __init__(self, sheet: DaySheet, length: int, booking_id: int = 0) -> None:
        self.clock = sheet.clock
        self.limits = sheet.limits
        self.length_minutes = length // 60
        self.visits: Counter[int] = Counter()
        self.minutes: Counter[int] = Counter()
        for busy in sheet.busy:
            if booking_id and busy.booking_id == booking_id:
                continue
            for key in self._day_and_week(busy.start):
                self.visits[key] += 1
                self.minutes[key] += (busy.end - busy.start) // 60

    def exceeded(self, start: int) -> list[Exceeded]:
        """The limits that a visit at ``start`` would break."""
        day, week = self._day_and_week(start)
        limits = self.limits
        found = []
        for per, key, visits, minutes in (
            ("day", day, limits.visits_per_day, limits.minutes_per_day),
            ("week", week, limits.visits_per_week, limits.minutes_per_week),
        ):
            if visits is not None and self.visits[key] >= visits:
                found.append(Exceeded(per, "visits", visits, self.visits[key]))
            if minutes is not None and self.minutes[key] + self.length_minutes > minutes:
                found.append(Exceeded(per, "minutes", minutes, self.minutes[key]))
        return found

    def _day_and_week(self, start: int) -> tuple[int, int]:
        """Keys of the local day and week a visit begins in; a week's is never a day's."""
        ordinal = self.clock.ordinal_of(start)
        return ordinal, -week_of(ordinal, self.limits.week_starts_on)


def week_of(ordinal: int, starts_on: int = 1) -> int:
    """The ordinal of the day the week begins on."""
    return ordinal - (ordinal - starts_on) % 7
