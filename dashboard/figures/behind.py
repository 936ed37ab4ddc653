"""The bookings behind a bar: clicked or chosen by its name, listed page by page."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from core.agenda import Agenda
from core.analytics.behind import Behind, BehindAsked, load_behind
from core.policy import Actor
from dashboard import open_booking, session
from dashboard.components.day_board import day_board
from dashboard.components.desk_board import booking_drawn
from dashboard.components.tap_bars import tap_bars
from dashboard.components.words import told_apart
from dashboard.desk_list import agenda_lines
from dashboard.figures.bar import Looked
from dashboard.figures.figure import (
    STILL,
    Figure,
    Grouped,
    drawn,
    say_few,
    say_title,
    theme,
)
from dashboard.i18n import N_, _, ngettext

OF_WHAT: Mapping[Behind, str] = {
    Behind.NO_SHOWS: N_("No-shows of a bar"),
    Behind.CANCELLED: N_("Cancelled bookings of a bar"),
    Behind.MADE: N_("Bookings of a bar"),
    Behind.WAITED: N_("Visits of a bar"),
    Behind.BOOKED: N_("Visits of a bar"),
    Behind.LOST: N_("Lost visits of a bar"),
}


def show_bars(
    actor: Actor, figure: Figure, looked: Looked, *, now: datetime, note: str = ""
) -> None:
    """The figure, and below it the bookings of the bar that is clicked or named."""
    say_title(figure)
    place = st.container(key="numbers_bars")
    say_few(figure)
    if note:
        st.caption(note)
    grouped = figure.behind
    number = None if grouped is None else _choose(figure, grouped)
    with place:
        _draw(figure, number)
    if grouped is None or number is None:
        return
    page = f"{bar_key(figure)}_{number}_page"
    asked = BehindAsked(
        looked.asked,
        grouped.what,
        grouped.by,
        grouped.keys[number],
        st.session_state.get(page, 1),
    )
    with session.reading() as db:
        agenda = load_behind(db, actor, asked, now=now)
    _show_list(agenda, now=now, key=page)


def bar_key(figure: Figure) -> str:
    """Where it stands which bar of the figure is looked behind."""
    return f"{figure.key}_bar"


def _draw(figure: Figure, number: int | None) -> None:
    """The bars, to be clicked. Which one is chosen stands in the choice below alone, so with
    each choice the figure is a new one, in which nothing is clicked yet."""
    key = f"{figure.key}_chosen_{number}"
    st.plotly_chart(
        drawn(figure, theme(), number),
        key=key,
        config=STILL,
        on_select=partial(_take, key, bar_key(figure), number),
        selection_mode="points",
    )
    tap_bars()


def _take(chart: str, choice: str, before: int | None) -> None:
    """Choose the bar that was clicked; a second click on it lets go of it."""
    points = st.session_state[chart]["selection"]["points"]
    if points:
        number = points[-1]["point_index"]
        st.session_state[choice] = None if number == before else number


def _choose(figure: Figure, grouped: Grouped) -> int | None:
    """The number of the bar that is named here."""
    labels, key = told_apart(each.label for each in figure.bars), bar_key(figure)
    kept = st.session_state.get(key)
    if isinstance(kept, int) and kept >= len(labels):
        del st.session_state[key]  # with other days there are fewer
    chosen: int | None = st.selectbox(
        _(OF_WHAT[grouped.what]),
        range(len(labels)),
        index=None,
        format_func=labels.__getitem__,
        key=key,
        placeholder=_("Click a bar, or choose it here"),
        width=320,
        bind="query-params",
    )
    return chosen


def _show_list(agenda: Agenda, *, now: datetime, key: str) -> None:
    count = ngettext("{count} booking", "{count} bookings", agenda.total)
    st.markdown(f"**{count.format(count=agenda.total)}**")
    today = now.astimezone(ZoneInfo(agenda.zone)).date()
    pressed = day_board(
        agenda_lines(agenda, today=today),
        label=_("Bookings"),
        empty=_("None that you may see."),
        key=f"{key}_list",
    )
    if agenda.pages > 1:
        if key in st.session_state:
            st.session_state[key] = agenda.page
        st.pagination(agenda.pages, key=key)
    if pressed is not None:
        open_booking.open(booking_drawn(pressed.row)[0])
        st.rerun()
