"""Time off: who will be away, what is booked then, and the way to enter it."""

import streamlit as st

from core.db import utc_now
from core.schedule import load_time_off
from dashboard import open_booking, session, time_off
from dashboard.i18n import _

actor, now = session.signed_in(), utc_now()
with session.reading() as db:
    absences = load_time_off(db, actor, now=now)
time_off.enter(actor)
st.subheader(_("Away now and to come"), anchor=False)
if absences:
    time_off.absences_to_come(actor, absences)
else:
    st.caption(_("Nobody will be away."))
if open_booking.is_open():
    open_booking.show()
