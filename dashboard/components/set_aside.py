"""Booking against a rule: the reason from the list, and the desk's own words."""

from collections.abc import Sequence

import streamlit as st

from core.availability import Reason
from core.booking import SetAside, may_be_set_aside
from core.models import ListedReason
from dashboard.components.reason_pills import reason_pills
from dashboard.i18n import _


def set_aside_form(
    against: Sequence[Reason], listed: Sequence[ListedReason], *, key: str
) -> SetAside | None:
    """Ask for the reason to book all the same; None while none is chosen, or where it cannot be.

    The answer counts for the next press of the form's own button.
    """
    if not against or not may_be_set_aside(against):
        return None
    with st.container(border=True):
        chosen = reason_pills(_("Book all the same, because"), listed, key=f"{key}_because")
        if chosen is None:
            return None
        note = st.text_input(
            _("In your own words") if chosen.needs_words else _("In your own words (optional)"),
            key=f"{key}_because_words",
            live=chosen.needs_words,
        )
        if chosen.needs_words and not note.strip():
            st.caption(_("Please say in your own words why."))
            return None
    return SetAside(chosen.name, note)
