"""Practice: what the place offers, who works here and who can sign in. For admins."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.policy import Actor
from core.practice import Missing, find_missing
from dashboard import session
from dashboard.i18n import N_, _
from dashboard.practice import (
    closures,
    data,
    expertise,
    health,
    messages,
    patients_book,
    people,
    place,
    professionals,
    reasons,
    rooms,
    services,
    tiers,
)

SECTION = "section"
WIDTH = 960
SERVICES, PROFESSIONALS, PEOPLE = N_("Services"), N_("Professionals"), N_("People")
SECTIONS: Mapping[str, Callable[[Actor], None]] = {
    SERVICES: services.show,
    PROFESSIONALS: professionals.show,
    N_("Expertise"): expertise.show,
    N_("Tiers"): tiers.show,
    N_("Rooms"): rooms.show,
    PEOPLE: people.show,
    N_("Closures"): closures.show,
    N_("Reasons"): reasons.show,
    N_("Online booking"): patients_book.show,
    N_("Messages"): messages.show,
    N_("Place"): place.show,
    N_("Data"): data.show,
    N_("Health"): health.show,
}
NEXT_STEPS = {
    Missing.SERVICE: (SERVICES, N_("Add a service, then the professionals who offer it.")),
    Missing.PROFESSIONAL: (PROFESSIONALS, N_("Next, add the professionals who work here.")),
    Missing.OFFER: (
        PROFESSIONALS,
        N_("Next, choose what your professionals offer: nobody can be booked before."),
    ),
    Missing.HOURS: (
        PROFESSIONALS,
        N_("Next, enter when your professionals work: nothing is free before."),
    ),
    Missing.RECEPTIONIST: (
        PEOPLE,
        N_("The desk is ready. Next, add the people who work at it; you can book by yourself too."),
    ),
}


def go_to(section: str) -> None:
    st.session_state[SECTION] = section


def next_step(missing: Missing, shown: str) -> None:
    """What to enter next, and the way there."""
    section, sentence = NEXT_STEPS[missing]
    with st.container(horizontal=True, vertical_alignment="center", key="practice_next_step"):
        st.info(_(sentence), icon=":material/arrow_forward:", width="stretch")
        if section != shown:
            st.button(_(section), key="practice_go", on_click=go_to, args=(section,))


actor = session.signed_in()
section = (
    st.segmented_control(
        _("Section"),
        list(SECTIONS),
        default=SERVICES,
        format_func=_,
        key=SECTION,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    or SERVICES
)
with session.reading() as db:
    missing = find_missing(db, actor)
with st.container(width=WIDTH):
    if missing is not None:
        next_step(missing, section)
    SECTIONS[section](actor)
