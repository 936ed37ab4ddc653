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
            ordinal = self.clock.date_of(busy.start).toordinal()
            for key in (ordinal, -week_of(ordinal)):
                self.visits[key] += 1
                self.minutes[key] += (busy.end - busy.start) // 60

    def exceeded(self, start: int) -> list[Exceeded]:
        """The limits that a visit at ``start`` would break."""
        ordinal = self.clock.date_of(start).toordinal()
        limits = self.limits
        found = []
        for per, key, visits, minutes in (
            ("day", ordinal, limits.visits_per_day, limits.minutes_per_day),
            ("week", -week_of(ordinal), limits.visits_per_week, limits.minutes_per_week),
        ):
            if visits is not None and self.visits[key] >= visits:
                found.append(Exceeded(per, "visits", visits, self.visits[key]))
            if minutes is not None and self.minutes[key] + self.length_minutes > minutes:
                found.append(Exceeded(per, "minutes", minutes, self.minutes[key]))
        return found


def week_of(ordinal: int) -> int:
    """The ordinal of the week's Monday."""
    return ordinal - (ordinal - 1) % 7
