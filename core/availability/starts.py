"""Where a visit may start: spans of possible starts, then the lattice laid over them.

A visit of length L fits a free span [a, b) when it starts in [a, b - L]: a *start span*,
kept half-open as [a, b - L + 1). Start spans of several professionals, of rooms and of the
patient combine by union and intersection; the lattice comes last.
"""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.availability.clock import WallClock
from core.availability.limits import Tally
from core.availability.sheet import Busy, DaySheet
from core.interval import Span, intersect, subtract, to_seconds, union
from core.models import Anchor, BufferRule


@dataclass(frozen=True, slots=True)
class Rules:
    """How starts are found; the defaults are how Frontdesk works.

    ``step`` and ``grid`` in seconds: the first start of a stretch lies on the grid, later
    ones follow by the step. ``anchor`` says what the grid is counted from: local midnight,
    or each opening. ``after_visits`` lets an ``opening`` grid begin again behind each visit.
    """

    step: int = 15 * 60
    grid: int | None = None
    grid_offset: int = 0
    anchor: Anchor = Anchor.CLOCK
    after_visits: bool = False
    buffer_rule: BufferRule = BufferRule.GAP
    buffers_inside_hours: bool = False
    notice: int = 0
    notice_included: bool = True
    horizon_days: int | None = None
    fits_gap: bool = False
    """Also offer the first moment after a visit, off the grid, as the desk may use it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be placed: length and buffers in seconds, and the rules it goes by."""

    length: int
    before: int = 0
    after: int = 0
    rules: Rules = Rules()
    booking_id: int = 0
    """The booking that is being moved; its own claim is not in its way."""


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
    possible = start_spans(free, visit.length)
    possible = intersect(possible, [allowed(sheet.clock, sheet.span, visit.rules, now)])
    if rooms is not None:
        possible = intersect(possible, starts_with_a_room(sheet.span, visit, rooms))
    if patient:
        possible = intersect(
            possible, start_spans(calendar_gaps(sheet.span, visit, patient), visit.length)
        )
    found = on_lattice(sheet, visit, possible, free)
    return within_limits(sheet, visit, found) if sheet.limits else found


def free_time(sheet: DaySheet, visit: Visit) -> list[Span]:
    """Offered time that no other visit, nor the distance it keeps, takes away."""
    return subtract(room_for_buffers(sheet.offered, visit), blocked(sheet.busy, visit))


def room_for_buffers(offered: Iterable[Span], visit: Visit) -> list[Span]:
    if not visit.rules.buffers_inside_hours or not (visit.before or visit.after):
        return list(offered)
    return [
        (start + visit.before, end - visit.after)
        for start, end in offered
        if start + visit.before < end - visit.after
    ]


def blocked(busy: Iterable[Busy], visit: Visit) -> list[Span]:
    """What each claim keeps from this visit: its own time and the buffers between the two."""
    own, add = visit.booking_id, visit.rules.buffer_rule is BufferRule.ADD
    spans: list[Span] = []
    for start, end, before, after, booking_id, _held in busy:
        if own and booking_id == own:
            continue
        if before or after or visit.before or visit.after:
            start -= gap(before * 60, visit.after, add)
            end += gap(after * 60, visit.before, add)
        spans.append((start, end))
    return spans


def gap(one: int, other: int, add: bool) -> int:
    """The distance two neighbours keep: the larger of their buffers, or both."""
    return one + other if add else max(one, other)


def start_spans(free: Iterable[Span], length: int) -> list[Span]:
    return [(start, end - length + 1) for start, end in free if end - start >= length]


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


def allowed(clock: WallClock, span: Span, rules: Rules, now: datetime) -> Span:
    """The starts that notice and horizon leave of the days asked for."""
    first = to_seconds(now) + rules.notice
    if not rules.notice_included:
        first += 1
    last = span[1]
    if rules.horizon_days is not None:
        last = min(last, horizon_end(clock, rules.horizon_days, now))
    return max(span[0], first), last


def horizon_end(clock: WallClock, days: int, now: datetime) -> int:
    """The end of the last bookable local day: today and ``days`` more."""
    today = clock.date_of(to_seconds(now)).toordinal()
    return clock.day(today + days + 1)[0]


def on_lattice(
    sheet: DaySheet, visit: Visit, possible: Sequence[Span], free: Sequence[Span]
) -> list[int]:
    """The starts of the lattice that lie in ``possible``."""
    rules = visit.rules
    found: list[int] = []
    if rules.anchor is Anchor.CLOCK:
        for start, end in possible_pieces(sheet.clock, possible, rules):
            found.extend(range(next_on_clock(sheet.clock, start, rules), end, rules.step))
    else:
        anchors = free if rules.after_visits else sheet.windows
        for start, end in anchors:
            found.extend(inside(range(start, end, rules.step), possible))
        found = sorted(set(found))
    if rules.fits_gap:
        found = sorted({*found, *behind_visits(possible, free, visit, sheet.busy)})
    return found


def possible_pieces(clock: WallClock, possible: Sequence[Span], rules: Rules) -> list[Span]:
    """Start spans cut where the lattice begins anew: when clocks change, and at midnight
    for steps that do not divide the day."""
    if not possible:
        return []
    start, end = possible[0][0], possible[-1][1]
    cuts = clock.changes(start, end)
    if 86400 % (rules.grid or rules.step):
        cuts = sorted({*cuts, *clock.midnights(start, end)})
    if not cuts:
        return list(possible)
    edges = [start, *cuts, end]
    return intersect(possible, list(itertools.pairwise(edges)))


def next_on_clock(clock: WallClock, start: int, rules: Rules) -> int:
    """The first moment from ``start`` on that the wall clock shows as a multiple of the grid."""
    grid = rules.grid or rules.step
    return start + -(clock.seconds_into_day(start) - rules.grid_offset) % grid


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
