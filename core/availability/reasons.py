"""Why a start is refused, in words that can be read out, each with what it refers to."""

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any

from core.availability.limits import Tally
from core.availability.seats import full_spans
from core.availability.sheet import Busy, DaySheet
from core.availability.starts import (
    Rules,
    Visit,
    behind_visits,
    earliest,
    free_time,
    horizon_end,
    inside,
    kept_by,
    next_on_clock,
    starts,
    starts_with_a_room,
    with_tolerance,
)
from core.errors import N_
from core.interval import Span, to_instant, to_seconds
from core.models import Anchor, BufferRule


class ReasonCode(enum.StrEnum):
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    CLOSURE = "closure"
    TIME_OFF = "time_off"
    NOT_BOOKABLE = "not_bookable"
    BREAK = "break"
    CLOSED = "closed"
    TAKEN = "taken"
    HELD = "held"
    FULL = "full"
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
    by_booking: bool = False
    """Whether a booking is in the way, rather than the hours."""

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
        self.rules = visit.rules
        self._present = now
        self._patient = patient
        self._rooms = rooms

    def reasons(self, start: int) -> list[Reason]:
        """Why a visit cannot start then, the most telling first; nothing when it can."""
        found = self.against(start)
        if self._is_off_step(start, found):
            found.append(off_step(self.rules))
        return found

    def against(self, start: int) -> list[Reason]:
        """The reasons that stand wherever the step falls."""
        found = [
            *self._too_soon_or_late(start),
            *self.not_at_work(start),
            *self._in_the_way(start),
        ]
        found = _only_the_shortest(found) if len(found) > 1 else found
        if self.sheet.limits:
            found.extend(self._over_limits(start))
        if self._rooms is not None or self._patient:
            found.extend(self._no_room_or_patient(start))
        return found

    def _too_soon_or_late(self, start: int) -> Iterator[Reason]:
        rules, leaving = self.rules, self.visit.moved_from
        if start < self._now:
            yield Reason(ReasonCode.PAST, N_("That time has passed. Please choose a later one."))
        elif start < self._earliest:
            message = N_("Needs {minutes} minutes' notice.")
            yield Reason(ReasonCode.NOTICE, message, {"minutes": rules.notice // 60})
        elif self._horizon_end is not None and start >= self._horizon_end:
            message = N_("Can be booked at most {days} days ahead.")
            yield Reason(ReasonCode.HORIZON, message, {"days": rules.horizon_days})
        if leaving is not None and leaving < self._earliest:
            message = N_("Too late to be moved: that needs {minutes} minutes' notice.")
            yield Reason(ReasonCode.NOTICE, message, {"minutes": rules.notice // 60})

    @cached_property
    def _now(self) -> int:
        return to_seconds(self._present)

    @cached_property
    def _earliest(self) -> int:
        return earliest(self.rules, self._present)

    @cached_property
    def _horizon_end(self) -> int | None:
        if self.rules.horizon_days is None:
            return None
        return horizon_end(self.sheet.clock, self.rules, self._present)

    def not_at_work(self, start: int) -> list[Reason]:
        """Why the hours alone refuse it, whatever is booked."""
        visit = self.visit
        lead, trail = (visit.before, visit.after) if self.rules.buffers_inside_hours else (0, 0)
        begin, end = start - lead, start + visit.length + trail
        around = _span_of(self._offered, begin)
        if around is None:
            return [self._away(begin) or self._resting(begin) or self._not_working_then(begin)]
        return [] if end <= around[1] else [self._cut_off_by(around[1], end - around[1])]

    def _away(self, begin: int) -> Reason | None:
        for closure in self.sheet.closures:
            if closure.start <= begin < closure.end:
                closed: dict[str, Any] = {"name": closure.name}
                return Reason(ReasonCode.CLOSURE, N_("Closed: {name}."), closed, closure.id)
        for off in self.sheet.time_off:
            if off.start <= begin < off.end:
                details = {"professional": self.sheet.name, "until": to_instant(off.end)}
                if off.keeps:
                    message = N_("{professional} takes no new bookings until {until}.")
                    return Reason(ReasonCode.NOT_BOOKABLE, message, details, off.id)
                message = N_("{professional} is away until {until}.")
                return Reason(ReasonCode.TIME_OFF, message, details, off.id)
        return None

    def _resting(self, begin: int) -> Reason | None:
        rest = _span_at(self.sheet.breaks, begin)
        if rest is None or _span_at(self.sheet.shifts, begin) is None:
            return None
        message = N_("{professional} has a break until {until}.")
        details = {"professional": self.sheet.name, "until": to_instant(rest[1])}
        return Reason(ReasonCode.BREAK, message, details)

    @cached_property
    def _offered(self) -> Sequence[Span]:
        return with_tolerance(self.sheet, self.rules)

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
                if off.keeps:
                    message = N_("Free, but {minutes} min too short: no new bookings from {at}.")
                return Reason(ReasonCode.TOO_SHORT, message, details, off.id)
        if any(each[0] == edge for each in self.sheet.breaks):
            message = N_("Free, but {minutes} min too short: break at {at}.")
        else:
            message = N_("Free, but {minutes} min too short: work ends at {at}.")
        return Reason(ReasonCode.TOO_SHORT, message, details)

    def _in_the_way(self, start: int) -> list[Reason]:
        end = start + self.visit.length
        claims, begins, ends = self._claims
        # Nothing before the first of these ends after the start: see ``_claims``.
        near = claims[bisect_right(ends, start) : bisect_left(begins, end)]
        meeting = [each for each in near if start < each[1]]
        if self.visit.seats > 1:
            meeting = self._only_full(meeting, start, end)
        return [
            _full(busy)
            if min(self.visit.seats, busy.seats) > 1
            else _taken(busy, start, end, (low, high))
            for low, high, busy in meeting
        ]

    @cached_property
    def _claims(self) -> tuple[list[tuple[int, int, Busy]], list[int], list[int]]:
        """The time each claim keeps, by start; the starts; and the last end up to each."""
        visit, add = self.visit, self.rules.buffer_rule is BufferRule.ADD
        claims = sorted(
            (*kept_by(each, visit, add), each)
            for each in self.sheet.busy
            if not visit.booking_id or each.booking_id != visit.booking_id
        )
        ends = list(accumulate((each[1] for each in claims), max))
        return claims, [each[0] for each in claims], ends

    def _only_full(
        self, meeting: list[tuple[int, int, Busy]], start: int, end: int
    ) -> list[tuple[int, int, Busy]]:
        """Of visits that share their time, those there when no place is left."""
        seated = [(low, high, busy.seats) for low, high, busy in meeting]
        full = [
            each
            for each in full_spans(seated, self.visit.seats)
            if each[0] < end and start < each[1]
        ]
        return [
            each for each in meeting if any(each[0] < high and low < each[1] for low, high in full)
        ]

    def _is_off_step(self, start: int, found: list[Reason]) -> bool:
        rules, sheet = self.rules, self.sheet
        if rules.restarts:
            # Such a lattice lies in free time only: elsewhere there is no step to be off.
            return not found and start not in self._offered_starts
        if rules.fits_gap and start in self._behind_visits:
            return False
        if rules.anchor is Anchor.CLOCK:
            return next_on_clock(sheet.clock, start, rules) != start
        return not any(
            opens <= start < closes and (start - opens) % rules.step == 0
            for opens, closes in sheet.windows
        )

    @cached_property
    def _offered_starts(self) -> set[int]:
        return set(
            starts(
                self.sheet,
                self.visit,
                now=self._present,
                rooms=self._rooms,
                patient=self._patient,
            )
        )

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


def off_step(rules: Rules) -> Reason:
    message = N_("Visits of this kind start every {minutes} minutes.")
    return Reason(ReasonCode.OFF_STEP, message, {"minutes": rules.step // 60})


def _full(busy: Busy) -> Reason:
    details = {"until": to_instant(busy.end)}
    message = N_("No place is left until {until}.")
    return Reason(ReasonCode.FULL, message, details, busy.booking_id)


def _taken(busy: Busy, start: int, end: int, kept: Span) -> Reason:
    """How a claim, and the time it keeps, is in the way of a visit from ``start`` to ``end``."""
    details: dict[str, Any]
    if busy.start <= start < busy.end:
        details = {"until": to_instant(busy.end)}
        if busy.held:
            return Reason(ReasonCode.HELD, N_("Held until {until}."), details, busy.booking_id)
        return Reason(ReasonCode.TAKEN, N_("Taken until {until}."), details, busy.booking_id)
    if start < busy.start < end:
        message = N_("Free, but {minutes} min too short: next visit at {at}.")
        details = {"minutes": _minutes(end - busy.start), "at": to_instant(busy.start)}
        return Reason(ReasonCode.TOO_SHORT, message, details, busy.booking_id, by_booking=True)
    missing = kept[1] - start if busy.end <= start else end - kept[0]
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


def _span_of(spans: Sequence[Span], moment: int) -> Span | None:
    """The one of many sorted spans, none over another, that holds the moment."""
    at = bisect_right(spans, moment, key=_start_of) - 1
    return spans[at] if at >= 0 and moment < spans[at][1] else None


def _start_of(span: Span) -> int:
    return span[0]


def _span_at(spans: Sequence[Span], moment: int) -> Span | None:
    """The first of a few spans that holds the moment."""
    for span in spans:
        if span[0] <= moment < span[1]:
            return span
    return None


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
