"""Finding a patient. Who is open stands in the address as a number, never as a name."""

import secrets

import streamlit as st

from core.patients import PatientFound
from core.policy import Actor, Permission, allows
from dashboard import keys, places, searching
from dashboard.components.autofocus import autofocus
from dashboard.components.patient_picker import describe
from dashboard.feedback import md
from dashboard.i18n import _

PICKED = "patient"
WORDS, CAME = "patients_words", "_patients_came"


def picked() -> int | None:
    """The number of the patient in the address."""
    typed = st.query_params.get(PICKED, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def pick(patient_id: int) -> None:
    st.query_params[PICKED] = str(patient_id)


def put_back() -> None:
    st.query_params.pop(PICKED, None)


def show(actor: Actor) -> None:
    if WORDS not in st.session_state:  # somebody has just come here: the cursor waits for them
        st.session_state[CAME] = secrets.token_urlsafe(6)
    autofocus(WORDS, once=st.session_state[CAME])
    words = st.text_input(
        _("Search"),
        key=WORDS,
        type="search",
        live=True,
        placeholder=_("Name, phone or date of birth"),
        label_visibility="collapsed",
    )
    if not words.strip():
        st.caption(_("Type a part of the name, the phone number or the date of birth."))
        return
    found = searching.find_patients(words)
    if not found:
        _nobody(actor)
        return
    with st.container(border=True, gap="small"):
        for each in found:
            row(each.id, each.name, _facts(each), is_first=each is found[0])


def _nobody(actor: Actor) -> None:
    """What to do next; whoever sees only their own is told where others are opened."""
    if allows(actor, Permission.PATIENTS_READ):
        st.info(
            _("Nobody found. Check the spelling; new patients are added when they are booked."),
            icon=":material/search_off:",
        )
        return
    st.info(
        _(
            "None of your own patients fits; only they are searched here. The record of "
            "anybody else opens under My calendar, with a reason."
        ),
        icon=":material/search_off:",
    )
    st.page_link(
        str(places.PAGES / "my_calendar.py"),
        label=_("Go to My calendar"),
        icon=":material/arrow_forward:",
    )


def row(patient_id: int, name: str, facts: str, *, is_first: bool = False) -> None:
    """A line of a list, with the way to the record; the first opens by the key of a dialog."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        lines = [f"**{md(name)}**", f":small[{md(facts)}]" if facts else ""]
        st.markdown("  \n".join(each for each in lines if each), width="content")
        st.button(
            _("Open"),
            key=f"patient_open_{patient_id}",
            icon=":material/folder_open:",
            help=_("Open {name}").format(name=md(name)),
            shortcut=keys.TAKE.press if is_first else None,
            on_click=pick,
            args=(patient_id,),
        )


def _facts(found: PatientFound) -> str:
    return " · ".join(each for each in describe(found).split(" · ")[1:] if each)
