"""Patients say how they are reached: their number, address and language, and whether at all."""

import streamlit as st

from core import patients
from core.db import utc_now
from core.errors import BookingError
from core.models import Patient
from core.patients import OwnContact
from dashboard import session
from dashboard.feedback import flash, md, refuse
from dashboard.i18n import _
from dashboard.patients import languages

KEY = "own_contact"


def show(patient: Patient, practice: str) -> None:
    """A form on the record as it is; after somebody else's change it is drawn anew."""
    drawn = f"{KEY}_{patient.version}"
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
        wanted = right.toggle(
            _("Send me e-mails about my visits"),
            not patient.no_contact,
            key=f"{drawn}_wanted",
        )
        pressed = st.form_submit_button(_("Save"), type="primary", key=f"{KEY}_save")
    name = _("Your name or date of birth has changed? Please tell {practice}.")
    st.caption(name.format(practice=md(practice)))
    if pressed:
        _save(OwnContact(patient.version, phone, email, language, no_contact=not wanted))


def _save(request: OwnContact) -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            patients.edit_own_contact(db, actor, request, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    flash(_("Saved: this is how we reach you now."))
    st.rerun()
