"""The dialog behind a free start: choose or add the patient, book."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog, patients
from core.booking import BookingRequest, book
from core.db import utc_now
from core.desk import services_at
from core.errors import BookingError
from core.patients import LikelyDuplicate, NewPatient, PatientFound
from core.policy import Actor
from dashboard import feedback, session
from dashboard.components.autofocus import autofocus
from dashboard.components.booking_forms import refusal_with_ways_out, time_line
from dashboard.components.patient_picker import PatientChosen, patient_picker
from dashboard.components.words import minutes, money
from dashboard.formatting import when
from dashboard.i18n import _

KEY = "new_booking"


@dataclass(frozen=True)
class Asked:
    """The time that was picked. ``request_key`` is made here, so that the form books once."""

    professional_id: int
    service_id: int | None
    """None while the service is still to be chosen."""
    starts_at: datetime
    request_key: str


def ask(professional_id: int, service_id: int | None, starts_at: datetime) -> None:
    """Open the dialog for this time on the next run."""
    forget()
    st.session_state[KEY] = Asked(
        professional_id, service_id, starts_at, request_key=secrets.token_urlsafe(16)
    )


def is_asked() -> bool:
    return KEY in st.session_state


def forget() -> None:
    """Close the dialog and clear what was typed in it."""
    for key in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[key]


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("New booking"), width="medium", on_dismiss=forget)(_dialog)()


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    zone = session.zone()
    service_id = _choose_service(actor, asked, zone)
    autofocus(f"{KEY}_words", once=asked.request_key)
    chosen = patient_picker(KEY, search=_search, duplicates=_duplicates)
    note = st.text_input(_("Note for the desk (optional)"), key=f"{KEY}_note")
    name = chosen.known.name if chosen.known else chosen.new.name if chosen.new else ""
    label = _("Book {name}").format(name=feedback.md(name)) if name else _("Book")
    pressed = st.button(
        label,
        key=f"{KEY}_book",
        type="primary",
        width="stretch",
        disabled=not name or service_id is None,
        shortcut="Ctrl+Enter",
    )
    if pressed and service_id is not None:
        _save(actor, replace(asked, service_id=service_id), chosen, note, zone)


def _choose_service(actor: Actor, asked: Asked, zone: ZoneInfo) -> int | None:
    """Show the time, and which services can start then where none was chosen before."""
    now = utc_now()
    with session.reading() as db:
        offered = services_at(db, actor, asked.professional_id, asked.starts_at, now=now)
        professional = catalog.load_professionals(db, actor, ids=[asked.professional_id])[0]
        currency = catalog.get_organisation(db).currency
    by_id = {each.id: each for each in offered}
    # What was chosen stays chosen when somebody is quicker: booking it says who it was.
    before = st.session_state.get(f"{KEY}_service")
    fitting = [each.id for each in offered if not each.reasons or each.id == before]
    service_id = asked.service_id
    if service_id is None:
        service_id = st.selectbox(
            _("Service"),
            fitting,
            format_func=lambda id: f"{by_id[id].name} · {minutes(by_id[id].length_minutes)}",
            key=f"{KEY}_service",
            placeholder=_("Nothing fits here any more"),
        )
    chosen = by_id.get(service_id) if service_id is not None else None
    length = timedelta(minutes=chosen.length_minutes if chosen else 0)
    time_line(
        professional.name,
        chosen.name if chosen else "",
        money(chosen.price_cents, currency) if chosen and chosen.price_cents else "",
        starts_at=asked.starts_at,
        ends_at=asked.starts_at + length,
        zone=zone,
    )
    return service_id


def _search(words: str) -> list[PatientFound]:
    actor = session.signed_in()
    with session.reading() as db:
        return patients.find_patients(db, actor, words)


def _duplicates(new: NewPatient) -> list[LikelyDuplicate]:
    actor = session.signed_in()
    with session.reading() as db:
        return patients.find_likely_duplicates(db, actor, new)


def _save(actor: Actor, asked: Asked, chosen: PatientChosen, note: str, zone: ZoneInfo) -> None:
    now = utc_now()
    assert asked.service_id is not None
    try:
        with session.writing() as db:
            patient_id, name = _patient_of(db, actor, chosen, now)
            request = BookingRequest(
                professional_id=asked.professional_id,
                service_id=asked.service_id,
                patient_id=patient_id,
                starts_at=asked.starts_at,
                request_key=asked.request_key,
                desk_note=note,
            )
            booking = book(db, actor, request, now=now)
            professional = catalog.load_professionals(db, actor, ids=[booking.professional_id])[0]
    except BookingError as refusal:
        refusal_with_ways_out(refusal, zone=zone, now=now, key=KEY, choose=_take_instead)
        return
    forget()
    feedback.flash(
        _("Booked {patient} with {professional}, {time}.").format(
            patient=name, professional=professional.name, time=when(booking.starts_at, zone, now)
        )
    )
    st.rerun()


def _patient_of(db: Session, actor: Actor, chosen: PatientChosen, now: datetime) -> tuple[int, str]:
    """Who the booking is for; somebody new is added in the same transaction."""
    if chosen.known is not None:
        return chosen.known.id, chosen.known.name
    assert chosen.new is not None
    added = patients.add_patient(db, actor, chosen.new, now=now)
    return added.id, added.name


def _take_instead(starts_at: datetime) -> None:
    """Another time for the same form: what was typed stays, the content is new."""
    asked: Asked = st.session_state[KEY]
    st.session_state[KEY] = replace(
        asked, starts_at=starts_at, request_key=secrets.token_urlsafe(16)
    )
