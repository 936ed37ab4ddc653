"""What a professional offers, at which own length and price."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import catalog
from core.catalog import OfferedService, ServicesOffered
from core.models import Professional, ProfessionalService, Service
from core.policy import Actor
from dashboard import session
from dashboard.components.service_colours import dot
from dashboard.components.terms_fields import terms_fields
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key


def show(
    actor: Actor,
    professional: Professional,
    opened: forms.Opened,
    *,
    done: Callable[[Professional, str], None],
) -> None:
    with session.reading() as db:
        services = catalog.load_services(db)
        offered = catalog.load_offered(db, actor).get(professional.id, [])
        currency = catalog.get_organisation(db).currency
    if not services:
        st.info(_("There are no services yet. Add them under Services first."))
        return
    known = {each.service_id: each for each in offered}
    with st.form(key("offers"), border=False):
        st.caption(_("Fill in a length or price only where it differs from the service's own."))
        chosen = [
            _line(professional, each, known.get(each.id), currency, services) for each in services
        ]
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if not pressed:
        return
    request = ServicesOffered(professional.id, tuple(each for each in chosen if each))
    forms.save(
        lambda db, now: catalog.set_offers(db, actor, request, now=now),
        lambda saved: done(saved, _("Saved what {name} offers.")),
        opened,
    )


def _line(
    professional: Professional,
    service: Service,
    known: ProfessionalService | None,
    currency: str,
    services: Sequence[Service],
) -> OfferedService | None:
    """One service: whether it is offered, and how it differs."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        dot(service, services)
        offers = st.checkbox(
            md(service.name), known is not None, key=key(f"offers_{service.id}"), width="stretch"
        )
        terms = terms_fields(service, catalog.terms_of(known) if known else None, currency, key)
    if not offers:
        return None
    return OfferedService(professional.id, service.id, terms.length_minutes, terms.price_cents)
