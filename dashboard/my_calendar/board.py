"""A professional's days, drawn to be opened and dragged, and how today stands."""

from datetime import date

import streamlit as st

from core.analytics import desk_counts
from core.db import utc_now
from core.desk import DayAsked
from core.week import Week, find_next_visit, free_gaps, load_week, monday_of
from dashboard import open_booking, paper, session
from dashboard.components.day_grid import Dropped, GridEvent, Opened
from dashboard.components.desk_board import DayMinutes, booking_drawn
from dashboard.components.week_board import (
    at_a_glance,
    day_of_week_board,
    day_of_week_table,
    week_board,
    week_table,
)
from dashboard.exporting import download_button
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def glance() -> None:
    """How today stands, whichever days are looked at."""
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    today = now.astimezone(zone).date()
    with session.reading() as db:
        week = load_week(db, actor, monday_of(today), now=now)
        counts = desk_counts(db, actor, today, now)
        upcoming = find_next_visit(db, actor, now=now)
    at_a_glance(counts, upcoming, free_gaps(week, now=now), zone=zone, now=now)


@st.fragment(run_every=REFRESH_SECONDS)
def show_day(asked: DayAsked) -> None:
    """The day as it is now; what the desk changes appears by itself."""
    actor, now, on = session.signed_in(), utc_now(), asked.on
    with session.reading() as db:
        week = load_week(db, actor, monday_of(on), now=now)
    paper.title(on, now=now)
    _act(week, day_of_week_board(week, on, now=now, key="my_day_grid"))
    with st.expander(_("The day as a table, and on paper")):
        own = str(week.professional.id)
        download_button(_("Day sheet (PDF)"), "day-sheet", str(on), own, key="day_sheet")
        day_of_week_table(week, on)


@st.fragment(run_every=REFRESH_SECONDS)
def show_week(asked: DayAsked) -> None:
    """The week as it is now; on a telephone one day of it, today first."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        week = load_week(db, actor, monday_of(asked.on), now=now)
    _act(week, week_board(week, now=now, key="my_week_grid"))
    with st.expander(_("The week as a table")):
        week_table(week)


def _act(week: Week, event: GridEvent | None) -> None:
    """Open what was picked, move what was dropped."""
    if isinstance(event, Opened) and event.block_id[0].isdigit():
        open_booking.open(booking_drawn(event.block_id)[0])
    elif isinstance(event, Dropped):
        minutes = DayMinutes(date.fromisoformat(event.column), week.zone)
        open_booking.drop(
            *booking_drawn(event.block_id), week.professional.id, minutes.instant(event.minute)
        )
    else:
        return
    st.rerun()
