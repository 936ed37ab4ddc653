"""The fields of a record, and what happens when two people correct them at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import catalog
from core.db import utc_now
from core.errors import BookingError, Stale
from core.models import PartOfDay, Patient
from core.patients import EditedPatient, Preferences, edit_patient, get_patient, load_to_know
from dashboard import session, unfinished
from dashboard.components.patient_picker import EARLIEST_BIRTH
from dashboard.components.to_know_lines import PARTS
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
    "alerts": N_("Alerts"),
    "preferred_professionals": N_("Preferred professionals"),
    "preferred_parts": N_("Preferred time of day"),
    "preference": N_("Other preferences"),
    "desk_note": N_("Note for the desk"),
    "no_contact": N_("Send no messages"),
}


LIKED = ("preferred_professionals", "preferred_parts", "preference")
WORDS = ("alerts", "preference", "desk_note")


@dataclass
class Form:
    """What the fields were filled with; they themselves hold what is typed."""

    patient_id: int
    version: int
    shown: dict[str, Any]
    names: Mapping[int, str]
    """Of the professionals they may prefer."""
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
    _alerts_and_preferences(form)
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


def _alerts_and_preferences(form: Form) -> None:
    st.text_area(
        _(FIELDS["alerts"]),
        key=_key("alerts"),
        height=68,
        placeholder=_("Needs the ground floor room"),
        help=_("Shown before every booking. One short sentence a line."),
    )
    left, right = st.columns(2)
    preferred = _key("preferred_professionals")  # a draft may name somebody who left meanwhile
    st.session_state[preferred] = [x for x in st.session_state[preferred] if x in form.names]
    left.multiselect(
        _(FIELDS["preferred_professionals"]),
        sorted(form.names, key=lambda id: form.names[id]),
        format_func=lambda id: form.names[id],
        key=preferred,
        placeholder=_("Anybody"),
    )
    right.pills(
        _(FIELDS["preferred_parts"]),
        [each.value for each in PARTS],
        format_func=lambda part: _(PARTS[PartOfDay(part)]),
        selection_mode="multi",
        key=_key("preferred_parts"),
    )
    st.text_area(_(FIELDS["preference"]), key=_key("preference"), height=68)


def forget() -> None:
    """Drop what was typed."""
    for each in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[each]


def _form_for(patient: Patient) -> Form:
    form: Form | None = st.session_state.get(KEY)
    # Streamlit drops the fields of a page that was left: then all of it begins anew.
    if form is None or form.patient_id != patient.id or _key("name") not in st.session_state:
        forget()
        form = Form(patient.id, patient.version, *_load(patient))
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
        typed=("name", "phone", "email", "born_on", "language", *WORDS),
        along=("preferred_professionals", "preferred_parts", "no_contact", "version"),
        shown=form.shown,
        search="",
        then=take_version,
    )


def _save() -> None:
    """In a callback: only there can fields still be given another value."""
    actor, now = session.signed_in(), utc_now()
    form: Form = st.session_state[KEY]
    typed = _typed()
    form.refusal = form.meanwhile = None
    try:
        with session.writing() as db:
            patient = edit_patient(db, actor, _request(form, typed), now=now)
    except Stale as refusal:
        form.refusal = refusal
        with session.reading() as db:
            patient = get_patient(db, actor, form.patient_id, now=now)
        _take_over(form, patient, typed)
        return
    except BookingError as refusal:
        form.refusal = refusal
        return
    unfinished.done(actor, _draft_of(form))
    forget()
    flash(_("Saved {name}.").format(name=patient.name))


def _typed() -> dict[str, Any]:
    """The fields as they stand, in whichever order something was chosen."""
    typed = {name: st.session_state[_key(name)] for name in FIELDS}
    parts = [each.value for each in PARTS if each in typed["preferred_parts"]]
    people = sorted(typed["preferred_professionals"])
    return {**typed, "preferred_parts": parts, "preferred_professionals": people}


def _request(form: Form, typed: Mapping[str, Any]) -> EditedPatient:
    own = {name: value for name, value in typed.items() if name not in LIKED}
    liked = Preferences(
        professional_ids=tuple(typed["preferred_professionals"]),
        parts=tuple(PartOfDay(each) for each in typed["preferred_parts"]),
        words=typed["preference"],
    )
    return EditedPatient(form.patient_id, form.version, **own, preferences=liked)


def _take_over(form: Form, patient: Patient, typed: Mapping[str, Any]) -> None:
    """Fields nobody touched here show what somebody else wrote; what was typed stays."""
    now, form.names = _load(patient)
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
        _("{field} is now {value}.").format(
            field=_(FIELDS[name]), value=md(_in_words(form, name, value))
        )
        for name, value in form.meanwhile.items()
    ]
    keeps = _("What you typed is still here. Save again to keep it.")
    st.warning(
        "  \n".join([md(plain(form.refusal)), *lines, keeps]), icon=":material/sync_problem:"
    )


def _in_words(form: Form, name: str, value: Any) -> str:
    if name == "preferred_professionals" and value:
        return ", ".join(form.names[each] for each in value)
    return said(name, value)


SAID: Mapping[str, Callable[[Any], str]] = {
    "language": languages.in_words,
    "phone": phone,
    "born_on": lambda value: value.strftime("%d.%m.%Y"),
    "preferred_parts": lambda value: ", ".join(_(PARTS[PartOfDay(each)]) for each in value),
    "no_contact": lambda value: _("on") if value else _("off"),
}


def said(name: str, value: Any) -> str:
    """A field's value in words."""
    if value in ("", None, []):
        return _("empty")
    return SAID.get(name, str)(value)


def _load(patient: Patient) -> tuple[dict[str, Any], Mapping[int, str]]:
    """The values of the fields, and the names of those who can be preferred."""
    actor = session.signed_in()
    with session.reading() as db:
        known = load_to_know(db, actor, patient.id, now=utc_now())
        here = catalog.load_professionals(db, actor)
    liked = known.preferences
    values = {
        "preferred_professionals": list(liked.professional_ids),
        "preferred_parts": [each.value for each in liked.parts],
        "preference": liked.words,
    }
    values |= {name: getattr(patient, name) for name in FIELDS if name not in values}
    return values, {**known.names, **{each.id: each.name for each in here}}


def _key(field: str) -> str:
    return f"{KEY}_{field}"
