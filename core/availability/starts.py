"""Where a visit may start: spans of possible starts, then the lattice laid over them.

A visit of length L fits a free span [a, b) when it starts in [a, b - L]: a *start span*,
kept half-open as [a, b - L + 1). Start spans of several professionals, of rooms and of the
patient combine by union and intersection; the lattice comes last.
"""

import itertools
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.availability.clock import DAY, WallClock
from core.availability.limits import Tally
from core.availability.seats import full_spans
from core.availability.sheet import Busy, BusyRows, DaySheet
from core.interval import Span, intersect, subtract, to_seconds, union
from core.models import Anchor, BufferRule

QUARTER, FIVE_MINUTES = 900, 300


@dataclass(frozen=True, slots=True)
class Rules:
    """How starts are found; the defaults are how Frontdesk works. Times in seconds.

    The first start of a stretch lies on the grid, later ones follow by the step. ``anchor``
    says what the grid is counted from: local midnight, or each opening.
    """

    step: int = QUARTER
    grid: int | None = None
    """None: the step."""
    grid_offset: int = 0
    anchor: Anchor = Anchor.CLOCK
    after_visits: bool = False
    """An ``opening`` grid begins again behind each visit."""
    start_offset: int = 0
    """A pause before each start, which moves the lattice on as well."""
    fill_gaps: bool = False
    """Leave the grid where keeping to it would cost the stretch a visit."""
    buffer_rule: BufferRule = BufferRule.GAP
    buffers_inside_hours: bool = False
    end_tolerance: int = 0
    """Forgiven at the end of hours, for those written as 23:59:59."""
    notice: int = 0
    notice_included: bool = True
    horizon_days: int | None = None
    horizon_weekdays: Collection[int] = range(1, 8)
    """The weekdays the horizon counts; the others stay bookable up to its end."""
    fits_gap: bool = False
    """Also offer the first moment after a visit, off the grid, as the desk may use it."""

    def __post_init__(self) -> None:
        if self.step <= 0 or (self.grid is not None and self.grid <= 0):
            raise ValueError(f"starts must be some time apart: {self}")

    @property
    def restarts(self) -> bool:
        """Whether the lattice begins anew in each free stretch, so that visits shift it."""
        return (
            self.after_visits
            or self.fill_gaps
            or self.start_offset > 0
            or (self.anchor is Anchor.CLOCK and self.grid not in (None, self.step))
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be placed: length and buffers in seconds, and the rules it goes by."""

    length: int
    before: int = 0
    after: int = 0
    rules: Rules = Rules()
    booking_id: int = 0
    """The booking that is being moved; its own claim is not in its way."""
    moved_from: int | None = None
    """When that booking begins now, where the notice holds for leaving a time as well."""
    seats: int = 1
    """How many visits of this service may take place at once."""

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise ValueError(f"a visit must end after it starts: {self}")


def starts(
    sheet: DaySheet,
    visit: Visit,
    *,
    now: datetime,
    rooms: Sequence[Sequence[Busy]] | None = None,
    patient: Sequence[Busy] = (),
) -> list[int]:
    """Every bookable start within the sheet's days, in order, as epoch seconds.

    ``rooms`` are the calendars of the rooms of which the visit needs one; None when it needs
    none. ``patient`` is the calendar of the person it is for.
    """
    free = free_time(sheet, visit)
    possible = possible_starts(sheet, visit, free, now=now, rooms=rooms, patient=patient)
    found = on_lattice(sheet, visit, possible, free)
    return within_limits(sheet, visit, found) if sheet.limits else found


def possible_starts(
    sheet: DaySheet,
    visit: Visit,
    free: Sequence[Span],
    *,
    now: datetime,
    rooms: Sequence[Sequence[Busy]] | None = None,
    patient: Sequence[Busy] = (),
) -> list[Span]:
    """Start spans within the sheet's days, before the lattice and the limits."""
    first, last = allowed(sheet, visit, now)
    possible = clipped(start_spans(free, visit.length), first, last)
    if rooms is not None:
        possible = intersect(possible, starts_with_a_room(sheet.span, visit, rooms))
    if patient:
        gaps = calendar_gaps(sheet.span, visit, patient)
        possible = intersect(possible, start_spans(gaps, visit.length))
    return possible


def free_time(sheet: DaySheet, visit: Visit) -> list[Span]:
    """Offered time that no other visit, nor the distance it keeps, takes away."""
    return subtract(offered_to(sheet, visit), blocked(sheet.busy, visit))


def offered_to(sheet: DaySheet, visit: Visit) -> Sequence[Span]:
    """Offered time as this visit may use it: its buffers inside, if the rules say so."""
    offered = with_tolerance(sheet, visit.rules)
    if not visit.rules.buffers_inside_hours or not (visit.before or visit.after):
        return offered
    return [
        (start + visit.before, end - visit.after)
        for start, end in offered
        if start + visit.before < end - visit.after
    ]


def with_tolerance(sheet: DaySheet, rules: Rules) -> Sequence[Span]:
    """Offered time, its ends as far out as the rules forgive."""
    if not rules.end_tolerance:
        return sheet.offered
    longer = union((start, end + rules.end_tolerance) for start, end in sheet.working)
    return subtract(longer, sheet.gone)


def blocked(busy: Iterable[Busy], visit: Visit) -> list[Span]:
    """What claims keep from this visit: their own time and the buffers between the two."""
    own, add = visit.booking_id, visit.rules.buffer_rule is BufferRule.ADD
    if isinstance(busy, BusyRows) and not (own or visit.before or visit.after or visit.seats > 1):
        return busy.kept()
    others = [each for each in busy if not own or each.booking_id != own]
    if visit.seats > 1:
        seated = ((*kept_by(each, visit, add), each.seats) for each in others)
        return full_spans(seated, visit.seats)
    return [kept_by(each, visit, add) for each in others]


def kept_by(busy: Busy, visit: Visit, add: bool) -> Span:
    """The time a claim takes, with the distance this visit must keep from it."""
    before = gap(busy.before_minutes * 60, visit.after, add)
    after = gap(busy.after_minutes * 60, visit.before, add)
    return busy.start - before, busy.end + after


def gap(one: int, other: int, add: bool) -> int:
    """The distance two neighbours keep: the larger of their buffers, or both."""
    return one + other if add else max(one, other)


def start_spans(free: Iterable[Span], length: int) -> list[Span]:
    return [(start, end - length + 1) for start, end in free if end - start >= length]


def clipped(spans: list[Span], first: int, last: int) -> list[Span]:
    """What of the sorted spans lies between two moments; only those at the ends are looked at."""
    low, high = 0, len(spans)
    while low < high and spans[low][1] <= first:
        low += 1
    while low < high and spans[high - 1][0] >= last:
        high -= 1
    kept = spans[low:high]
    if kept and kept[0][0] < first:
        kept[0] = (first, kept[0][1])
    if kept and kept[-1][1] > last:
        kept[-1] = (kept[-1][0], last)
    return kept


def calendar_gaps(span: Span, visit: Visit, busy: Sequence[Busy]) -> list[Span]:
    """The time a calendar that keeps no hours and no buffers (a room, a patient) is free."""
    taken = [
        (each.start, each.end)
        for each in busy
        if not visit.booking_id or each.booking_id != visit.booking_id
    ]
    return subtract([(span[0], span[1] + visit.length)], taken)


def starts_with_a_room(span: Span, visit: Visit, rooms: Sequence[Sequence[Busy]]) -> list[Span]:
    """Start spans in which at least one room is free for the whole visit."""
    return union(
        each
        for busy in rooms
        for each in start_spans(calendar_gaps(span, visit, busy), visit.length)
    )


def allowed(sheet: DaySheet, visit: Visit, now: datetime) -> Span:
    """The starts that notice and horizon leave of the days asked for."""
    first, last = earliest(visit.rules, now), sheet.span[1]
    if visit.moved_from is not None and visit.moved_from < first:
        return last, last
    if visit.rules.horizon_days is not None:
        last = min(last, horizon_end(sheet.clock, visit.rules, now))
    return max(sheet.span[0], first), last


def earliest(rules: Rules, now: datetime) -> int:
    """The first moment for which enough notice is left."""
    return to_seconds(now) + rules.notice + (0 if rules.notice_included else 1)


def horizon_end(clock: WallClock, rules: Rules, now: datetime) -> int:
    """The end of the last bookable local day: today, and as many more as are counted."""
    day = clock.ordinal_of(to_seconds(now))
    left = rules.horizon_days or 0
    if len(rules.horizon_weekdays) == 7:
        day, left = day + left, 0
    while left:
        day += 1
        left -= (day - 1) % 7 + 1 in rules.horizon_weekdays
    return clock.day(day + 1)[0]


def on_lattice(
    sheet: DaySheet, visit: Visit, possible: Sequence[Span], free: Sequence[Span]
) -> list[int]:
    """The starts of the lattice that lie in ``possible``."""
    rules = visit.rules
    if rules.fill_gaps:
        found = in_the_gaps(sheet.clock, possible, visit)
    elif rules.anchor is Anchor.CLOCK:
        found = on_clock(sheet.clock, possible, rules)
    else:
        found = from_openings(free if rules.after_visits else sheet.windows, possible, rules)
    if rules.fits_gap:
        found = sorted({*found, *behind_visits(possible, free, visit, sheet.busy)})
    return found


def on_clock(clock: WallClock, possible: Sequence[Span], rules: Rules) -> list[int]:
    """Starts counted from local midnight."""
    if not possible:
        return []
    found: list[int] = []
    grid, offset = rules.grid or rules.step, rules.start_offset
    edges = [possible[0][0], *lattice_cuts(clock, possible, rules), possible[-1][1]]
    for low, high in itertools.pairwise(edges):
        # Between two cuts the grid is one residue, found once by the clock.
        phase = next_on_clock(clock, low, rules)
        pieces = possible if len(edges) == 2 else intersect(possible, [(low, high)])
        for start, end in pieces:
            first = start + (phase - start) % grid + offset
            found.extend(range(first, end, rules.step + offset))
    return found


def lattice_cuts(clock: WallClock, possible: Sequence[Span], rules: Rules) -> list[int]:
    """Where the lattice begins anew: when clocks change, and at midnight for steps that do
    not divide the day."""
    start, end = possible[0][0], possible[-1][1]
    cuts = clock.changes(start, end)
    if DAY % (rules.grid or rules.step):
        cuts = sorted({*cuts, *clock.midnights(start, end)})
    return cuts


def next_on_clock(clock: WallClock, start: int, rules: Rules) -> int:
    """The first moment from ``start`` on that the wall clock shows as a multiple of the grid."""
    grid = rules.grid or rules.step
    return start + -(clock.seconds_into_day(start) - rules.grid_offset) % grid


def from_openings(anchors: Iterable[Span], possible: Sequence[Span], rules: Rules) -> list[int]:
    """Starts counted from the beginning of each of the anchors."""
    pause, step = rules.start_offset, rules.step + rules.start_offset
    moments = {moment for start, end in anchors for moment in range(start + pause, end, step)}
    return inside(sorted(moments), possible)


def in_the_gaps(clock: WallClock, possible: Sequence[Span], visit: Visit) -> list[int]:
    """Starts that fill each stretch: on a round time where the stretch can spare the wait."""
    found: list[int] = []
    step = visit.rules.step
    for start, end in possible:
        spare = (end - 1 - start + visit.length) % step
        waits = (-clock.seconds_into_day(start) % mark for mark in (step, QUARTER, FIVE_MINUTES))
        wait = next((each for each in waits if each <= spare), 0)
        found.extend(range(start + wait, end, step))
    return found


def inside(moments: Iterable[int], spans: Sequence[Span]) -> list[int]:
    """The moments that lie in one of the sorted spans."""
    begins = [start for start, _end in spans]
    found = []
    for moment in moments:
        at = bisect_right(begins, moment) - 1
        if at >= 0 and moment < spans[at][1]:
            found.append(moment)
    return found


def behind_visits(
    possible: Sequence[Span], free: Sequence[Span], visit: Visit, busy: Sequence[Busy]
) -> list[int]:
    """Starts that close up to the visit before, where it left the lattice."""
    edges = {end for _start, end in blocked(busy, visit)}
    return inside([start for start, _end in free if start in edges], possible)


def within_limits(sheet: DaySheet, visit: Visit, found: Sequence[int]) -> list[int]:
    """Without the starts on days or in weeks that have had their fill."""
    tally = Tally(sheet, visit.length, visit.booking_id)
    return [start for start in found if not tally.exceeded(start)]


def starts_every_week(
    sheet: DaySheet, visit: Visit, *, first: Span, weeks: int, now: datetime
) -> list[int]:
    """Starts in ``first`` whose wall time is a start in each of the ``weeks`` that follow too.

    The sheet must reach over all of them. A time that a clock change leaves out is not there.
    """
    found = set(starts(sheet, visit, now=now))
    return [
        start
        for start in sorted(found)
        if first[0] <= start < first[1]
        and all(
            sheet.clock.same_time_later(start, 7 * week) in found for week in range(1, weeks + 1)
        )
    ]
