"""Overrides: every rule that was set aside in a month, by whom and why."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.db import utc_now
from core.overrides import OverrideMade, load_overrides_of_month
from dashboard import open_booking, session
from dashboard.components.words import override_word
from dashboard.exporting import download_button
from dashboard.formatting import month, when
from dashboard.i18n import _

MONTHS_BACK = 12


def months(today: date) -> list[date]:
    """This month and the year before it, newest first."""
    found = [today.replace(day=1)]
    while len(found) <= MONTHS_BACK:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def table(made: Sequence[OverrideMade], zone: ZoneInfo) -> pd.DataFrame:
    now = utc_now()
    return pd.DataFrame(
        {
            _("When"): when(each.at, zone, now),
            _("Who"): each.who,
            _("Rule set aside"): override_word(each.kind),
            _("Why"): " · ".join(one for one in (_(each.reason), each.note) if one),
            _("Patient"): each.patient,
            _("Service"): each.service,
            _("Professional"): each.professional,
            _("Visit"): when(each.starts_at, zone, now),
        }
        for each in made
    )


def way_to_booking(made: Sequence[OverrideMade], rows: Sequence[int]) -> None:
    """The booking of the line that was picked; the list may have grown since, never shrunk."""
    booking_id = made[rows[0]].booking_id if rows and rows[0] < len(made) else None
    st.button(
        _("Open the booking"),
        key="overrides_open",
        icon=":material/event_note:",
        disabled=booking_id is None,
        help=_("Pick a line first.") if booking_id is None else None,
        on_click=open_booking.open,
        args=(booking_id,),
    )


actor = session.signed_in()
zone = session.zone()
chosen = st.selectbox(
    _("Month"),
    months(utc_now().astimezone(zone).date()),
    format_func=lambda each: f"{month(each)} {each.year}",
    key="overrides_month",
    width=220,
)
with session.reading() as db:
    made = load_overrides_of_month(db, actor, chosen)
st.caption(
    _("Every booking that was made, moved or cancelled against a rule, with the reason given.")
)
if made:
    picked = st.dataframe(
        table(made, zone),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=f"overrides_{chosen.isoformat()}",
    )
    with st.container(horizontal=True):
        way_to_booking(made, picked.selection.rows)
        download_button(_("Download"), "overrides", chosen.isoformat(), key="overrides_download")
else:
    st.info(_("No rule was set aside in this month."), icon=":material/check_circle:")
if open_booking.is_open():
    open_booking.show()
