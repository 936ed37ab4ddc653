"""Hours painted on a week: a stroke over days and times becomes windows and breaks."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from core.errors import N_
from core.interval import Span, intersect, subtract, union
from core.models import HoursKind
from core.schedule import WeekdayWindow

DAY_MINUTES = 1440


class Brush(enum.StrEnum):
    WORK = N_("At work")
    BREAK = N_("Break")
    CLEAR = N_("Not at work")


@dataclass(frozen=True)
class Stroke:
    """From one weekday to another, both included, each time from the same minute to the same."""

    first: int
    last: int
    starts_minute: int
    ends_minute: int

    @property
    def days(self) -> range:
        return range(self.first, self.last + 1)


def in_force(windows: Iterable[WeekdayWindow], on: date) -> list[WeekdayWindow]:
    """The week as it is on that date."""
    return [each for each in windows if each.dates[0] <= on <= each.dates[1]]


def paint(
    windows: Sequence[WeekdayWindow], stroke: Stroke, brush: Brush, on: date
) -> tuple[WeekdayWindow, ...]:
    """The windows with the stroke over the week of that date; those of other dates stay.

    What was there keeps its first and last day: another date may still be chosen for the whole.
    """
    shown = in_force(windows, on)
    others = [each for each in windows if each not in shown]
    pieces = list(chain.from_iterable(map(_pieces, shown)))
    for weekday in stroke.days:
        pieces = _paint_day(pieces, weekday, (stroke.starts_minute, stroke.ends_minute), brush)
    return tuple(sorted([*_joined_at_midnight(pieces), *others], key=_order))


def week_from(windows: Sequence[WeekdayWindow], first: date) -> tuple[WeekdayWindow, ...]:
    """The windows to be saved from that day on: what touches is one if both have begun by then."""
    found: list[WeekdayWindow] = []
    for each in sorted(windows, key=lambda each: (*_order(each)[:2], each.starts_minute)):
        begun = replace(each, valid_from=None) if each.dates[0] <= first else each
        last = found[-1] if found else None
        if last and last.dates[0] <= first and _touch(replace(last, valid_from=None), begun):
            found[-1] = replace(last, valid_from=None, ends_minute=each.ends_minute)
        else:
            found.append(each)
    return tuple(found)


def spans_on(windows: Iterable[WeekdayWindow], weekday: int, kind: HoursKind) -> list[Span]:
    """A kind's minutes within that weekday, what reaches over from the day before included."""
    pieces = chain.from_iterable(map(_pieces, windows))
    return union(_span(each) for each in pieces if each.weekday == weekday and each.kind is kind)


def _pieces(window: WeekdayWindow) -> list[WeekdayWindow]:
    """The window cut at midnight."""
    if window.ends_minute <= DAY_MINUTES:
        return [window]
    rest = window.ends_minute - DAY_MINUTES
    return [
        replace(window, ends_minute=DAY_MINUTES),
        replace(window, weekday=window.weekday % 7 + 1, starts_minute=0, ends_minute=rest),
    ]


def _paint_day(
    pieces: Sequence[WeekdayWindow], weekday: int, span: Span, brush: Brush
) -> list[WeekdayWindow]:
    work = [each for each in pieces if each.kind is HoursKind.WORK and each.weekday == weekday]
    kept = []
    for each in pieces:
        is_touched = each.weekday == weekday and (
            brush is not Brush.BREAK or each.kind is HoursKind.BREAK
        )
        left = subtract([_span(each)], [span]) if is_touched else [_span(each)]
        kept += [replace(each, starts_minute=start, ends_minute=end) for start, end in left]
    if brush is Brush.CLEAR:
        return kept
    new = [WeekdayWindow(weekday, *span)] if brush is Brush.WORK else _breaks(work, span)
    return _joined([*kept, *new], weekday)


def _breaks(work: Iterable[WeekdayWindow], span: Span) -> list[WeekdayWindow]:
    """A break is taken from work, on its dates; elsewhere there is nothing to take."""
    return [
        replace(each, starts_minute=start, ends_minute=end, kind=HoursKind.BREAK)
        for each in work
        for start, end in intersect([_span(each)], [span])
    ]


def _joined(pieces: Sequence[WeekdayWindow], weekday: int) -> list[WeekdayWindow]:
    """What touches on the painted day becomes one, where it applies on the same dates."""
    found: list[WeekdayWindow] = []
    for each in sorted(pieces, key=_order):
        last = found[-1] if found else None
        if last and each.weekday == weekday and _touch(last, each):
            found[-1] = replace(last, ends_minute=each.ends_minute)
        else:
            found.append(each)
    return found


def _touch(one: WeekdayWindow, other: WeekdayWindow) -> bool:
    return one.ends_minute == other.starts_minute and _is_alike(one, other, days=0)


def _joined_at_midnight(pieces: Sequence[WeekdayWindow]) -> list[WeekdayWindow]:
    """Work until midnight that goes on the next day is one window, of a day at most."""
    left = list(pieces)
    for each in pieces:
        after = next(
            (
                other
                for other in left
                if other.starts_minute == 0
                and each.ends_minute == DAY_MINUTES
                and each in left
                and _is_alike(each, other, days=1)
                and other.ends_minute <= each.starts_minute
            ),
            None,
        )
        if after is not None:
            left.remove(after)
            left[left.index(each)] = replace(each, ends_minute=DAY_MINUTES + after.ends_minute)
    return left


def _is_alike(one: WeekdayWindow, other: WeekdayWindow, *, days: int) -> bool:
    same = (one.kind, one.valid_from, one.valid_to) == (
        other.kind,
        other.valid_from,
        other.valid_to,
    )
    return same and (one.weekday + days - other.weekday) % 7 == 0


def _span(window: WeekdayWindow) -> Span:
    return window.starts_minute, window.ends_minute


def _order(window: WeekdayWindow) -> tuple[object, ...]:
    return (window.weekday, window.kind is HoursKind.BREAK, window.dates, window.starts_minute)
