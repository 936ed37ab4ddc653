"""Half-open time: one value with two bounds, and the algebra over sorted spans.

``Interval`` is what commands and screens pass around. Inner loops work on *spans*: plain
``(start, end)`` pairs of epoch seconds, sorted by start and not overlapping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[int, int]


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """``[start, end)`` in UTC: 09:00-10:00 and 10:00-11:00 touch without overlapping."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError(f"interval must be in UTC: {self}")
        if self.end <= self.start:
            raise ValueError(f"interval must end after it starts: {self}")

    @classmethod
    def of(cls, start: datetime, length: timedelta) -> "Interval":
        """The interval of ``length`` elapsed time from ``start``, an aware instant."""
        start = start.astimezone(UTC)
        return cls(start, start + length)

    @classmethod
    def from_span(cls, span: Span) -> "Interval":
        return cls(to_instant(span[0]), to_instant(span[1]))

    @property
    def span(self) -> Span:
        return to_seconds(self.start), to_seconds(self.end)

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def minutes(self) -> int:
        return int(self.length.total_seconds()) // 60

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end


def to_seconds(instant: datetime) -> int:
    """Epoch seconds of an aware instant; a naive one is refused."""
    if instant.tzinfo is None:
        raise ValueError(f"instant must be aware: {instant}")
    return int(instant.timestamp())


def to_instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def whole_day(day: date, zone: ZoneInfo) -> Interval:
    """Midnight to midnight on the wall clock: 23 or 25 hours when clocks change."""
    return days_between(day, day, zone)


def days_between(first: date, last: date, zone: ZoneInfo) -> Interval:
    """From the first midnight of ``first`` to the last of ``last``, both days included."""
    start = datetime.combine(first, time.min, tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone)
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in sorted spans that neither overlap nor touch."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        elif start < end:
            merged.append((start, end))
    return merged


def subtract(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of sorted ``spans`` without the time of ``taken``, in any order."""
    holes = sorted(taken)
    left: list[Span] = []
    first, count = 0, len(holes)
    for start, end in spans:
        while first < count and holes[first][1] <= start:
            first += 1
        at = first
        while at < count and holes[at][0] < end:
            hole_start, hole_end = holes[at]
            at += 1
            if hole_start < hole_end > start:
                if start < hole_start:
                    left.append((start, hole_start))
                start = hole_end
        if start < end:
            left.append((start, end))
    return left


def intersect(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The time that two sorted, non-overlapping lists have in common."""
    common: list[Span] = []
    i = j = 0
    while i < len(spans) and j < len(others):
        start, end = max(spans[i][0], others[j][0]), min(spans[i][1], others[j][1])
        if start < end:
            common.append((start, end))
        if spans[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return common


def minutes_of(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans) // 60


def comes_twice(there: datetime) -> bool:
    """Whether the clock on the wall shows this local time twice that night."""
    return there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
