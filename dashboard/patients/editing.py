"""The fields of a record, and what happens when two people correct them at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.db import utc_now
from core.errors import BookingError, Stale
from core.models import Patient
from core.patients import EditedPatient, edit_patient, get_patient
from dashboard import session, unfinished
from dashboard.components.patient_picker import EARLIEST_BIRTH
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import phone, plain
from dashboard.i18n import N_, _
from dashboard.patients import languages

KEY = "patient_form"
FIELDS: Mapping[str, str] = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "born_on": N_("Date of birth"),
    "language": N_("Language"),
    "desk_note": N_("Note for the desk"),
    "no_contact": N_("Send no messages"),
}


@dataclass
class Form:
    """What the fields were filled with; they themselves hold what is typed."""

    patient_id: int
    version: int
    shown: dict[str, Any]
    refusal: BookingError | None = None
    meanwhile: Mapping[str, Any] | None = None
    """What somebody else has changed since, by field."""


def fields(patient: Patient) -> None:
    """The form, with the button that saves it."""
    form = _form_for(patient)
    unfinished.offer(session.signed_in(), _draft_of(form))
    _say_what_is_in_the_way(form)
    st.text_input(_(FIELDS["name"]), key=_key("name"))
    left, right = st.columns(2)
    left.text_input(_(FIELDS["phone"]), key=_key("phone"), type="phone", placeholder="")
    right.text_input(_(FIELDS["email"]), key=_key("email"))
    left.date_input(
        _(FIELDS["born_on"]),
        key=_key("born_on"),
        min_value=EARLIEST_BIRTH,
        max_value="today",
        format="DD.MM.YYYY",
    )
    right.selectbox(
        _(FIELDS["language"]),
        languages.offered(form.shown["language"], st.session_state[_key("language")]),
        format_func=lambda code: languages.in_words(code) or _("not known"),
        key=_key("language"),
    )
    st.text_area(
        _(FIELDS["desk_note"]),
        key=_key("desk_note"),
        help=_("For booking and receiving them. Nothing about their health belongs here."),
    )
    st.toggle(
        _(FIELDS["no_contact"]),
        key=_key("no_contact"),
        help=_("No reminders and no other e-mails go to this patient."),
    )
    st.button(_("Save"), key="patient_save", type="primary", on_click=_save)


def forget() -> None:
    """Drop what was typed."""
    for each in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[each]


def _form_for(patient: Patient) -> Form:
    form: Form | None = st.session_state.get(KEY)
    # Streamlit drops the fields of a page that was left: then all of it begins anew.
    if form is None or form.patient_id != patient.id or _key("name") not in st.session_state:
        forget()
        form = Form(patient.id, patient.version, _values(patient))
        st.session_state[KEY] = form
        for name, value in form.shown.items():
            st.session_state[_key(name)] = value
    return form


def _draft_of(form: Form) -> unfinished.Form:
    """What is typed here, with the version it was typed over: a change meanwhile is told."""
    st.session_state[_key("version")] = form.version

    def take_version() -> None:
        form.version = st.session_state[_key("version")]

    return unfinished.Form(
        KEY,
        name=f"{KEY}_{form.patient_id}",
        about=form.patient_id,
        typed=("name", "phone", "email", "born_on", "language", "desk_note"),
        along=("no_contact", "version"),
        shown=form.shown,
        search="",
        then=take_version,
    )


def _save() -> None:
    """In a callback: only there can fields still be given another value."""
    actor, now = session.signed_in(), utc_now()
    form: Form = st.session_state[KEY]
    typed = {name: st.session_state[_key(name)] for name in FIELDS}
    form.refusal = form.meanwhile = None
    try:
        with session.writing() as db:
            patient = edit_patient(
                db, actor, EditedPatient(form.patient_id, form.version, **typed), now=now
            )
    except Stale as refusal:
        form.refusal = refusal
        with session.reading() as db:
            _take_over(form, get_patient(db, actor, form.patient_id, now=now), typed)
        return
    except BookingError as refusal:
        form.refusal = refusal
        return
    unfinished.done(actor, _draft_of(form))
    forget()
    flash(_("Saved {name}.").format(name=patient.name))


def _take_over(form: Form, patient: Patient, typed: Mapping[str, Any]) -> None:
    """Fields nobody touched here show what somebody else wrote; what was typed stays."""
    now = _values(patient)
    form.meanwhile = {name: now[name] for name in FIELDS if now[name] != form.shown[name]}
    for name, value in form.meanwhile.items():
        if typed[name] == form.shown[name]:
            st.session_state[_key(name)] = value
    form.version, form.shown = patient.version, now


def _say_what_is_in_the_way(form: Form) -> None:
    if form.refusal is None:
        return
    if form.meanwhile is None:
        refuse(form.refusal)
        return
    lines = [
        _("{field} is now {value}.").format(field=_(FIELDS[name]), value=md(said(name, value)))
        for name, value in form.meanwhile.items()
    ]
    keeps = _("What you typed is still here. Save again to keep it.")
    st.warning(
        "  \n".join([md(plain(form.refusal)), *lines, keeps]), icon=":material/sync_problem:"
    )


SAID: Mapping[str, Callable[[Any], str]] = {
    "language": languages.in_words,
    "phone": phone,
    "born_on": lambda value: value.strftime("%d.%m.%Y"),
    "no_contact": lambda value: _("on") if value else _("off"),
}


def said(name: str, value: Any) -> str:
    """A field's value in words."""
    if value in ("", None):
        return _("empty")
    return SAID.get(name, str)(value)


def _values(patient: Patient) -> dict[str, Any]:
    return {name: getattr(patient, name) for name in FIELDS}


def _key(field: str) -> str:
    return f"{KEY}_{field}"
