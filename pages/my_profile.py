"""My profile: what others see of a professional, shaped by themselves."""

import streamlit as st

from core import catalog
from core.errors import N_, NotFound
from dashboard import session
from dashboard.i18n import _
from dashboard.my_profile import picture, words
from dashboard.my_profile.words import Known

WIDTH = 1100

actor = session.signed_in()
if actor.professional_id is None:
    raise NotFound(what=N_("professional"))
with session.reading() as db:
    professional = catalog.load_professional(db, actor, actor.professional_id)
    key = catalog.load_portrait_keys(db, [professional.id]).get(professional.id)
    offered = catalog.load_offered(db, actor).get(professional.id, [])
    known = {each.service_id: catalog.terms_of(each) for each in offered}
    services = [each for each in catalog.load_services(db) if each.id in known]
    currency = catalog.get_organisation(db).currency
    tier = catalog.tier_of(db, professional)
with st.container(width=WIDTH, gap="medium"):
    st.title(_("My profile"), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        picture.show(actor, professional, key)
        terms = tuple(known[each.id] for each in services)
        words.show(actor, Known(professional, key, services, terms, currency, tier), beside=right)
