"""Who offers a service, at which own length and price: the same offers, seen from the service."""

import streamlit as st

from core import catalog
from core.catalog import OfferedService, WhoOffers
from core.models import Professional, ProfessionalService, Service
from core.policy import Actor
from dashboard import session
from dashboard.components.terms_fields import terms_fields
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key

SEEN = "seen_offers"


def show(actor: Actor, service: Service, opened: forms.Opened) -> None:
    with session.reading() as db:
        professionals = catalog.load_professionals(db, actor)
        offered = catalog.load_offered(db, actor)
        currency = catalog.get_organisation(db).currency
    if not professionals:
        st.info(_("There are no professionals yet. Add them under Professionals first."))
        return
    known = {
        each.professional_id: each
        for by_one in offered.values()
        for each in by_one
        if each.service_id == service.id
    }
    here = [known[each.id] for each in professionals if each.id in known]
    # What was there when the form was opened: what somebody changes meanwhile is noticed.
    seen = st.session_state.setdefault(key(SEEN), tuple(map(catalog.offered_by, here)))
    with st.form(key("who"), border=False):
        st.caption(_("Fill in a length or price only where it differs from the service's own."))
        chosen = [_line(each, service, known.get(each.id), currency) for each in professionals]
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if not pressed:
        return
    request = WhoOffers(service.id, seen, tuple(each for each in chosen if each))
    forms.save(
        lambda db, now: catalog.set_who_offers(db, actor, request, now=now),
        forms.finish_with(_("Saved who offers {name}.")),
        opened,
    )


def _line(
    professional: Professional, service: Service, known: ProfessionalService | None, currency: str
) -> OfferedService | None:
    """One professional: whether they offer it, and how it differs with them."""

    def own(name: str) -> str:
        return key(f"by_{professional.id}_{name}")

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        offers = st.checkbox(
            md(professional.name), known is not None, key=own("offers"), width="stretch"
        )
        known_terms = catalog.terms_of(known) if known else None
        terms = terms_fields(service, known_terms, currency, own, professional.name)
    if not offers:
        return None
    return OfferedService(professional.id, service.id, terms.length_minutes, terms.price_cents)
