"""Utilisation: how full calendars were and will be, by professional and week."""

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from core import catalog
from core.analytics import AnalyticsAsked, utilisation
from core.db import utc_now
from core.models import Professional
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
from dashboard.i18n import N_, _

PERIODS = {
    N_("Last 4 weeks"): (-3, 4),
    N_("Last 8 weeks"): (-7, 8),
    N_("Last 12 weeks"): (-11, 12),
    N_("Next 4 weeks"): (1, 4),
}
"""The first week, counted from this one, and how many."""
USUAL = N_("Last 4 weeks")


def filters(professionals: Sequence[Professional]) -> tuple[str, tuple[int, ...]]:
    """Which weeks and whose; both live in the address, so that a view can be shared."""
    names = {each.id: each.name for each in professionals}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        period = st.segmented_control(
            _("Weeks"),
            list(PERIODS),
            default=USUAL,
            format_func=_,
            key="weeks",
            required=True,
            label_visibility="collapsed",
            bind="query-params",
        )
        chosen = st.multiselect(
            _("Professionals"),
            list(names),
            format_func=lambda id: names[id],
            key="professionals",
            placeholder=_("Everybody"),
            label_visibility="collapsed",
            width=360,
            bind="query-params",
        )
    return period or USUAL, tuple(chosen)


def asked_for(period: str, chosen: tuple[int, ...], this_week: date) -> AnalyticsAsked:
    first_week, count = PERIODS[period]
    first = this_week + timedelta(weeks=first_week)
    return AnalyticsAsked(first, first + timedelta(days=7 * count - 1), chosen)


actor, now = session.signed_in(), utc_now()
this_week = monday_of(now.astimezone(session.zone()).date())
with session.reading() as db:
    professionals = catalog.load_professionals(db, actor)
period, chosen = filters(professionals)
asked = asked_for(period, chosen, this_week)
with session.reading() as db:
    weeks = utilisation(db, actor, asked, now=now)
    earlier = utilisation(db, actor, asked.before(), now=now)

if not any(each.offered_minutes or each.visits or each.cancelled for each in weeks):
    st.info(
        _("Nobody had working hours or bookings in these weeks. Choose other weeks, or everybody."),
        icon=":material/event_busy:",
    )
else:
    headline(total(weeks), total(earlier) if is_whole(earlier) else None)
    theme = "dark" if st.context.theme.type == "dark" else "light"
    st.plotly_chart(
        heat_map(weeks, this_week=this_week, theme=theme),
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
