"""The wall clock of a zone, in epoch seconds.

Most days have one offset from UTC; there a wall time is an addition. On days when clocks
change the zone's own rules are asked, minute by minute.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import N_, Invalid
from core.interval import Span

DAY = 86400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=64)
def clock_of(zone_name: str) -> "WallClock":
    """The clock of an IANA zone. Raises ``Invalid`` for a name nobody knows."""
    try:
        return WallClock(ZoneInfo(zone_name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Invalid(
            N_("There is no time zone called {zone}. Please choose another."), zone=zone_name
        ) from unknown


@dataclass(frozen=True, slots=True)
class TypedTime:
    """What a wall time somebody typed can mean, in epoch seconds.

    ``instants`` holds both passes of a time that comes twice, to be asked back. A time that
    the clock leaves out does not exist; its instant is the next one that does.
    """

    instants: tuple[int, ...]
    exists: bool = True


class WallClock:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._days: dict[int, tuple[int, bool]] = {}

    def at(self, ordinal: int, minute: int) -> int:
        """The instant of a wall time: ``minute`` after midnight of the day ``ordinal``.

        Minutes past 1440 belong to the next day. Of a repeated wall time the first pass is
        meant; a missing one moves forward by the hour that was left out.
        """
        if minute >= 1440:
            ordinal, minute = ordinal + 1, minute - 1440
        midnight, plain = self.day(ordinal)
        return midnight + minute * 60 if plain else self._ask(ordinal, minute)

    def day(self, ordinal: int) -> tuple[int, bool]:
        """The instant of midnight, and whether the day keeps one offset to its end."""
        found = self._days.get(ordinal)
        if found is None:
            midnight = self._ask(ordinal, 0)
            plain = self._ask(ordinal + 1, 0) - midnight == DAY
            found = self._days[ordinal] = (midnight, plain)
        return found

    def span_of_days(self, first: date, last: date) -> Span:
        """From the first midnight of ``first`` to the end of ``last``."""
        return self.day(first.toordinal())[0], self.day(last.toordinal() + 1)[0]

    def local(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, self.zone)

    def date_of(self, seconds: int) -> date:
        return date.fromordinal(self.ordinal_of(seconds))

    def ordinal_of(self, seconds: int) -> int:
        """The local day of an instant, by the table of midnights."""
        # The day in UTC, or the one before or after it.
        ordinal = seconds // DAY + EPOCH_ORDINAL
        if seconds < self.day(ordinal)[0]:
            return ordinal - 1
        while self.day(ordinal + 1)[0] <= seconds:
            ordinal += 1
        return ordinal

    def changes(self, start: int, end: int) -> list[int]:
        """The instants in ``(start, end)`` at which this clock jumps."""
        found: list[int] = []
        first = (start // DAY) - 1 + EPOCH_ORDINAL
        for ordinal in range(first, (end // DAY) + 2 + EPOCH_ORDINAL):
            midnight, plain = self.day(ordinal)
            if not plain:
                jump = self._jump_after(midnight, self.day(ordinal + 1)[0])
                if start < jump < end and jump not in found:
                    found.append(jump)
        return found

    def midnights(self, start: int, end: int) -> list[int]:
        """The midnights in ``(start, end)``."""
        first, last = self.ordinal_of(start), self.ordinal_of(end)
        every = (self.day(ordinal)[0] for ordinal in range(first, last + 2))
        return [midnight for midnight in every if start < midnight < end]

    def seconds_into_day(self, seconds: int) -> int:
        """What the clock on the wall shows, as seconds since its 00:00."""
        midnight, plain = self.day(self.ordinal_of(seconds))
        if plain:
            return seconds - midnight
        wall = self.local(seconds)
        return wall.hour * 3600 + wall.minute * 60 + wall.second

    def typed_time(self, day: date, minute: int) -> TypedTime:
        """The instants at which the wall shows ``minute`` after midnight of ``day``."""
        wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
        passes = (wall.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        first, second = (int(each.timestamp()) for each in passes)
        if first == second:
            return TypedTime((first,))
        if first < second:
            return TypedTime((first, second))
        # Read with the offsets before and after, a missing time lies around the jump.
        return TypedTime((self._jump_after(second, first),), exists=False)

    def same_time_later(self, seconds: int, days: int) -> int | None:
        """The instant at which the wall shows the same time some days later; None if never."""
        ordinal = self.ordinal_of(seconds)
        into = self.seconds_into_day(seconds)
        later = self.typed_time(date.fromordinal(ordinal + days), into // 60)
        return later.instants[0] + into % 60 if later.exists else None

    def _ask(self, ordinal: int, minute: int) -> int:
        wall = datetime.fromordinal(ordinal) + timedelta(minutes=minute)
        return int(wall.replace(tzinfo=self.zone).timestamp())

    def _jump_after(self, low: int, high: int) -> int:
        """The instant between two at which the offset from UTC changes, by halving."""
        before = self._offset(low)
        if before == self._offset(high):
            return low
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, seconds: int) -> int:
        offset = datetime.fromtimestamp(seconds, UTC).astimezone(self.zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())
