"""My account: one's own password and second step, and where one is signed in."""

import streamlit as st

from dashboard import session
from dashboard.account import devices, password, two_step
from dashboard.i18n import _

WIDTH = 640

actor = session.signed_in()
with st.container(width=WIDTH, gap="medium"):
    st.title(_("My account"), anchor=False)
    password.show(actor)
    two_step.show(actor)
    devices.show(actor)
