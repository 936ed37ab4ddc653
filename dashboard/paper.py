"""What stands at the head of a page that is printed from the browser, and only there."""

from datetime import date, datetime
from pathlib import Path

import streamlit as st

from dashboard import session
from dashboard.escaping import md
from dashboard.formatting import clock, day
from dashboard.i18n import _

STYLE = Path(__file__).with_name("paper.css")


def title(on: date, *, now: datetime) -> None:
    """Which day is on the paper, and as of when; the screen says it in bars that are not
    printed. A page without this title is printed as it is."""
    zone = session.zone()
    printed = _("as of {date}, {time}").format(
        date=day(now.astimezone(zone).date(), on), time=clock(now, zone)
    )
    with st.container(key="paper_title"):
        st.html(STYLE)
        st.markdown(f"**{md(day(on, date.min))}** · {md(printed)}")
