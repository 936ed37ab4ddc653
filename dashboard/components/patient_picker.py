"""Choosing the patient of a booking: found as one types, or added on the spot."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from core.patients import LikelyDuplicate, NewPatient, PatientFound
from dashboard.components.arrow_down import arrow_down
from dashboard.components.autofocus import autofocus
from dashboard.feedback import md
from dashboard.formatting import phone
from dashboard.i18n import _

EARLIEST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True)
class PatientChosen:
    """Somebody known, by id, or somebody new; neither while the desk is still typing."""

    known: PatientFound | None = None
    new: NewPatient | None = None


def patient_picker(
    key: str,
    *,
    search: Callable[[str], Sequence[PatientFound]],
    duplicates: Callable[[NewPatient], Sequence[LikelyDuplicate]],
    tell: Callable[[int], None],
) -> PatientChosen:
    """Draw the search field and its finds, or the form for a new patient.

    The best match is chosen until another is clicked. ``tell`` shows what has to be known
    about whoever is. ``key`` prefixes the keys of all widgets, so that whoever opened the
    form can forget them together.
    """
    if st.session_state.get(f"{key}_adding"):
        return _new_patient(key, duplicates)
    words = st.text_input(
        _("Patient"),
        key=f"{key}_words",
        type="search",
        live=True,
        placeholder=_("Name, phone or date of birth"),
    )
    arrow_down(f"{key}_words", f"{key}_found_")
    found = list(search(words)) if words.strip() else []
    chosen = _finds(key, found, words) if found else None
    if chosen is not None:
        tell(chosen.id)
    if words.strip() and not found:
        st.caption(_("Nobody found. Check the spelling, or add a new patient."))
    st.button(
        _("New patient"),
        key=f"{key}_add",
        icon=":material/person_add:",
        type="tertiary",
        on_click=_add_what_is_typed,
        args=(key,),
    )
    return PatientChosen(known=chosen)


def describe(patient: PatientFound) -> str:
    """Name, telephone and birth date, as plain text."""
    born = patient.born_on.strftime("%d.%m.%Y") if patient.born_on else ""
    return " · ".join(each for each in (patient.name, phone(patient.phone), born) if each)


def _finds(key: str, found: Sequence[PatientFound], words: str) -> PatientFound:
    by_id = {each.id: each for each in found}
    known = st.session_state.get(f"{key}_known_id")
    picked: int = st.radio(
        _("Found"),
        list(by_id),
        index=list(by_id).index(known) if known in by_id else 0,
        format_func=lambda id: md(describe(by_id[id])),
        # Another search, another list: the best match is chosen anew.
        key=f"{key}_found_{words.strip().casefold()}",
        label_visibility="collapsed",
    )
    return by_id[picked]


def _new_patient(
    key: str, duplicates: Callable[[NewPatient], Sequence[LikelyDuplicate]]
) -> PatientChosen:
    left, right = st.columns(2)
    # The pressed button is gone, and the browser would go on at the way out.
    field, _space, once = st.session_state[f"{key}_adding"].partition(" ")
    autofocus(f"{key}_{field}", once=once)
    name = left.text_input(_("Name"), key=f"{key}_name")
    number = right.text_input(_("Phone"), key=f"{key}_phone", type="phone", placeholder="")
    # Rows of their own: Tab leads on by row.
    left, right = st.columns(2)
    email = left.text_input(_("E-mail (optional)"), key=f"{key}_email")
    born_on = right.date_input(
        _("Date of birth (optional)"),
        key=f"{key}_born",
        value=None,
        min_value=EARLIEST_BIRTH,
        max_value="today",
        format="DD.MM.YYYY",
    )
    new = NewPatient(name=name, phone=number, email=email, born_on=born_on)
    _likely_duplicates(key, duplicates(new) if name.strip() or number.strip() else ())
    st.button(
        _("Search again"),
        key=f"{key}_search",
        icon=":material/search:",
        type="tertiary",
        on_click=_stop_adding,
        args=(key,),
    )
    return PatientChosen(new=new if name.strip() else None)


def _likely_duplicates(key: str, likely: Sequence[LikelyDuplicate]) -> None:
    if not likely:
        return
    with st.container(border=True):
        st.write(_("Perhaps already known:"))
        for each in likely:
            st.button(
                md(f"{describe(each.patient)} ({', '.join(_(why) for why in each.reasons)})"),
                key=f"{key}_known_{each.patient.id}",
                help=_("Book for this patient instead"),
                on_click=take_known,
                args=(key, each.patient),
            )


def _add_what_is_typed(key: str) -> None:
    """What stands in the field now: more may have been typed since this was drawn."""
    start_adding(key, st.session_state.get(f"{key}_words", ""))


def start_adding(key: str, words: str) -> None:
    """The form for a new patient, with what was typed as their phone or their name."""
    is_phone = sum(each.isdigit() for each in words) >= 5
    st.session_state[f"{key}_phone" if is_phone else f"{key}_name"] = words.strip()
    still_empty = "name" if is_phone or not words.strip() else "phone"
    st.session_state[f"{key}_adding"] = f"{still_empty} {secrets.token_hex(4)}"


def _stop_adding(key: str) -> None:
    st.session_state[f"{key}_adding"] = False
    st.session_state[f"{key}_words"] = ""


def take_known(key: str, patient: PatientFound) -> None:
    """The search with this very person chosen, whoever shares the name."""
    _stop_adding(key)
    st.session_state[f"{key}_words"] = f"{patient.name} {patient.phone}".strip()
    st.session_state[f"{key}_known_id"] = patient.id
