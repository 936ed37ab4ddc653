"""A professional's week, drawn: days across, visits and closed time down the hours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.analytics import DeskCounts
from core.desk import DayBooking
from core.interval import Interval, to_instant, to_seconds
from core.models import BookingState
from core.week import NextVisit, OfferedWeek, Week, week_starts
from dashboard.components.day_grid import (
    GridBlock,
    GridColumn,
    GridEvent,
    GridStart,
    day_grid,
)
from dashboard.components.desk_board import (
    DayMinutes,
    block_of,
    closed_blocks,
    grid_words,
    is_past,
    start_of,
)
from dashboard.components.view_switch import days_title
from dashboard.components.words import state_word
from dashboard.feedback import md
from dashboard.formatting import clock, weekday, when
from dashboard.i18n import _, ngettext

OPENING_MINUTE, CLOSING_MINUTE = 8 * 60, 18 * 60
STEP = 15
MOST_GAPS = 3
# Below this width the calendar becomes a list by time, which would mix the days of a week.
STYLE = """
<style>
.st-key-week_narrow { display: none; }
@media (max-width: 640px) {
  .st-key-week_wide { display: none; }
  .st-key-week_narrow { display: flex; }
}
</style>
"""


def week_board(
    week: Week, *, now: datetime, key: str, offered: OfferedWeek | None = None
) -> GridEvent | None:
    """Draw the week, on a phone one day of it; answer what was done on it.

    With ``offered`` the free starts are there to be picked.
    """
    st.html(STYLE)
    days = days_shown(week)
    starts = _starts_of(offered, days, now) if offered else []
    step = offered.service.step_minutes if offered and offered.service else STEP
    grid = partial(_grid, week, starts=starts, step=step, now=now)
    with st.container(key="week_wide"):
        event = grid(days, key=key)
    with st.container(key="week_narrow"):
        today = now.astimezone(ZoneInfo(week.zone)).date()
        chosen = st.segmented_control(
            _("Day"),
            days,
            default=next((on for on in days if on >= today), days[-1]),
            format_func=lambda on: _("{weekday} {day}").format(weekday=weekday(on)[:3], day=on.day),
            key=f"{key}_day_{week.monday}",
            label_visibility="collapsed",
            required=True,
        )
        return grid([chosen or days[0]], key=f"{key}_day") or event


def day_of_week_board(week: Week, on: date, *, now: datetime, key: str) -> GridEvent | None:
    """Draw one day of the week by itself, at every width; answer what was done on it."""
    return _grid(week, [on], starts=(), step=STEP, now=now, key=key, name=_("Day calendar"))


def _grid(
    week: Week,
    days: Sequence[date],
    *,
    starts: Sequence[GridStart],
    step: int,
    now: datetime,
    key: str,
    name: str = "",
) -> GridEvent | None:
    today = now.astimezone(ZoneInfo(week.zone)).date()
    first, last = _hours_shown(week)
    return day_grid(
        [_column(week, on, today) for on in days],
        [block for on in days for block in _blocks_of(week, on, (first, last))],
        starts,
        starts_minute=first,
        ends_minute=last,
        now_minute=DayMinutes(today, week.zone).of(now) if today in days else None,
        now_column=today.isoformat() if today in days else None,
        step=step,
        key=key,
        words=replace(grid_words(), grid=name or _("Week calendar")),
    )


def _starts_of(offered: OfferedWeek, days: Sequence[date], now: datetime) -> list[GridStart]:
    """The free starts of those days, and those that are not with why, each in its column."""
    week = offered.week
    first, last = _hours_shown(week)
    minutes = {on: DayMinutes(on, week.zone) for on in days}
    frames = [
        (to_seconds(each.instant(first)), to_seconds(each.instant(last)))
        for each in minutes.values()
    ]
    found = []
    for cell in week_starts(offered, frames, now=now):
        on = to_instant(cell.start).astimezone(ZoneInfo(week.zone)).date()
        if on in minutes and not is_past(cell) and minutes[on].is_drawn(to_instant(cell.start)):
            found.append(replace(start_of(cell, minutes[on]), column=on.isoformat()))
    return found


def days_shown(week: Week) -> list[date]:
    """Monday to Friday, and the days of the weekend on which there is work or a visit."""
    zone = ZoneInfo(week.zone)
    busy = {each.starts_at.astimezone(zone).date() for each in week.bookings}
    for start, _end in week.sheet.windows:
        busy.add(to_instant(start).astimezone(zone).date())
    return [on for on in week.days if on.weekday() < 5 or on in busy]


def at_a_glance(
    counts: DeskCounts,
    upcoming: NextVisit | None,
    gaps: Sequence[Interval],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """One line: how today stands, who comes next, and where there is time between visits."""
    parts = [
        (counts.expected, ngettext("{count} to come", "{count} to come", counts.expected)),
        (counts.arrived, ngettext("{count} waiting", "{count} waiting", counts.arrived)),
        (
            counts.in_progress,
            ngettext("{count} in progress", "{count} in progress", counts.in_progress),
        ),
        (counts.completed, ngettext("{count} completed", "{count} completed", counts.completed)),
        (counts.no_shows, ngettext("{count} no-show", "{count} no-shows", counts.no_shows)),
    ]
    said = [sentence.format(count=count) for count, sentence in parts if count]
    line = _("**Today** {counts}").format(counts=" · ".join(said) or _("no visits"))
    if upcoming is not None:
        line += " · " + _("next **{name}**, {time}").format(
            name=md(upcoming.patient), time=when(upcoming.starts_at, zone, now)
        )
    if gaps:
        times = [f"{clock(each.start, zone)}-{clock(each.end, zone)}" for each in gaps[:MOST_GAPS]]
        more = len(gaps) - len(times)
        times += [_("{count} more").format(count=more)] if more else []
        line += " · " + _("free {times}").format(times=", ".join(times))
    st.markdown(line, width="content")


def week_title(week: Week) -> str:
    return days_title(week.days[0], week.days[-1])


def week_table(week: Week) -> None:
    """The same week as a table, for keyboards and screen readers."""
    _table(week, week.bookings, _("No bookings in this week."))


def day_of_week_table(week: Week, on: date) -> None:
    """The same of one day."""
    zone = ZoneInfo(week.zone)
    there = [each for each in week.bookings if each.starts_at.astimezone(zone).date() == on]
    _table(week, there, _("No bookings on this day."))


def _table(week: Week, bookings: Sequence[DayBooking], empty: str) -> None:
    zone = ZoneInfo(week.zone)
    rows = [
        {
            _("Day"): _day_label(each.starts_at.astimezone(zone).date()),
            _("Time"): f"{clock(each.starts_at, zone)}-{clock(each.ends_at, zone)}",
            _("Patient"): each.patient,
            _("Service"): each.service,
            _("Room"): each.room,
            _("State"): state_word(each.state),
        }
        for each in bookings
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    else:
        st.write(empty)


def _blocks_of(week: Week, on: date, shown: tuple[int, int]) -> list[GridBlock]:
    """A day's visits and closed time, in the column of that day."""
    minutes = DayMinutes(on, week.zone)
    first, last = (minutes.instant(each) for each in shown)
    frame = (to_seconds(first), to_seconds(last))
    zone, column = ZoneInfo(week.zone), on.isoformat()
    blocks = [
        block_of(each, minutes)
        for each in week.bookings
        if each.starts_at.astimezone(zone).date() == on
    ]
    return [
        replace(block, column=column)
        for block in [*blocks, *closed_blocks([week.sheet], minutes, frame)]
    ]


