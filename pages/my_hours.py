"""My hours: a professional shapes their own calendar."""

import streamlit as st

from core.db import utc_now
from core.schedule import load_time_off
from dashboard import open_booking, session, time_off
from dashboard.i18n import N_, _
from dashboard.my_hours import dates, openings, weekly

WIDTH = 1100
WEEK, DATES, AWAY = N_("Weekly hours"), N_("Dates and openings"), N_("Time off")
PARTS = (WEEK, DATES, AWAY)

actor = session.signed_in()
part = st.segmented_control(
    _("Part"),
    PARTS,
    default=WEEK,
    format_func=_,
    key="hours",
    required=True,
    label_visibility="collapsed",
    bind="query-params",
)
with st.container(width=WIDTH):
    if actor.professional_id is None:
        st.info(_("You are not in the list of professionals yet. Please ask an admin to add you."))
    elif part == DATES:
        openings.show(actor, actor.professional_id)
        dates.show(actor, actor.professional_id)
    elif part == AWAY:
        with session.reading() as db:
            absences = load_time_off(db, actor, now=utc_now())
        time_off.enter(actor)
        if absences:
            time_off.absences_to_come(actor, absences)
    else:
        weekly.show(actor, actor.professional_id)
if open_booking.is_open():
    open_booking.show()
