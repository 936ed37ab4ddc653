"""My profile: what others see of a professional, shaped by themselves."""

import streamlit as st

from core import catalog
from core.errors import N_, NotFound
from dashboard import session
from dashboard.i18n import _
from dashboard.my_profile import words

WIDTH = 1100

actor = session.signed_in()
if actor.professional_id is None:
    raise NotFound(what=N_("professional"))
with session.reading() as db:
    professional = catalog.load_professional(db, actor, actor.professional_id)
with st.container(width=WIDTH, gap="medium"):
    st.title(_("My profile"), anchor=False)
    words.show(actor, professional)
