"""Audit: every step on record, in words; and a day as it stood. For admins."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.policy import Actor
from dashboard import session
from dashboard.auditing import as_it_stood, entries, taking_note
from dashboard.i18n import N_, _

SECTION = "section"
ENTRIES = N_("Who did what")
SECTIONS: Mapping[str, Callable[[Actor], None]] = {
    ENTRIES: entries.show,
    N_("A day as it stood"): as_it_stood.show,
}

actor = session.signed_in()
taking_note.show(actor)
section = (
    st.segmented_control(
        _("Section"),
        list(SECTIONS),
        default=ENTRIES,
        format_func=_,
        key=SECTION,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    or ENTRIES
)
SECTIONS[section](actor)
