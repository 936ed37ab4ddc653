"""The desk by week: one professional's days side by side, with the free starts of a service."""

from datetime import date

import streamlit as st

from core.db import utc_now
from core.desk import DayAsked, load_columns
from core.models import Professional
from core.week import OfferedWeek, WeekAsked, load_week_of, monday_of
from dashboard import new_booking, open_booking, session
from dashboard.components.day_grid import Dropped, GridEvent, Opened, Picked
from dashboard.components.desk_board import DayMinutes, booking_drawn, time_drawn
from dashboard.components.desk_filters import PROFESSIONALS
from dashboard.components.week_board import week_board, week_table
from dashboard.escaping import md
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def show(asked: DayAsked) -> None:
    """The week as it is now; whose, is asked where it is not chosen."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        professionals = load_columns(db, actor, asked)
    whose = _whose(asked, professionals)
    if whose is None:
        _ask_whose(professionals)
        return
    week_asked = WeekAsked(whose, monday_of(asked.on), asked.service_id)
    with session.reading() as db:
        offered = load_week_of(db, actor, week_asked, now=now)
    _say_whose(offered)
    event = week_board(offered.week, now=now, key="desk_week_grid", offered=offered)
    if event is not None:
        _act(offered, event)
    with st.expander(_("The week as a table")):
        week_table(offered.week)


def _whose(asked: DayAsked, professionals: list[Professional]) -> int | None:
    """The one that is chosen, or the only one who fits the other filters."""
    if len(asked.professional_ids) == 1:
        return asked.professional_ids[0]
    return professionals[0].id if len(professionals) == 1 else None


def _ask_whose(professionals: list[Professional]) -> None:
    if not professionals:
        st.info(_("Nobody offers this. Choose another service or expertise."))
        return
    st.markdown(f"**{_('Whose week?')}**")
    with st.container(horizontal=True, gap="small", key="desk_week_whose"):
        for each in professionals:
            key = f"desk_week_of_{each.id}"
            if st.button(md(each.name), key=key, on_click=_choose, args=(each.id,)):
                st.rerun()  # the filter stands outside the fragment


def _choose(professional_id: int) -> None:
    st.session_state[PROFESSIONALS] = [professional_id]


def _say_whose(offered: OfferedWeek) -> None:
    professional, service = offered.week.professional, offered.service
    title = f" · {md(professional.title)}" if professional.title else ""
    st.markdown(f"**{md(professional.name)}**{title}")
    if service is not None and offered.visit is None:
        sentence = _("{professional} does not offer {service}.")
        st.info(md(sentence.format(professional=professional.name, service=service.name)))


def _act(offered: OfferedWeek, event: GridEvent) -> None:
    """Open what was picked, book what is free, move what was dropped."""
    week, service_id = offered.week, offered.service.id if offered.service else None
    if isinstance(event, Opened) and not event.block_id[0].isdigit():
        professional_id, start = time_drawn(event.block_id)  # a break, an absence
        new_booking.ask(professional_id, service_id, start)
    elif isinstance(event, Opened):
        open_booking.open(booking_drawn(event.block_id)[0])
    else:
        minutes = DayMinutes(date.fromisoformat(event.column), week.zone)
        starts_at = minutes.instant(event.minute)
        if isinstance(event, Dropped):
            open_booking.drop(*booking_drawn(event.block_id), week.professional.id, starts_at)
        elif isinstance(event, Picked):
            new_booking.ask(week.professional.id, service_id, starts_at)
    st.rerun()
