"""The desk by month: on which days a service has free time with whoever is chosen."""

from datetime import date

import streamlit as st

from core import catalog
from core.db import utc_now
from core.desk import DayAsked
from core.models import Service
from core.month import Month, load_month
from dashboard import session
from dashboard.components.desk_filters import SERVICE
from dashboard.components.month_cells import month_cells, summary, weekday_names
from dashboard.components.month_grid import month_grid
from dashboard.components.view_switch import BY_DAY, BY_MONTH, go_to, title_of
from dashboard.escaping import md
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def show(asked: DayAsked) -> None:
    """The month as it is now; of which service, is asked where none is chosen."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        services = catalog.load_services(db)
        month = load_month(db, actor, asked, now=now) if asked.service_id else None
    if month is None:
        _ask_which(services)
    elif not month.professionals:
        st.info(_("Nobody offers this. Choose another service or expertise."))
    elif _draw(month, asked, now.astimezone(session.zone()).date()):
        st.rerun()  # the view is switched outside the fragment


def _draw(month: Month, asked: DayAsked, today: date) -> bool:
    st.markdown(f"**{md(month.service.name)}** · {md(summary(month, today=today))}")
    picked = month_grid(
        weekday_names(),
        month_cells(month, today=today),
        label=title_of(BY_MONTH, asked.on),
        key="desk_month_grid",
        on_pick=lambda on: go_to(on, BY_DAY),
    )
    st.caption(
        _(
            "How many different times can be offered on a day, over everybody shown; two who are "
            "free at 09:00 are one time to offer. A click opens the day."
        )
    )
    return picked


def _ask_which(services: list[Service]) -> None:
    st.markdown(f"**{_('Free time for which service?')}**")
    with st.container(horizontal=True, gap="small", key="desk_month_which"):
        for each in services:
            key = f"desk_month_of_{each.id}"
            if st.button(md(each.name), key=key, on_click=_choose, args=(each.id,)):
                st.rerun()  # the filter stands outside the fragment


def _choose(service_id: int) -> None:
    st.session_state[SERVICE] = service_id
