"""Why a start is refused, in words that can be read out, each with what it refers to."""

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from core.availability.limits import Tally
from core.availability.sheet import Busy, DaySheet
from core.availability.starts import (
    Visit,
    behind_visits,
    free_time,
    gap,
    horizon_end,
    inside,
    next_on_clock,
    starts_with_a_room,
)
from core.errors import N_
from core.interval import Span, to_instant, to_seconds
from core.models import LONGEST_VISIT_SECONDS, Anchor, BufferRule


class ReasonCode(enum.StrEnum):
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    CLOSURE = "closure"
    TIME_OFF = "time_off"
    BREAK = "break"
    CLOSED = "closed"
    TAKEN = "taken"
    HELD = "held"
    TOO_SHORT = "too_short"
    BUFFER = "buffer"
    OFF_STEP = "off_step"
    DAY_LIMIT = "day_limit"
    WEEK_LIMIT = "week_limit"
    ROOM = "room"
    PATIENT_BUSY = "patient_busy"


@dataclass(frozen=True)
class Reason:
    """``message`` is for people, filled from ``details``; ``refers_to`` is the id of the
    booking, time off or closure in the way, 0 where there is none."""

    code: ReasonCode
    message: str
    details: dict[str, Any] = field(default_factory=dict)
    refers_to: int = 0

    def __str__(self) -> str:
        return self.message.format(**self.details)


