"""Several professionals at once, or any of several: their start spans put together.

Each keeps their own hours, buffers, rooms and limits; one lattice lies over what remains.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, reduce

from core.availability.reasons import Explainer, Reason, off_step
from core.availability.sheet import Busy, DaySheet
from core.availability.starts import (
    Visit,
    free_time,
    on_lattice,
    possible_starts,
    within_limits,
)
from core.interval import Span, intersect, union


@dataclass(frozen=True)
class Part:
    """One professional's part in a visit, placed by rules and buffers of their own."""

    sheet: DaySheet
    visit: Visit
    rooms: Sequence[Sequence[Busy]] | None = None
    patient: Sequence[Busy] = ()


@dataclass(frozen=True)
class InTheWay:
    """A professional who cannot take part, and why."""

    professional_id: int
    professional: str
    reasons: Sequence[Reason]


def starts_with_all(parts: Sequence[Part], *, now: datetime) -> list[int]:
    """When every one of them is free for their part."""
    possible = reduce(intersect, (_possible(each, now) for each in parts))
    windows = reduce(intersect, (union(each.sheet.windows) for each in parts))
    found = _lattice(parts[0], possible, windows)
    for part in parts:
        if part.sheet.limits:
            found = within_limits(part.sheet, part.visit, found)
    return found


def starts_with_any(parts: Sequence[Part], *, now: datetime) -> list[int]:
    """When at least one of them is free for the whole visit."""
    possible = union(each for part in parts for each in _possible(part, now))
    windows = sorted(each for part in parts for each in part.sheet.windows)
    found = _lattice(parts[0], possible, windows)
    if not any(part.sheet.limits for part in parts):
        return found
    return [each for each in found if any(_is_free(part, each, now) for part in parts)]


class TogetherExplainer:
    """Who is in the way of a start, and why.

    With ``starts_with_all`` everybody found is; with ``starts_with_any`` it takes them all.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        find: Callable[..., list[int]] = starts_with_all,
        *,
        now: datetime,
    ) -> None:
        self.parts = parts
        self._find = find
        self._now = now

    def in_the_way(self, start: int) -> list[InTheWay]:
        """Nobody exactly for a start that is offered."""
        found = [
            InTheWay(part.sheet.professional_id, part.sheet.name, reasons)
            for part, explainer in zip(self.parts, self._explainers, strict=True)
            if (reasons := explainer.against(start))
        ]
        if self._find is starts_with_any and len(found) < len(self.parts):
            found = []
        if found or start in self._starts:
            return found
        # Everybody is there, and only the step they share is not.
        first = self.parts[0]
        reason = off_step(first.visit.rules)
        return [InTheWay(first.sheet.professional_id, first.sheet.name, [reason])]

    @cached_property
    def _explainers(self) -> list[Explainer]:
        return [
            Explainer(each.sheet, each.visit, now=self._now, rooms=each.rooms, patient=each.patient)
            for each in self.parts
        ]

    @cached_property
    def _starts(self) -> set[int]:
        return set(self._find(self.parts, now=self._now))


def _possible(part: Part, now: datetime) -> list[Span]:
    free = free_time(part.sheet, part.visit)
    return possible_starts(
        part.sheet, part.visit, free, now=now, rooms=part.rooms, patient=part.patient
    )


def _lattice(part: Part, possible: Sequence[Span], windows: Sequence[Span]) -> list[int]:
    """The lattice of the first one's rules; what is free counts from when all, or any, are."""
    rules = replace(part.visit.rules, fits_gap=False)
    sheet = replace(part.sheet, shifts=windows, openings=())
    return on_lattice(sheet, replace(part.visit, rules=rules), possible, possible)


def _is_free(part: Part, start: int, now: datetime) -> bool:
    explainer = Explainer(part.sheet, part.visit, now=now, rooms=part.rooms, patient=part.patient)
    return not explainer.against(start)
