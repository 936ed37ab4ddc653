"""The dialog for somebody at the counter: a service, a name, and the next who is free."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from core import catalog
from core.availability.next_free import NextAsked, Proposal
from core.db import utc_now
from core.errors import BookingError
from core.patients import add_patient
from core.policy import Actor
from core.searches import SearchMade
from core.visits import hold_calendars
from core.walk_in import WalkInRequest, free_today, walk_in
from dashboard import feedback, keys, searched, session, unfinished
from dashboard.components.autofocus import autofocus
from dashboard.components.patient_picker import PatientChosen
from dashboard.components.words import minutes
from dashboard.feedback import md
from dashboard.formatting import clock
from dashboard.i18n import _
from dashboard.searching import choose_patient

KEY = "walk_in"
FORM = unfinished.Form(KEY, along=("born", "adding", "known_id", "service"))
MOST_SHOWN = 5


@dataclass(frozen=True)
class Open:
    opened: str
    request_key: str
    refused: BookingError | None = None


def open() -> None:
    """Open the dialog on the next run."""
    forget()
    st.session_state[KEY] = Open(secrets.token_hex(4), secrets.token_urlsafe(16))


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    session.forget_typed(KEY)


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("Walk-in"), width="medium", on_dismiss=_dismiss)(_dialog)()


def _dismiss() -> None:
    """Close the dialog unsaved: who had come in is offered when it opens again."""
    unfinished.leave(FORM)
    forget()


def _dialog() -> None:
    actor = session.signed_in()
    state: Open | None = st.session_state.get(KEY)
    if state is None:
        st.rerun()
    with session.reading() as db:
        services = {each.id: each for each in catalog.load_services(db)}
    service_id = st.selectbox(
        _("Service"),
        list(services),
        index=None,
        format_func=lambda id: f"{services[id].name} · {minutes(services[id].length_minutes)}",
        key=f"{KEY}_service",
        placeholder=_("Which service?"),
    )
    autofocus(f"{KEY}_service", once=state.request_key)
    unfinished.offer(actor, FORM)
    chosen = choose_patient(KEY)
    if state.refused is not None:
        feedback.refuse(state.refused)
    if service_id is not None:
        _offer(actor, state, service_id, chosen)


def _offer(actor: Actor, state: Open, service_id: int, chosen: PatientChosen) -> None:
    """Who is free next; a press books and checks in."""
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        free = free_today(
            db, actor, service_id, patient_id=chosen.known.id if chosen.known else None, now=now
        )
    _note(actor, state, service_id, free, now)
    if not free:
        st.info(_("Nobody is free for this any more today."), icon=":material/event_busy:")
        return
    person = chosen.known or chosen.new
    st.write(_("Free next:") if person else _("Free next (choose the patient first):"))
    for number, each in enumerate(free[:MOST_SHOWN]):
        wait = max(0, int((each.starts_at - now).total_seconds()) // 60)
        pressed = st.button(
            _("**{time}** · {professional}, in {count} min").format(
                time=clock(each.starts_at, zone), professional=md(each.professional), count=wait
            ),
            key=f"{KEY}_take_{each.professional_id}",
            type="primary" if number == 0 else "secondary",
            shortcut=keys.TAKE.press if number == 0 else None,
            disabled=person is None,
            width="stretch",
        )
        if pressed:
            _save(actor, state, service_id, each, chosen)


def _note(
    actor: Actor, state: Open, service_id: int, free: Sequence[Proposal], now: datetime
) -> None:
    """Who stands at the counter wants it today."""
    today = now.astimezone(session.zone()).date()
    first = free[0].starts_at if free else None
    made = SearchMade(NextAsked(service_id), len(free), first, until_on=today)
    searched.note(actor, made, state.opened, now=now)


def _save(
    actor: Actor, state: Open, service_id: int, proposal: Proposal, chosen: PatientChosen
) -> None:
    now = utc_now()
    person = chosen.known or chosen.new
    assert person is not None
    try:
        with session.writing() as db:
            if chosen.known is not None:
                patient_id = chosen.known.id
            else:
                assert chosen.new is not None
                hold_calendars(db, [proposal.professional_id], service_id)
                patient_id = add_patient(db, actor, chosen.new, now=now).id
            request = WalkInRequest(
                proposal.professional_id,
                service_id,
                patient_id,
                proposal.starts_at,
                request_key=state.request_key,
            )
            walk_in(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[KEY] = replace(
            state, refused=refusal, request_key=secrets.token_urlsafe(16)
        )
        st.rerun(scope="fragment")
    unfinished.done(actor, FORM)
    forget()
    feedback.flash(_done(person.name, proposal.professional, proposal.starts_at))
    st.rerun()


def _done(name: str, professional: str, starts_at: datetime) -> str:
    return _("{name} is checked in with {professional} at {time}.").format(
        name=name, professional=professional, time=clock(starts_at, session.zone())
    )
