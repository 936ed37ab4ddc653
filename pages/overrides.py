"""Overrides: every rule that was set aside in a month, by whom and why."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.db import utc_now
from core.overrides import OverrideMade, load_overrides_of_month
from dashboard import session
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


def table(made: list[OverrideMade], zone: ZoneInfo) -> pd.DataFrame:
    now = utc_now()
    return pd.DataFrame(
        {
            _("When"): when(each.at, zone, now),
            _("Who"): each.who,
            _("Rule set aside"): override_word(each.kind),
            _("Why"): " · ".join(one for one in (each.reason, each.note) if one),
            _("Professional"): each.professional,
            _("Visit"): when(each.starts_at, zone, now),
        }
        for each in made
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
    made = list(load_overrides_of_month(db, actor, chosen))
st.caption(
    _("Every booking that was made, moved or cancelled against a rule, with the reason given.")
)
if made:
    st.dataframe(table(made, zone), hide_index=True, width="stretch")
    download_button(_("Download"), "overrides", chosen.isoformat(), key="overrides_download")
else:
    st.info(_("No rule was set aside in this month."), icon=":material/check_circle:")
