"""The dialog that puts somebody on the waiting list, changes what they wish, or takes them off."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog, patients, waiting
from core.db import utc_now
from core.errors import N_, BookingError
from core.models import Professional
from core.policy import Actor
from core.waiting import EditedEntry, NewEntry, Waiting, Wishes
from dashboard import feedback, keys, last_step, session, to_know, unfinished
from dashboard.components.autofocus import autofocus
from dashboard.components.liked import Liked
from dashboard.components.patient_picker import PatientChosen
from dashboard.components.waiting_lines import log_lines
from dashboard.components.wish_fields import wish_fields
from dashboard.i18n import _
from dashboard.last_step import Kind
from dashboard.searching import choose_patient
from dashboard.waiting_asked import KEY, Asked, forget

FORM = unfinished.Form(KEY, along=("born", "adding", "known_id", "service"))

CLOSE_REASONS = (
    N_("Found a time elsewhere"),
    N_("No longer needed"),
    N_("Cannot be reached"),
    N_("Other"),
)


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    asked: Asked = st.session_state[KEY]
    title = feedback.md(asked.entry.patient) if asked.entry else _("Put on the waiting list")
    st.dialog(title, width="medium", on_dismiss=_dismiss)(_dialog)()


def _dismiss() -> None:
    """Close the dialog unsaved: whom it was about is offered when it opens again."""
    asked: Asked | None = st.session_state.get(KEY)
    if asked is not None and asked.entry is None:
        unfinished.leave(FORM)
    forget()


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    if asked.entry is not None:
        _change(actor, asked.entry)
        return
    unfinished.offer(actor, FORM)
    autofocus(f"{KEY}_words", once=asked.request_key)
    chosen = choose_patient(KEY)
    wishes = _wishes(actor, asked.start, to_know.liked_by(chosen.known))
    person = chosen.known or chosen.new
    pressed = st.button(
        _("Put on the waiting list"),
        key=f"{KEY}_save",
        type="primary",
        width="stretch",
        disabled=person is None or wishes is None,
        shortcut=keys.TAKE.press,
    )
    if pressed and person is not None and wishes is not None:
        _do(
            lambda db, now: _add(db, actor, asked, chosen, wishes, now),
            _("{name} is on the waiting list.").format(name=person.name),
            then=lambda: unfinished.done(actor, FORM),
        )


def _wishes(actor: Actor, start: Wishes | None, liked: Liked | None = None) -> Wishes | None:
    with session.reading() as db:
        services = [each for each in catalog.load_services(db) if each.seats == 1]

    def offering(service_id: int) -> list[Professional]:
        with session.reading() as db:
            return catalog.load_professionals(db, actor, service_id=service_id)

    today = utc_now().astimezone(session.zone()).date()
    return wish_fields(services, offering, start, today=today, key=KEY, liked=liked)


def _change(actor: Actor, entry: Waiting) -> None:
    wishes = _wishes(actor, entry.wishes)
    pressed = st.button(
        _("Save"), key=f"{KEY}_save", type="primary", width="stretch", disabled=wishes is None
    )
    if pressed and wishes is not None:
        request = EditedEntry(entry.id, entry.version, wishes)
        _do(
            lambda db, now: waiting.edit(db, actor, request, now=now),
            _("Saved for {name}.").format(name=entry.patient),
        )
    with st.expander(_("Take off the list"), icon=":material/playlist_remove:"):
        chosen = st.pills(_("Reason"), CLOSE_REASONS, format_func=_, key=f"{KEY}_reason")
        words = st.text_input(_("In your own words (optional)"), key=f"{KEY}_reason_words")
        if st.button(_("Take off the list"), key=f"{KEY}_close"):
            said = (_(chosen) if chosen else "", words.strip())
            reason = " · ".join(each for each in said if each)
            done = _("{name} waits no longer.").format(name=entry.patient)
            _do(
                lambda db, now: waiting.close(db, actor, entry.id, entry.version, reason, now=now),
                done,
                then=lambda: last_step.note_removed(Kind.WAITING, entry.id, done),
            )
    now = utc_now()
    with session.reading() as db:
        log = waiting.load_log(db, actor, entry.id, now=now)
    log_lines(log, zone=session.zone(), now=now)


def _add(
    db: Session, actor: Actor, asked: Asked, chosen: PatientChosen, wishes: Wishes, now: datetime
) -> None:
    if chosen.known is not None:
        patient_id = chosen.known.id
    else:
        assert chosen.new is not None
        patient_id = patients.add_patient(db, actor, chosen.new, now=now).id
    waiting.add(db, actor, NewEntry(patient_id, wishes, asked.request_key), now=now)


def _do(
    action: Callable[[Session, datetime], object],
    done: str,
    *,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Run one command in one transaction; close on success, say why not otherwise."""
    now = utc_now()
    try:
        with session.writing() as db:
            action(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    then()
    forget()
    feedback.flash(done)
    st.rerun()
