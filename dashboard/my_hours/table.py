"""Weekly hours as a table to type in: one row for each window or break."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import N_, Invalid
from core.models import HoursKind
from core.schedule import WeekdayWindow
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import _
from dashboard.my_hours.typed import clock_of, minute_of

DAY, STARTS, ENDS, KIND, FIRST, LAST = "day", "from", "to", "kind", "valid_from", "valid_to"
COLUMNS = (DAY, STARTS, ENDS, KIND, FIRST, LAST)
KINDS = {HoursKind.WORK: N_("Work"), HoursKind.BREAK: N_("Break")}


def hours_table(windows: Sequence[WeekdayWindow], *, key: str) -> pd.DataFrame:
    """Draw the rows; what they say now, for ``windows_in``."""
    return st.data_editor(
        frame_of(windows),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            DAY: st.column_config.SelectboxColumn(
                _("Day"), options=[_(each) for each in WEEKDAYS], width="small"
            ),
            STARTS: st.column_config.TextColumn(_("From"), max_chars=5, width="small"),
            ENDS: st.column_config.TextColumn(
                _("To"),
                max_chars=5,
                width="small",
                help=_("Past midnight hours count on: 30:00 is 6 in the morning."),
            ),
            KIND: st.column_config.SelectboxColumn(
                _("What"),
                options=[_(each) for each in KINDS.values()],
                default=_(KINDS[HoursKind.WORK]),
                width="small",
            ),
            FIRST: st.column_config.DateColumn(_("First day"), format="DD.MM.YYYY"),
            LAST: st.column_config.DateColumn(_("Last day"), format="DD.MM.YYYY"),
        },
    )


def frame_of(windows: Sequence[WeekdayWindow]) -> pd.DataFrame:
    rows = [
        (
            _(WEEKDAYS[each.weekday - 1]),
            clock_of(each.starts_minute),
            clock_of(each.ends_minute),
            _(KINDS[each.kind]),
            each.valid_from,
            each.valid_to,
        )
        for each in windows
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in (FIRST, LAST):
        frame[name] = pd.to_datetime(frame[name])
    return frame.astype(dict.fromkeys((DAY, STARTS, ENDS, KIND), "str"))


def windows_in(frame: pd.DataFrame) -> tuple[WeekdayWindow, ...]:
    """What the rows say, or ``Invalid`` naming the first that says too little. Empty rows are
    passed over."""
    found = []
    for number, row in enumerate(frame.to_dict("records"), start=1):
        cells = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        if any(cells[name] for name in (DAY, STARTS, ENDS)):
            found.append(_window_in(number, cells))
    return tuple(found)


def _window_in(number: int, cells: dict[str, Any]) -> WeekdayWindow:
    named = [_(each) for each in WEEKDAYS]
    if cells[DAY] not in named:
        raise Invalid(N_("Row {number}: please choose a day."), field=DAY, number=number)
    starts, ends = (minute_of(cells[name] or "", cells[DAY]) for name in (STARTS, ENDS))
    if starts is None or ends is None:
        raise Invalid(
            N_("{day}: one of the two times is missing. Please enter it."),
            field="windows",
            day=cells[DAY],
        )
    is_break = cells[KIND] == _(KINDS[HoursKind.BREAK])
    return WeekdayWindow(
        named.index(cells[DAY]) + 1,
        starts,
        ends,
        HoursKind.BREAK if is_break else HoursKind.WORK,
        _date(cells[FIRST]),
        _date(cells[LAST]),
    )


def _date(value: Any) -> date | None:
    return None if value is None else pd.Timestamp(value).date()
