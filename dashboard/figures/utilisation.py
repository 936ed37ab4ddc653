"""Utilisation: how full calendars were and will be, by professional and week."""

from datetime import date, datetime

import streamlit as st

from core.analytics import By, utilisation
from core.analytics.files import FigureAsked
from core.policy import Actor
from core.week import monday_of
from dashboard import session
from dashboard.components.utilisation_chart import (
    headline,
    heat_map,
    is_whole,
    show_table,
    total,
    totals_table,
    weeks_table,
)
from dashboard.exporting import download_button
from dashboard.figures.bar import Looked
from dashboard.figures.figure import theme
from dashboard.i18n import _


def show_utilisation(actor: Actor, looked: Looked, *, today: date, now: datetime) -> None:
    """The view: the headline, a heat map of the weeks, and their numbers."""
    with session.reading() as db:
        weeks = utilisation(db, actor, looked.asked, now=now)
        earlier = utilisation(db, actor, looked.asked.before(), now=now) if looked.compare else []
    if not any(each.offered_minutes or each.visits or each.cancelled for each in weeks):
        st.info(
            _(
                "Nobody had working hours or bookings in these weeks. Choose other weeks, or "
                "everybody."
            ),
            icon=":material/event_busy:",
        )
        return
    headline(total(weeks), total(earlier) if is_whole(earlier) else None)
    st.plotly_chart(
        heat_map(weeks, this_week=monday_of(today), theme=theme()),
        key="utilisation_chart",
        config={"displayModeBar": False},
    )
    st.caption(
        _(
            "Booked time as a share of the time offered: working hours and openings as they "
            "applied then, without breaks, time off and closures. Cancelled visits and no-shows "
            "do not count as booked. Small numbers compare with the weeks just before."
        )
    )
    show_table(totals_table(weeks), key="utilisation_totals")
    with st.expander(_("Every week as a table")):
        show_table(weeks_table(weeks), key="utilisation_weeks")
        words = FigureAsked("utilisation", By.WEEK, looked.asked).words
        download_button(_("Download"), "figure", *words, key="utilisation_download")
