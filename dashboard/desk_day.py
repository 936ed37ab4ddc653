"""The desk by day: every professional's calendar side by side, and what is done on it."""

import streamlit as st

from core.db import utc_now
from core.desk import DayAsked, DeskDay, day_starts, load_cancelled, load_day
from core.running_late import load_late
from dashboard import new_booking, open_booking, paper, session
from dashboard.components.day_grid import Dropped, GridEvent, Opened, Picked
from dashboard.components.desk_board import (
    DayMinutes,
    booking_drawn,
    cancelled_list,
    day_table,
    desk_board,
    time_drawn,
)
from dashboard.exporting import download_button
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def show(asked: DayAsked) -> None:
    """The day as it is now; what other desks change appears by itself."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        day = load_day(db, actor, asked, now=now)
        cancelled = load_cancelled(db, actor, asked)
        is_today = day.on == now.astimezone(session.zone()).date()
        late = load_late(db, actor, now=now) if is_today else []
    paper.title(day.on, now=now)
    minutes = {each.professional_id: each.minutes for each in late}
    event = desk_board(day, day_starts(day, now=now), late=minutes, now=now, key="desk_grid")
    if event is not None:
        _act(day, event)
    with st.expander(_("The day as a table, and on paper")):
        columns = [str(each.id) for each in day.professionals]
        download_button(_("Day sheet (PDF)"), "day-sheet", str(day.on), *columns, key="day_sheet")
        day_table(day)
        if opened := cancelled_list(cancelled, zone=session.zone()):
            open_booking.open(opened)
            st.rerun()


def _act(day: DeskDay, event: GridEvent) -> None:
    """Open what was picked, move what was dropped."""
    minutes = DayMinutes(day.on, day.zone)
    if isinstance(event, Opened) and not event.block_id[0].isdigit():
        professional_id, start = time_drawn(event.block_id)  # a break, an absence
        new_booking.ask(professional_id, day.service.id if day.service else None, start)
    elif isinstance(event, Opened):
        open_booking.open(booking_drawn(event.block_id)[0])
    elif isinstance(event, Dropped):
        starts_at = minutes.instant(event.minute)
        open_booking.drop(*booking_drawn(event.block_id), int(event.column), starts_at)
    elif isinstance(event, Picked):
        service_id = day.service.id if day.service else None
        new_booking.ask(int(event.column), service_id, minutes.instant(event.minute))
    st.rerun()
