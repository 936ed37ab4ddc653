"""Patients say how they are reached: their number, address and language, and whether at all."""

import streamlit as st

from core import patients
from core.db import utc_now
from core.errors import BookingError, Stale
from core.models import Patient
from core.patients import OwnContact
from dashboard import family, session
from dashboard.feedback import flash, md, refuse
from dashboard.i18n import _
from dashboard.patients import languages

KEY = "own_contact"
VERSION = f"{KEY}_version"
"""Of the record the form was drawn from."""


def show(patient: Patient, practice: str) -> None:
    """A form on the record; what is typed stays when somebody else changes it meanwhile."""
    version, anothers = _version_drawn(patient), family.name_of_another()
    drawn = f"{KEY}_{version}"
    with st.form(drawn, border=False):
        left, right = st.columns(2)
        phone = left.text_input(
            _("Phone"), patient.phone, key=f"{drawn}_phone", type="phone", placeholder=""
        )
        email = right.text_input(_("E-mail"), patient.email, key=f"{drawn}_email")
        codes = languages.offered(patient.language)
        language = left.selectbox(
            _("Language"),
            codes,
            codes.index(patient.language),
            format_func=lambda code: languages.in_words(code) or _("no preference"),
            key=f"{drawn}_language",
        )
        mail = _("Send me e-mails about my visits")
        if anothers:
            mail = _("Send e-mails about the visits of {name}").format(name=md(anothers))
        wanted = right.toggle(
            mail,
            not patient.no_contact,
            key=f"{drawn}_wanted",
        )
        pressed = st.form_submit_button(_("Save"), type="primary", key=f"{KEY}_save")
    changed = _("Your name or date of birth has changed? Please tell {practice}.")
    if anothers:
        changed = _("The name or date of birth of {name} has changed? Please tell {practice}.")
    st.caption(changed.format(name=md(anothers), practice=md(practice)))
    if pressed:
        _save(OwnContact(version, phone, email, language, no_contact=not wanted))


def _version_drawn(patient: Patient) -> int:
    drawn: int | None = st.session_state.get(VERSION)
    if drawn is None or f"{KEY}_{drawn}_phone" not in st.session_state:  # nothing is typed in it
        drawn = st.session_state[VERSION] = patient.version
    return drawn


def _draw_anew() -> None:
    st.session_state.pop(VERSION, None)


def _save(request: OwnContact) -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            patients.edit_own_contact(db, actor, request, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        if isinstance(refusal, Stale):
            st.button(_("Show it as it is now"), key=f"{KEY}_anew", on_click=_draw_anew)
        return
    _draw_anew()
    said = _("Saved: this is how we reach you now.")
    if name := family.name_of_another():
        said = _("Saved: this is how we reach {name} now.")
    flash(said.format(name=name))
    st.rerun()
