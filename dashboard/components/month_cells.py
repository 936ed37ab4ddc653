"""The days of a month in words: how many times can be offered, and from when."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from core.errors import N_
from core.month import DayKind, Month, MonthDay
from dashboard.components.month_grid import DayCell
from dashboard.formatting import WEEKDAYS, clock, day
from dashboard.i18n import _, ngettext

LEVELS = 4
KIND_WORDS: Mapping[DayKind, tuple[str, str]] = {
    DayKind.PAST: ("", N_("past")),
    DayKind.CLOSED: (N_("closed"), N_("nobody is at work")),
    DayKind.NOT_YET: (N_("not yet"), N_("further ahead than is booked")),
    DayKind.FULL: (N_("none free"), N_("no time left to offer")),
}
"""In the cell, and as it is read out."""


def weekday_names() -> list[str]:
    return [_(each)[:3] for each in WEEKDAYS]


def month_cells(month: Month, *, today: date) -> list[DayCell]:
    most = max((each.times for each in month.days), default=0)
    return [_cell(each, month.zone, most, today) for each in month.days]


def summary(month: Month, *, today: date) -> str:
    """The month in one line: how many days have free time, and which is the first."""
    free = [each for each in month.days if each.kind is DayKind.FREE]
    if not free:
        return _("No time left to offer in this month.")
    days = ngettext("{count} day with free time", "{count} days with free time", len(free))
    return _("{days}, the first on {date}").format(
        days=days.format(count=len(free)), date=day(free[0].on, today)
    )


def _cell(each: MonthDay, zone: str, most: int, today: date) -> DayCell:
    words, short, said = _words(each, ZoneInfo(zone))
    return DayCell(
        on=each.on.isoformat(),
        number=each.on.day,
        kind=each.kind.value,
        words=words,
        short=short,
        label=_("{date}: {what}").format(date=day(each.on, today), what=said),
        level=-(-each.times * LEVELS // most) if each.times else 0,
        is_today=each.on == today,
    )


def _words(each: MonthDay, zone: ZoneInfo) -> tuple[tuple[str, str], tuple[str, str], str]:
    """What stands in the cell, the same where there is little room, and what is read out."""
    if each.kind is not DayKind.FREE or each.first_at is None:
        shown, said = KIND_WORDS[each.kind]
        words = (_(shown), each.closure)
        return words, words, each.closure or _(said)
    values: dict[str, object] = {
        "count": each.times,
        "time": clock(each.first_at, zone),
        "people": each.people,
    }
    times = ngettext("{count} time", "{count} times", each.times).format(**values)
    begins = _("from {time}").format(**values)
    people = ngettext("with {people} professional", "with {people} professionals", each.people)
    short = (str(each.times), str(values["time"]))
    return (times, begins), short, f"{times} {begins}, {people.format(**values)}"
