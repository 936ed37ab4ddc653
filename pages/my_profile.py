"""My profile: what others see of a professional, shaped by themselves."""

import streamlit as st

from core import catalog
from core.errors import N_, NotFound
from dashboard import session
from dashboard.i18n import _
from dashboard.my_profile import picture, words

WIDTH = 1100

actor = session.signed_in()
if actor.professional_id is None:
    raise NotFound(what=N_("professional"))
with session.reading() as db:
    professional = catalog.load_professional(db, actor, actor.professional_id)
    key = catalog.load_portrait_keys(db, [professional.id]).get(professional.id)
with st.container(width=WIDTH, gap="medium"):
    st.title(_("My profile"), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        picture.show(actor, professional, key)
        words.show(actor, professional, beside=right, key=key)
