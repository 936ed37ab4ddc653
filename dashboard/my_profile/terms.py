"""What a professional offers, at which own length and price."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog import Terms
from core.models import Service
from dashboard.components.terms_fields import terms_fields
from dashboard.feedback import md
from dashboard.i18n import _


def show(
    services: Sequence[Service],
    known: Sequence[Terms],
    currency: str,
    key: Callable[[str], str],
) -> tuple[Terms, ...]:
    """The terms as they are typed, of each service that is offered."""
    st.subheader(_("What you offer"), anchor=False)
    if not services:
        st.caption(_("Nothing yet. An admin chooses your services under Practice."))
        return ()
    st.caption(
        _("Fill in a length or price only where it differs from the service's own.")
        + " "
        + _("What is booked already stays as it was. Admins choose which services you offer.")
    )
    by_service = {each.service_id: each for each in known}
    typed = []
    for each in services:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(md(each.name), width="stretch")
            typed.append(terms_fields(each, by_service.get(each.id), currency, key))
    return tuple(typed)