class Explainer:
    """Answers why for one professional, one kind of visit and one present.

    The answer is an empty list exactly for what ``starts`` offers.
    """

    def __init__(
        self,
        sheet: DaySheet,
        visit: Visit,
        *,
        now: datetime,
        rooms: Sequence[Sequence[Busy]] | None = None,
        patient: Sequence[Busy] = (),
    ) -> None:
        self.sheet = sheet
        self.visit = visit
        self.now = to_seconds(now)
        self.rules = visit.rules
        self._begins = [each.start for each in sheet.busy]
        self._patient = patient
        self._rooms = rooms
        self._horizon_end = (
            None
            if self.rules.horizon_days is None
            else horizon_end(sheet.clock, self.rules.horizon_days, now)
        )

    def reasons(self, start: int) -> list[Reason]:
        """Why a visit cannot start then, the most telling first; nothing when it can."""
        found = [
            *self._too_soon_or_late(start),
            *self._not_at_work(start),
            *self._in_the_way(start),
        ]
        found = _only_the_shortest(found)
        if not self._on_lattice(start):
            minutes = self.rules.step // 60
            message = N_("Visits of this kind start every {minutes} minutes.")
            found.append(Reason(ReasonCode.OFF_STEP, message, {"minutes": minutes}))
        found.extend(self._over_limits(start))
        found.extend(self._no_room_or_patient(start))
        return found

    def _too_soon_or_late(self, start: int) -> list[Reason]:
        rules = self.rules
        first = self.now + rules.notice + (0 if rules.notice_included else 1)
        if start < self.now:
            return [Reason(ReasonCode.PAST, N_("That time has passed."))]
        if start < first:
            message = N_("Needs {minutes} minutes' notice.")
            return [Reason(ReasonCode.NOTICE, message, {"minutes": rules.notice // 60})]
        if self._horizon_end is not None and start >= self._horizon_end:
            message = N_("Can be booked at most {days} days ahead.")
            return [Reason(ReasonCode.HORIZON, message, {"days": rules.horizon_days})]
        return []

    def _not_at_work(self, start: int) -> list[Reason]:
        sheet, visit = self.sheet, self.visit
        lead, trail = (visit.before, visit.after) if self.rules.buffers_inside_hours else (0, 0)
        begin, end = start - lead, start + visit.length + trail
        around = _span_at(sheet.offered, begin)
        if around is not None:
            return [] if end <= around[1] else [self._cut_off_by(around[1], end - around[1])]
        for closure in sheet.closures:
            if closure.start <= begin < closure.end:
                return [
                    Reason(
                        ReasonCode.CLOSURE,
                        N_("Closed: {name}."),
                        {"name": closure.name},
                        closure.id,
                    )
                ]
        for off in sheet.time_off:
            if off.start <= begin < off.end:
                details = {"professional": sheet.name, "until": to_instant(off.end)}
                return [
                    Reason(
                        ReasonCode.TIME_OFF,
                        N_("{professional} is away until {until}."),
                        details,
                        off.id,
                    )
                ]
        resting = _span_at(sheet.breaks, begin)
        if resting is not None and _span_at(sheet.shifts, begin) is not None:
            details = {"professional": sheet.name, "until": to_instant(resting[1])}
            return [
                Reason(ReasonCode.BREAK, N_("{professional} has a break until {until}."), details)
            ]
        return [self._not_working_then(begin)]

    def _not_working_then(self, begin: int) -> Reason:
        day = self.sheet.clock.date_of(begin)
        today = self.sheet.clock.span_of_days(day, day)
        hours = [each for each in self.sheet.working if each[0] < today[1] and today[0] < each[1]]
        if not hours:
            message = N_("{professional} does not work that day.")
            return Reason(ReasonCode.CLOSED, message, {"professional": self.sheet.name})
        coming = next((each for each in hours if each[0] > begin), None)
        if coming is not None:
            details = {"professional": self.sheet.name, "starts": to_instant(coming[0])}
            return Reason(ReasonCode.CLOSED, N_("{professional} starts work at {starts}."), details)
        details = {"professional": self.sheet.name, "ends": to_instant(hours[-1][1])}
        return Reason(ReasonCode.CLOSED, N_("{professional} finishes work at {ends}."), details)

    def _cut_off_by(self, edge: int, missing: int) -> Reason:
        details = {"minutes": _minutes(missing), "at": to_instant(edge)}
        for closure in self.sheet.closures:
            if closure.start == edge:
                message = N_("Free, but {minutes} min too short: closed from {at}.")
                return Reason(ReasonCode.TOO_SHORT, message, details, closure.id)
        for off in self.sheet.time_off:
            if off.start == edge:
                message = N_("Free, but {minutes} min too short: away from {at}.")
                return Reason(ReasonCode.TOO_SHORT, message, details, off.id)
        if any(each[0] == edge for each in self.sheet.breaks):
            message = N_("Free, but {minutes} min too short: break at {at}.")
        else:
            message = N_("Free, but {minutes} min too short: work ends at {at}.")
        return Reason(ReasonCode.TOO_SHORT, message, details)

    def _in_the_way(self, start: int) -> list[Reason]:
        visit, add = self.visit, self.rules.buffer_rule is BufferRule.ADD
        end, found = start + visit.length, []
        for busy in self._near(start, end):
            if visit.booking_id and busy.booking_id == visit.booking_id:
                continue
            before = gap(busy.before_minutes * 60, visit.after, add)
            after = gap(busy.after_minutes * 60, visit.before, add)
            if start < busy.end + after and busy.start - before < end:
                found.append(_taken(busy, start, end, before, after))
        return found

    def _near(self, start: int, end: int) -> Sequence[Busy]:
        """The claims that could matter: none is longer than a day, no buffer either."""
        low = bisect_left(self._begins, start - 2 * LONGEST_VISIT_SECONDS)
        high = bisect_right(self._begins, end + LONGEST_VISIT_SECONDS)
        return self.sheet.busy[low:high]

    def _on_lattice(self, start: int) -> bool:
        rules, sheet = self.rules, self.sheet
        if rules.fits_gap and start in self._behind_visits:
            return True
        if rules.anchor is Anchor.CLOCK and (rules.grid in (None, rules.step)):
            return next_on_clock(sheet.clock, start, rules) == start
        anchors = free_time(sheet, self.visit) if self._restarts else sheet.windows
        return any(
            self._first_of(anchor) <= start < anchor[1]
            and (start - self._first_of(anchor)) % rules.step == 0
            for anchor in anchors
        )

    @property
    def _restarts(self) -> bool:
        return self.rules.after_visits or self.rules.anchor is Anchor.CLOCK

    def _first_of(self, anchor: Span) -> int:
        if self.rules.anchor is Anchor.CLOCK:
            return next_on_clock(self.sheet.clock, anchor[0], self.rules)
        return anchor[0]

    @cached_property
    def _behind_visits(self) -> set[int]:
        free = free_time(self.sheet, self.visit)
        everywhere = [(self.sheet.span[0], self.sheet.span[1])]
        return set(behind_visits(everywhere, free, self.visit, self.sheet.busy))

    def _over_limits(self, start: int) -> list[Reason]:
        found = []
        for each in self._tally.exceeded(start) if self.sheet.limits else ():
            code = ReasonCode.DAY_LIMIT if each.per == "day" else ReasonCode.WEEK_LIMIT
            message = LIMIT_SENTENCES[each.per, each.unit]
            details = {"professional": self.sheet.name, "limit": each.limit}
            found.append(Reason(code, message, details))
        return found

    @cached_property
    def _tally(self) -> Tally:
        return Tally(self.sheet, self.visit.length, self.visit.booking_id)

    def _no_room_or_patient(self, start: int) -> list[Reason]:
        found = []
        if self._rooms is not None and not inside([start], self._starts_with_a_room):
            found.append(Reason(ReasonCode.ROOM, N_("No suitable room is free then.")))
        for busy in self._patient:
            own = self.visit.booking_id and busy.booking_id == self.visit.booking_id
            if not own and start < busy.end and busy.start < start + self.visit.length:
                message = N_("The patient has another booking until {until}.")
                details = {"until": to_instant(busy.end)}
                found.append(Reason(ReasonCode.PATIENT_BUSY, message, details, busy.booking_id))
        return found

    @cached_property
    def _starts_with_a_room(self) -> list[Span]:
        return starts_with_a_room(self.sheet.span, self.visit, self._rooms or ())


LIMIT_SENTENCES = {
    ("day", "visits"): N_("{professional} takes at most {limit} visits a day."),
    ("day", "minutes"): N_("{professional} takes at most {limit} minutes of visits a day."),
    ("week", "visits"): N_("{professional} takes at most {limit} visits a week."),
    ("week", "minutes"): N_("{professional} takes at most {limit} minutes of visits a week."),
}


def _taken(busy: Busy, start: int, end: int, before: int, after: int) -> Reason:
    """How a claim is in the way of a visit from ``start`` to ``end``."""
    details: dict[str, Any]
    if busy.start <= start < busy.end:
        details = {"until": to_instant(busy.end)}
        if busy.held:
            return Reason(ReasonCode.HELD, N_("Held until {until}."), details, busy.booking_id)
        return Reason(ReasonCode.TAKEN, N_("Taken until {until}."), details, busy.booking_id)
    if start < busy.start < end:
        message = N_("Free, but {minutes} min too short: next visit at {at}.")
        details = {"minutes": _minutes(end - busy.start), "at": to_instant(busy.start)}
        return Reason(ReasonCode.TOO_SHORT, message, details, busy.booking_id)
    missing = busy.end + after - start if busy.end <= start else end - (busy.start - before)
    message = N_("{minutes} min too close to the visit at {at}.")
    details = {"minutes": _minutes(missing), "at": to_instant(busy.start)}
    return Reason(ReasonCode.BUFFER, message, details, busy.booking_id)


def _only_the_shortest(found: list[Reason]) -> list[Reason]:
    """Of several things that cut a visit short, the first one says it all."""
    short = [each for each in found if each.code is ReasonCode.TOO_SHORT]
    others = [each for each in found if each.code is not ReasonCode.TOO_SHORT]
    if any(each.code in (ReasonCode.TAKEN, ReasonCode.HELD) for each in others):
        return others
    return others + sorted(short, key=lambda each: -each.details["minutes"])[:1]


def _span_at(spans: Sequence[Span], moment: int) -> Span | None:
    """The one of the sorted spans that holds the moment."""
    for span in spans:
        if span[0] <= moment < span[1]:
            return span
    return None


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
