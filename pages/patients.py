"""Patients: find one, read and correct the record, and see who wants to be forgotten."""

import streamlit as st

from core.policy import Actor, Permission, allows
from dashboard import session
from dashboard.i18n import N_, _
from dashboard.patients import finding, keeping, record

WIDTH = 1100
SEARCH, ERASURE = N_("Search"), N_("Erasure")


def section(actor: Actor) -> str:
    if not allows(actor, Permission.PATIENTS_ERASE):
        return SEARCH
    chosen = st.segmented_control(
        _("Section"),
        [SEARCH, ERASURE],
        default=SEARCH,
        format_func=_,
        key="patients_section",
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    return chosen or SEARCH


actor = session.signed_in()
picked = finding.picked()
with st.container(width=WIDTH):
    if picked is not None:
        record.show(actor, picked)
    elif section(actor) == SEARCH:
        finding.show(actor)
    else:
        keeping.show(actor)
