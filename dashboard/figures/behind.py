"""The bookings behind a bar: chosen by its name, listed page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.agenda import Agenda
from core.analytics.behind import Behind, BehindAsked, load_behind
from core.policy import Actor
from dashboard import open_booking, session
from dashboard.components.day_board import day_board
from dashboard.components.desk_board import booking_drawn
from dashboard.components.words import told_apart
from dashboard.desk_list import agenda_lines
from dashboard.figures.bar import Looked
from dashboard.figures.figure import Figure, Grouped, bar_key
from dashboard.i18n import N_, _, ngettext

OF_WHAT: Mapping[Behind, str] = {
    Behind.NO_SHOWS: N_("No-shows of a bar"),
    Behind.CANCELLED: N_("Cancelled bookings of a bar"),
    Behind.MADE: N_("Bookings of a bar"),
    Behind.WAITED: N_("Visits of a bar"),
    Behind.BOOKED: N_("Visits of a bar"),
    Behind.LOST: N_("Lost visits of a bar"),
}


def show_behind(actor: Actor, figure: Figure, looked: Looked, *, now: datetime) -> None:
    """A choice of bars, and below it the bookings of the one that is chosen."""
    grouped = figure.behind
    if grouped is None:
        return
    labels = told_apart(each.label for each in figure.bars)
    number = _choose(figure, grouped, labels)
    if number is None:
        return
    page = f"{bar_key(figure.key)}_{number}_page"
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


def _choose(figure: Figure, grouped: Grouped, labels: Sequence[str]) -> int | None:
    """The number of the bar that is named here."""
    key = bar_key(figure.key)
    kept = st.session_state.get(key)
    if isinstance(kept, int) and kept >= len(labels):
        del st.session_state[key]  # with other days there are fewer
    chosen: int | None = st.selectbox(
        _(OF_WHAT[grouped.what]),
        range(len(labels)),
        index=None,
        format_func=labels.__getitem__,
        key=key,
        placeholder=_("Choose a bar"),
        width=320,
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
