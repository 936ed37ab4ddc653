"""Patients: find one, read and correct the record; who is on file twice, who is to be erased."""

import streamlit as st

from core.policy import Actor, Permission, allows
from dashboard import session
from dashboard.i18n import N_, _
from dashboard.patients import finding, keeping, record, twice

WIDTH = 1100
SEARCH, TWICE, ERASURE = N_("Search"), N_("On file twice"), N_("Erasure")


def section(actor: Actor) -> str:
    sections = [SEARCH]
    sections += [TWICE] if allows(actor, Permission.PATIENTS_WRITE) else []
    sections += [ERASURE] if allows(actor, Permission.PATIENTS_ERASE) else []
    if len(sections) == 1:
        return SEARCH
    chosen = st.segmented_control(
        _("Section"),
        sections,
        default=SEARCH,
        format_func=_,
        key="patients_section",
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    return chosen or SEARCH


SHOWN = {SEARCH: finding.show, TWICE: twice.show, ERASURE: keeping.show}

actor = session.signed_in()
picked = finding.picked()
record.leave(picked)
with st.container(width=WIDTH):
    if picked is not None:
        record.show(actor, picked)
    else:
        SHOWN[section(actor)](actor)