def _column(week: Week, on: date, today: date) -> GridColumn:
    zone = ZoneInfo(week.zone)
    visits = sum(
        each.starts_at.astimezone(zone).date() == on and each.state is not BookingState.NO_SHOW
        for each in week.bookings
    )
    count = ngettext("{count} visit", "{count} visits", visits).format(count=visits)
    return GridColumn(
        id=on.isoformat(),
        title=_day_label(on),
        subtitle=_("today, {visits}").format(visits=count) if on == today else count,
        colour=week.professional.colour,
    )


def _day_label(on: date) -> str:
    return _("{weekday} {day}").format(weekday=weekday(on), day=on.day)


def _hours_shown(week: Week) -> tuple[int, int]:
    """The whole hours from the first thing of any day to the last, 8 to 18 at least."""
    zone = ZoneInfo(week.zone)
    spans = [(to_instant(start), to_instant(end)) for start, end in week.sheet.windows]
    spans += [(each.starts_at, each.ends_at) for each in week.bookings]
    first, last = OPENING_MINUTE, CLOSING_MINUTE
    for start, end in spans:
        minutes = DayMinutes(start.astimezone(zone).date(), week.zone)
        first, last = min(first, minutes.of(start)), max(last, minutes.end_of(start, end))
    return first // 60 * 60, min(-(-last // 60) * 60, 2880)
