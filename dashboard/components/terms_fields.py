"""At which own length and price a service is offered: two fields that are empty for the usual."""

from collections.abc import Callable

import streamlit as st

from core.catalog import Terms
from core.models import Service
from dashboard.components.words import minutes, money
from dashboard.feedback import md
from dashboard.i18n import _


def terms_fields(
    service: Service, known: Terms | None, currency: str, key: Callable[[str], str], who: str = ""
) -> Terms:
    """As they are typed; what the service itself takes and costs stands in the empty fields.

    ``who`` names the professional where there are several.
    """
    name = md(f"{service.name}, {who}" if who else service.name)
    for field, value in as_typed(known or Terms(service.id, None, None)).items():
        st.session_state.setdefault(key(field), value)
    with st.container(horizontal=True, gap="xsmall", width=290):
        length = st.number_input(
            _("Own length of {service}, minutes").format(service=name),
            min_value=1,
            max_value=1440,
            value=None,
            placeholder=minutes(service.length_minutes),
            key=key(f"length_{service.id}"),
            label_visibility="collapsed",
            width=138,
        )
        amount = st.number_input(
            _("Own price of {service}").format(service=name),
            min_value=0.0,
            value=None,
            format="%.2f",
            placeholder=money(service.price_cents, currency),
            key=key(f"price_{service.id}"),
            label_visibility="collapsed",
            width=140,
        )
    return Terms(service.id, length, None if amount is None else round(amount * 100))


def as_typed(terms: Terms) -> dict[str, int | float | None]:
    """What stands in the two fields of a service, by their names."""
    price = terms.price_cents
    return {
        f"length_{terms.service_id}": terms.length_minutes,
        f"price_{terms.service_id}": None if price is None else price / 100,
    }
