"""What the form of the waiting list is opened with; other dialogs hand over what they know."""

import secrets
from dataclasses import dataclass

import streamlit as st

from core.waiting import Waiting, Wishes
from dashboard import session
from dashboard.components.patient_picker import PatientChosen, start_adding, take_known

KEY = "waiting_form"


@dataclass(frozen=True)
class Asked:
    """An entry to change, or a new one. ``request_key`` lets the form add once."""

    request_key: str
    entry: Waiting | None = None
    start: Wishes | None = None


def ask(
    chosen: PatientChosen | None = None,
    *,
    service_id: int | None = None,
    professional_id: int | None = None,
    start: Wishes | None = None,
) -> None:
    """Open the form for a new entry on the next run, with the patient and wish known so far."""
    forget()
    if start is None and service_id is not None:
        start = Wishes(service_id, (professional_id,) if professional_id is not None else ())
    st.session_state[KEY] = Asked(secrets.token_urlsafe(16), start=start)
    if chosen is not None:
        _keep_patient(chosen)


def change(entry: Waiting) -> None:
    """Open the form for somebody who waits on the next run."""
    forget()
    st.session_state[KEY] = Asked(secrets.token_urlsafe(16), entry=entry, start=entry.wishes)


def is_asked() -> bool:
    return KEY in st.session_state


def forget() -> None:
    session.forget_typed(KEY)


def _keep_patient(chosen: PatientChosen) -> None:
    """Fill the patient picker of the form as it was filled elsewhere."""
    if chosen.known is not None:
        take_known(KEY, chosen.known)
    elif chosen.new is not None:
        start_adding(KEY, chosen.new.name)
        st.session_state[f"{KEY}_name"] = chosen.new.name
        st.session_state[f"{KEY}_phone"] = chosen.new.phone
        st.session_state[f"{KEY}_email"] = chosen.new.email
        st.session_state[f"{KEY}_born"] = chosen.new.born_on
