"""My hours: a professional shapes their own calendar."""

import streamlit as st

from dashboard import session
from dashboard.i18n import _
from dashboard.my_hours import weekly

WIDTH = 1100

actor = session.signed_in()
if actor.professional_id is None:
    st.info(_("You are not in the list of professionals yet. Please ask an admin to add you."))
else:
    with st.container(width=WIDTH):
        st.subheader(_("Weekly hours"), anchor=False)
        weekly.show(actor, actor.professional_id)
