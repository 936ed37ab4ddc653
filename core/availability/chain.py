"""Visits back to back: each starts where the one before ends, or soon after.

At the first start its own rules allow from then on, and at most ``MOST_WAIT`` later.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from heapq import nsmallest
from itertools import groupby
from typing import NamedTuple

from core.availability.reasons import Explainer, Reason, off_step
from core.availability.sheet import Busy
from core.availability.starts import free_time, inside, next_on_clock, possible_starts, starts
from core.availability.together import Part
from core.interval import Span, intersect, union

MOST_WAIT = timedelta(minutes=30)
"""What a patient is asked to wait between two visits."""
WAIT = int(MOST_WAIT.total_seconds())
MOST_TRIED = 100
"""Steps looked for from one start: where limits leave nothing there are many ways to try."""


class Step(NamedTuple):
    """A visit of a chain in its place."""

    part: Part
    start: int

    @property
    def professional_id(self) -> int:
        return self.part.sheet.professional_id

    @property
    def end(self) -> int:
        return self.start + self.part.visit.length

    @property
    def busy(self) -> Busy:
        """The claim it would lay, with its buffers."""
        visit = self.part.visit
        return Busy(self.start, self.end, visit.before // 60, visit.after // 60)


SoFar = tuple[Step, ...]


@dataclass(frozen=True)
class Way:
    """A visit of the chain as one of those would do it who could."""

    part: Part
    now: datetime

    @property
    def professional_id(self) -> int:
        return self.part.sheet.professional_id

    @cached_property
    def starts(self) -> list[int]:
        """Those there are without the chain."""
        return self._starts_of(self.part)

    @cached_property
    def possible(self) -> list[Span]:
        """Spans in which every start lies, also those that only the chain brings."""
        part = self.part
        free = free_time(part.sheet, part.visit)
        return possible_starts(
            part.sheet, part.visit, free, now=self.now, rooms=part.rooms, patient=part.patient
        )

    def leading_to(self, later: Sequence[Span]) -> list[Span]:
        """Spans from which one of the ``later`` starts can be reached in time."""
        length = self.part.visit.length
        reaching = union((start - length - WAIT, end - length) for start, end in later)
        return intersect(self.possible, reaching)

    def first_start(self, low: int, high: int, so_far: SoFar) -> int | None:
        """The first between the two, both included, the steps so far being taken."""
        found = self.starts
        if any(each.professional_id == self.professional_id for each in so_far):
            part = self._after(so_far)
            sheet = replace(part.sheet, span=(low, high + 1))
            found = self._starts_of(replace(part, sheet=sheet))
        at = bisect_left(found, low)
        return found[at] if at < len(found) and found[at] <= high else None

    def why_not(self, start: int, so_far: SoFar) -> list[Reason]:
        """Why it cannot start just then."""
        return self._explainer(so_far).reasons(start)

    def why_not_soon(self, start: int, so_far: SoFar) -> list[Reason]:
        """Why it can start neither then nor at the next step."""
        explainer, rules = self._explainer(so_far), self.part.visit.rules
        step = next_on_clock(self.part.sheet.clock, start, rules)
        return explainer.against(start) or explainer.against(step) or [off_step(rules)]

    def _after(self, so_far: SoFar) -> Part:
        """The same with what the same professional does before it in the chain."""
        own = [each.busy for each in so_far if each.professional_id == self.professional_id]
        sheet = replace(self.part.sheet, busy=sorted([*self.part.sheet.busy, *own]))
        return replace(self.part, sheet=sheet)

    def _explainer(self, so_far: SoFar) -> Explainer:
        part = self._after(so_far)
        return Explainer(
            part.sheet, part.visit, now=self.now, rooms=part.rooms, patient=part.patient
        )

    def _starts_of(self, part: Part) -> list[int]:
        return starts(part.sheet, part.visit, now=self.now, rooms=part.rooms, patient=part.patient)


@dataclass(frozen=True)
class Link:
    """A visit of the chain; of those who can start at once the first of the ways is taken."""

    ways: Sequence[Way]
    agreed: int | None = None
    """The one start that will do."""


class Chains:
    """Where the visits go, once one knows when the first starts."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links
        self._dead_ends: set[tuple[int, int, frozenset[tuple[int, int]]]] = set()
        self.tried = 0
        """Steps that were looked for: what it has cost so far."""
        self._gives_up_at = 0

    def starting_in(
        self, span: Span, most_a_day: int, is_wanted: Callable[[int], bool]
    ) -> Iterator[SoFar]:
        """Whole chains that start then: of each day so many, those with the least waiting."""
        ways = self._links[0].ways
        begins = sorted({start for way in ways for start in way.starts})
        promising = inside(begins, intersect(self._promising, [span]))
        clock = ways[0].part.sheet.clock
        for _day, starts_then in groupby(promising, key=clock.ordinal_of):
            wanted = filter(is_wanted, starts_then)
            whole = filter(self.is_whole, map(self.longest, wanted))
            best = nsmallest(most_a_day, whole, key=lambda each: each[-1].end - each[0].start)
            yield from sorted(best, key=lambda each: each[0].start)

    def longest(self, start: int) -> SoFar:
        """The chain that starts then: whole if it can be, else as far as it comes."""
        self._gives_up_at = self.tried + MOST_TRIED
        return self._go_on(start, ())

    def _go_on(self, start: int, so_far: SoFar) -> SoFar:
        here = (len(so_far), start, self._what_matters(start, so_far))
        if self.is_whole(so_far) or here in self._dead_ends or self.tried >= self._gives_up_at:
            return so_far
        self.tried += 1
        longest = so_far
        for step in self._steps(start, so_far):
            found = self._go_on(step.end, (*so_far, step))
            if self.is_whole(found):
                return found
            longest = max(longest, found, key=len)
        if self.tried < self._gives_up_at:
            self._dead_ends.add(here)
        return longest

    def is_whole(self, chain: SoFar) -> bool:
        return len(chain) == len(self._links)

    def why_no_further(self, start: int, so_far: SoFar) -> list[Reason]:
        """Why the next cannot follow; nothing where several would do and none of them can."""
        link = self._links[len(so_far)]
        if len(link.ways) > 1:
            return []
        (way,) = link.ways
        if link.agreed is not None:
            return way.why_not(link.agreed, so_far)
        if not so_far:
            return way.why_not(start, so_far)
        return way.why_not_soon(so_far[-1].end, so_far)

    def _steps(self, start: int, so_far: SoFar) -> list[Step]:
        """What can come next, best first: the soonest, then with whom the patient is already."""
        link = self._links[len(so_far)]
        low, high = start, start + WAIT if so_far else start
        if link.agreed is not None:
            low, high = max(low, link.agreed), min(high, link.agreed)
        found = [
            Step(way.part, first)
            for way in link.ways
            if (first := way.first_start(low, high, so_far)) is not None
        ]
        before = so_far[-1].professional_id if so_far else None
        return sorted(found, key=lambda each: (each.start, each.professional_id != before))

    def _what_matters(self, start: int, so_far: SoFar) -> frozenset[tuple[int, int]]:
        """Of the steps so far those that bear on what can follow: by limits, or by being near."""
        return frozenset(
            (each.professional_id, each.start)
            for each in so_far
            if each.part.sheet.limits
            or each.end + each.part.visit.after + self._longest_before >= start
        )

    @cached_property
    def _longest_before(self) -> int:
        return max(way.part.visit.before for link in self._links for way in link.ways)

    @cached_property
    def _promising(self) -> Sequence[Span]:
        """Starts of the first from which the others may be reached: on most days there are none."""
        *earlier, last = self._links
        reach = union(span for way in last.ways for span in way.possible)
        for link in reversed(earlier):
            reach = union(span for way in link.ways for span in way.leading_to(reach))
        return reach
