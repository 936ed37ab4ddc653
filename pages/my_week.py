"""My week: a professional's own calendar, and how today stands."""

from datetime import date, timedelta

import streamlit as st

from core.analytics import desk_counts
from core.db import utc_now
from core.week import Week, find_next_visit, free_gaps, load_week, monday_of
from dashboard import keys, open_booking, outside_record, session
from dashboard.components.day_grid import Dropped, GridEvent, Opened
from dashboard.components.desk_board import DayMinutes, booking_drawn
from dashboard.components.week_board import (
    at_a_glance,
    week_board,
    week_table,
    week_title,
)
from dashboard.i18n import _

MONDAY = "my_week_monday"
REFRESH_SECONDS = 15


def go_to(monday: date) -> None:
    st.session_state[MONDAY] = monday


def bar(shown: date, this_week: date, title: str) -> None:
    """The way through the weeks."""
    week = timedelta(days=7)
    st.button(
        _("This week"),
        key="week_this",
        on_click=go_to,
        args=(this_week,),
        shortcut=keys.TODAY.press,
    )
    st.button(
        _("Previous"),
        key="week_back",
        icon=":material/chevron_left:",
        on_click=go_to,
        args=(shown - week,),
        shortcut=keys.BACK.press,
    )
    st.button(
        _("Next"),
        key="week_on",
        icon=":material/chevron_right:",
        on_click=go_to,
        args=(shown + week,),
        shortcut=keys.ON.press,
    )
    st.markdown(f"**{title}**", width="content")


def act(week: Week, event: GridEvent) -> None:
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


@st.fragment(run_every=REFRESH_SECONDS)
def board() -> None:
    """The week as it is now; what the desk changes appears by itself."""
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    today = now.astimezone(zone).date()
    shown: date = st.session_state.setdefault(MONDAY, monday_of(today))
    with session.reading() as db:
        week = load_week(db, actor, shown, now=now)
        monday = monday_of(today)
        current = week if shown == monday else load_week(db, actor, monday, now=now)
        counts = desk_counts(db, actor, today, now)
        upcoming = find_next_visit(db, actor, now=now)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="week_bar"):
        bar(shown, monday_of(today), week_title(week))
        st.space("stretch")
        at_a_glance(counts, upcoming, free_gaps(current, now=now), zone=zone, now=now)
    event = week_board(week, now=now, key="my_week_grid")
    if event is not None:
        act(week, event)
    with st.expander(_("The week as a table")):
        week_table(week)


session.signed_in()
board()
if open_booking.is_open():
    open_booking.show()
else:
    outside_record.ways_in()
