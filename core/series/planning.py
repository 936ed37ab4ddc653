"""Which rows of a series can be had: everything loaded once, then decided date by date.

Each row is held to what ``book`` checks, on the same day sheet, with the rows before it
already in the calendar.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.availability import Busy, Days, DaySheet, TypedTime, starts
from core.availability.loading import load_sheets_and
from core.errors import N_, Invalid, SeriesRefused
from core.interval import Span, to_instant, to_seconds
from core.models import LONGEST_VISIT_SECONDS
from core.series.requests import RowChange, RowKey, SeriesPlan, SeriesRow, Skipped
from core.visits import Loaded, Wanted, calendars_wanted, free_room, reasons_against

DAY = 86400
MOST_DAYS = 750
"""From the first date of a series to its last."""
NEAR_DAYS = 7
"""How far from its date a row may be put instead."""
LIMITS_REACH = 9
"""Days on either side that a weekly limit may count, as the sheets are loaded."""
ALTERNATIVES = 3


@dataclass(frozen=True)
class Wish:
    """A row before anybody asked whether it can be had; a booking's id where one moves."""

    on: date
    minute: int
    time: TypedTime
    wanted: Wanted
    change: RowChange | None = None
    room_id: int | None = None
    booking_id: int = 0
    version: int = 0

    @property
    def start(self) -> int | None:
        if self.change is not None:
            return to_seconds(self.change.starts_at) if self.change.starts_at else None
        return self.time.instants[0] if self.time.exists else None


