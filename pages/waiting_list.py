"""The waiting list: who waits for what, and the free times that could be offered to them."""

import streamlit as st

from core import catalog, waiting
from core.db import utc_now
from core.waiting import Fit, Waiting
from dashboard import keys, offering, recalling, session, waiting_asked, waiting_form
from dashboard.components.waiting_lines import entry_line, free_line, running_line
from dashboard.i18n import _, ngettext

REFRESH_SECONDS, WIDTH = 15, 1100
FREE_SHOWN, A_PAGE = 5, 25
SHOWN, ALL_FREE = "waiting_shown", "waiting_all_free"


@st.fragment(run_every=REFRESH_SECONDS)
def board(service_id: int | None, professional_id: int | None) -> None:
    """The list as it is now; what other desks change appears by itself."""
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    asked = {"service_id": service_id, "professional_id": professional_id}
    with session.reading() as db:
        waits = waiting.load_waiting(db, actor, now=now, **asked)
        fits = waiting.gaps_for_waiting(db, actor, now=now, **asked)
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    if not waits:
        st.info(
            _("Nobody waits for this. Whoever finds no time that suits can be put on the list."),
            icon=":material/hourglass_empty:",
        )
        return
    running = [each for each in waits if each.running is not None]
    if running:
        st.subheader(_("Being offered"), anchor=False)
        with st.container(border=True, gap="small"):
            for each in running:
                if running_line(each, names, zone=zone, now=now, key="running"):
                    assert each.running is not None
                    offering.reopen(each.running)
                    st.rerun()
    free_now(fits)
    everybody(waits, names)


def free_now(fits: list[Fit]) -> None:
    zone, now = session.zone(), utc_now()
    st.subheader(_("Free now for somebody who waits"), anchor=False)
    if not fits:
        st.caption(_("Nothing that suits anybody in the next two weeks."))
        return
    shown = len(fits) if st.session_state.get(ALL_FREE) else FREE_SHOWN
    with st.container(border=True, gap="small"):
        for each in fits[:shown]:
            if free_line(each, zone=zone, now=now, key="free"):
                offering.start(each)
                st.rerun()
        if len(fits) > shown and st.button(
            _("Show all {count}").format(count=len(fits)), key="free_all", type="tertiary"
        ):
            st.session_state[ALL_FREE] = True
            st.rerun(scope="fragment")


def everybody(waits: list[Waiting], names: dict[int, str]) -> None:
    zone, now = session.zone(), utc_now()
    count = ngettext("{count} person waits", "{count} people wait", len(waits))
    st.subheader(count.format(count=len(waits)), anchor=False)
    shown = st.session_state.get(SHOWN, A_PAGE)
    with st.container(border=True, gap="small"):
        for each in waits[:shown]:
            if entry_line(each, names, zone=zone, now=now, key="entry"):
                waiting_asked.change(each)
                st.rerun()
    if len(waits) > shown and st.button(_("Show more"), key="waiting_more"):
        st.session_state[SHOWN] = shown + A_PAGE
        st.rerun(scope="fragment")


actor = session.signed_in()
with session.reading() as db:
    services = {each.id: each.name for each in catalog.load_services(db) if each.seats == 1}
    people = {each.id: each.name for each in catalog.load_professionals(db, actor)}
with st.container(width=WIDTH):
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        service_id = st.selectbox(
            _("Service"),
            list(services),
            index=None,
            format_func=lambda id: services[id],
            key="waiting_service",
            placeholder=_("Any service"),
            label_visibility="collapsed",
            width=260,
        )
        professional_id = st.selectbox(
            _("Professional"),
            list(people),
            index=None,
            format_func=lambda id: people[id],
            key="waiting_professional",
            placeholder=_("Any professional"),
            label_visibility="collapsed",
            width=240,
        )
        st.space("stretch")
        st.button(
            _("Put on the waiting list"),
            key="waiting_add",
            icon=":material/person_add:",
            type="primary",
            shortcut=keys.WAIT.press,
            on_click=waiting_asked.ask,
            kwargs={"service_id": service_id},
        )
    board(service_id, professional_id)
    recalling.show(actor)
if offering.is_open():
    offering.show()
elif waiting_asked.is_asked():
    waiting_form.show()
