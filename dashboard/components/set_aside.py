"""Booking against a rule: the reason from the list, and the desk's own words."""

from collections.abc import Sequence

import streamlit as st

from core.availability import Reason
from core.booking import OTHER, SetAside, may_be_set_aside
from core.errors import N_
from dashboard.i18n import _

OVERRIDE_REASONS = (
    N_("Urgent"),
    N_("Agreed with the professional"),
    N_("Patient is here without a booking"),
    N_("Our mistake"),
    OTHER,
)


def set_aside_form(reasons: Sequence[Reason], *, key: str) -> SetAside | None:
    """Ask for the reason to book all the same; None while none is chosen, or where it cannot be.

    The answer counts for the next press of the form's own button.
    """
    if not reasons or not may_be_set_aside(reasons):
        return None
    with st.container(border=True):
        chosen = st.pills(
            _("Book all the same, because"), OVERRIDE_REASONS, format_func=_, key=f"{key}_because"
        )
        if not chosen:
            return None
        needed = chosen == OTHER
        note = st.text_input(
            _("In your own words") if needed else _("In your own words (optional)"),
            key=f"{key}_because_words",
            live=needed,
        )
        if needed and not note.strip():
            st.caption(_("Please say in your own words why."))
            return None
    return SetAside(chosen, note)