class Diary:
    """A professional, the rooms and the patients over the whole range of a series."""

    def __init__(self, sheet: DaySheet, busy: Mapping[int, Sequence[Busy]], calendar: int) -> None:
        self.sheet = sheet
        self.clock = sheet.clock
        self._calendar = calendar
        self._busy = {each: list(claims) for each, claims in busy.items()}
        self._starts: dict[tuple[int, ...], list[int]] = {}

    def around(self, wanted: Wanted, start: int) -> Loaded:
        """What decides about a visit that day: as ``load_around`` would load it."""
        day = self.clock.date_of(start)
        span = self.clock.span_of_days(day, day)
        near = (span[0], span[1] + DAY)
        reach = LIMITS_REACH if self.sheet.limits else 1
        sheet = replace(
            self.sheet,
            span=span,
            shifts=_meeting(self.sheet.shifts, near),
            breaks=_meeting(self.sheet.breaks, near),
            openings=_meeting(self.sheet.openings, near),
            busy=self._near(self._calendar, span, days=reach),
        )
        return self._loaded(sheet, wanted, span)

    def take(self, wanted: Wanted, start: int, room_id: int | None) -> None:
        """Put a row in, so that the rows after it find it there."""
        calendars = [wanted.professional.calendar_id, *(p.calendar_id for p in wanted.patients)]
        if room_id is not None:
            calendars.append(wanted.rooms[room_id])
        visit = wanted.visit
        claim = Busy(start, start + visit.length, visit.before // 60, visit.after // 60)
        for calendar in calendars:
            insort(self._busy.setdefault(calendar, []), claim)

    def nearest(self, wanted: Wanted, target: int, *, now: datetime) -> tuple[datetime, ...]:
        """The free starts nearest to ``target``: that day first, then those around it."""
        found = self._free_starts(wanted, now)
        near = NEAR_DAYS * DAY
        window = found[bisect_left(found, target - near) : bisect_left(found, target + near)]
        day, wall = self.clock.ordinal_of(target), self.clock.seconds_into_day(target)

        def distance(start: int) -> tuple[int, int, int]:
            days = abs(self.clock.ordinal_of(start) - day)
            return days, abs(self.clock.seconds_into_day(start) - wall), start

        return tuple(
            to_instant(each) for each in sorted(sorted(window, key=distance)[:ALTERNATIVES])
        )

    def _free_starts(self, wanted: Wanted, now: datetime) -> list[int]:
        """Every free start of the range, the rows taken so far left out."""
        key = wanted.service.id, *(each.id for each in wanted.patients)
        if key not in self._starts:
            sheet = replace(self.sheet, busy=self._busy.get(self._calendar, ()))
            loaded = self._loaded(sheet, wanted, sheet.span)
            rooms = None if loaded.rooms is None else list(loaded.rooms.values())
            self._starts[key] = starts(
                sheet, wanted.visit, now=now, rooms=rooms, patient=sorted(loaded.patients)
            )
        return self._starts[key]

    def _loaded(self, sheet: DaySheet, wanted: Wanted, span: Span) -> Loaded:
        rooms = {room: self._near(calendar, span) for room, calendar in wanted.rooms.items()}
        patients = [each for one in wanted.patients for each in self._near(one.calendar_id, span)]
        return Loaded(sheet, rooms or None, patients)

    def _near(self, calendar: int, span: Span, *, days: int = 1) -> list[Busy]:
        claims = self._busy.get(calendar, [])
        first = span[0] - days * DAY - LONGEST_VISIT_SECONDS
        return claims[bisect_left(claims, (first,)) : bisect_left(claims, (span[1] + days * DAY,))]


def load_diary(
    session: Session, wishes: Sequence[Wish], *, now: datetime, without: Collection[int] = ()
) -> Diary:
    """The range of all rows in a fixed number of queries; bookings ``without`` do not count."""
    first, last = min(each.on for each in wishes), max(each.on for each in wishes)
    if (last - first).days > MOST_DAYS:
        message = N_("A series reaches over at most {days} days. Please end it earlier.")
        raise Invalid(message, field="until", days=MOST_DAYS)
    near = timedelta(days=NEAR_DAYS)
    professional = wishes[0].wanted.professional
    others = {calendar for each in wishes for calendar in calendars_wanted(each.wanted)}
    days = Days(first - near, last + near)
    sheets, busy = load_sheets_and(session, [professional], days, others, now=now)
    left = {
        calendar: [each for each in claims if each.booking_id not in without]
        for calendar, claims in busy.items()
    }
    return Diary(sheets[0], left, professional.calendar_id)


def plan_rows(wishes: Sequence[Wish], diary: Diary, *, now: datetime) -> tuple[SeriesRow, ...]:
    """Every row with what is in its way and the nearest free times instead."""
    rows: list[SeriesRow] = []
    room_id: int | None = None
    for wish in wishes:
        row = _judge(wish, diary, first_room=wish.room_id or room_id, now=now)
        room_id = row.room_id or room_id
        rows.append(row)
    return tuple(
        _with_ways_out(row, wish, diary, now=now) for row, wish in zip(rows, wishes, strict=True)
    )


def check_plan(plan: SeriesPlan) -> None:
    """Raise ``SeriesRefused`` with every row that is in the way of the whole."""
    if plan.refused:
        raise SeriesRefused(rows=tuple(plan.refused))
    if not plan.chosen:
        raise Invalid(N_("No date of this series is left. Please keep at least one."))


def changes_by_row(changes: Iterable[RowChange]) -> dict[RowKey, RowChange]:
    return {each.row: each for each in changes}


def _judge(wish: Wish, diary: Diary, *, first_room: int | None, now: datetime) -> SeriesRow:
    row = SeriesRow(
        on=wish.on,
        starts_at=None,
        changed=wish.change is not None,
        booking_id=wish.booking_id,
        version=wish.version,
    )
    start = wish.start
    if start is None:
        return row if wish.change else replace(row, skipped_because=_not_there(wish))
    if abs(diary.clock.ordinal_of(start) - wish.on.toordinal()) > NEAR_DAYS:
        message = N_("Please choose a time within {days} days of the date.")
        raise Invalid(message, field="starts_at", days=NEAR_DAYS)
    begins = to_instant(start)
    loaded = diary.around(wish.wanted, start)
    reasons = reasons_against(wish.wanted, loaded, begins, now=now)
    if reasons:
        return replace(row, starts_at=begins, reasons=tuple(reasons))
    room_id = free_room(loaded, wish.wanted.visit, begins, first=first_room)
    diary.take(wish.wanted, start, room_id)
    return replace(row, starts_at=begins, room_id=room_id)


def _not_there(wish: Wish) -> Skipped:
    time = f"{wish.minute // 60:02}:{wish.minute % 60:02}"
    return Skipped(N_("Clocks change: there is no {time} on that day."), {"time": time})


def _with_ways_out(row: SeriesRow, wish: Wish, diary: Diary, *, now: datetime) -> SeriesRow:
    if not row.reasons and row.skipped_because is None:
        return row
    return replace(row, alternatives=diary.nearest(wish.wanted, wish.time.instants[0], now=now))


def _meeting(spans: Sequence[Span], near: Span) -> list[Span]:
    return [each for each in spans if each[1] > near[0] and each[0] < near[1]]
