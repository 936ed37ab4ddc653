"""The dialog behind a free start: the time is held, choose or add the patient, book.

Opening it holds the time for this desk; closing it, leaving the page or three minutes of
silence give it back.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog, holds, patients
from core.booking import BookingRequest, Leg, SetAside, book, find_booked
from core.db import utc_now
from core.desk import ServiceThere, services_at
from core.errors import BookingError
from core.models import Booking, ReasonKind
from core.patients import PatientFound
from core.policy import Actor, Permission, allows
from core.series import Repeats, SeriesAsked
from core.visits import hold_calendars
from dashboard import (
    answered,
    back_to_back,
    blocking,
    chain_rows,
    feedback,
    keys,
    series_form,
    session,
    unfinished,
    waiting_asked,
)
from dashboard.components.autofocus import autofocus
from dashboard.components.booking_forms import refusal_with_ways_out, time_line
from dashboard.components.patient_picker import (
    PatientChosen,
    start_adding,
    take_known,
)
from dashboard.components.repeat_fields import repeat_fields
from dashboard.components.set_aside import set_aside_form
from dashboard.components.words import minutes, price_in_words, taxed
from dashboard.formatting import when
from dashboard.held_time import Asked, fit_hold, keep_hold, with_hold
from dashboard.i18n import _
from dashboard.searching import choose_patient

KEY = "new_booking"
FORM = unfinished.Form(
    KEY,
    typed=(*unfinished.Form.typed, *chain_rows.TYPED),
    along=(*unfinished.Form.along, *chain_rows.ALONG),
)


def ask(
    professional_id: int,
    service_id: int | None,
    starts_at: datetime,
    patient: PatientFound | None = None,
) -> None:
    """Open the dialog for this time on the next run, and hold the time."""
    forget()
    if patient is not None:
        take_known(KEY, patient)
    asked = Asked(professional_id, service_id, starts_at, request_key=secrets.token_urlsafe(16))
    st.session_state[KEY] = with_hold(session.signed_in(), asked, service_id)


def add_patient(name_or_phone: str) -> None:
    """Have the open form ask for a new patient, of whom this much is known."""
    start_adding(KEY, name_or_phone)


def is_asked() -> bool:
    return KEY in st.session_state


def forget() -> None:
    """Close the dialog, clear what was typed in it and give the held time back."""
    asked: Asked | None = st.session_state.get(KEY)
    session.forget_typed(KEY)
    if asked is not None and asked.hold_id is not None:
        actor = session.signed_in()
        with session.writing() as db:
            holds.release_hold(db, actor, asked.hold_id)


def _finished() -> None:
    unfinished.done(session.signed_in(), FORM)
    forget()


def dismiss() -> None:
    """Close the dialog unsaved: what was typed is offered when it opens again."""
    unfinished.leave(FORM)
    forget()


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("New booking"), width="medium", on_dismiss=dismiss)(_dialog)()


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    zone = session.zone()
    service = _choose_service(actor, asked, zone)
    asked = st.session_state[KEY] = fit_hold(actor, asked, service)
    keep_hold(actor, asked, key=f"{KEY}_left")
    is_chain = service is not None and chain_rows.is_asked(KEY)
    # A chain says itself what is in its way, and is booked over nobody.
    set_aside = None if is_chain else _show_refusal(actor, asked, zone)
    unfinished.offer(actor, FORM)
    autofocus(f"{KEY}_words", once=asked.request_key)
    chosen = choose_patient(KEY)
    note = st.text_input(_("Note for the desk (optional)"), key=f"{KEY}_note")
    name = chosen.known.name if chosen.known else chosen.new.name if chosen.new else ""
    if service is not None and is_chain:
        back_to_back.book_form(actor, _first(asked, service.id, chosen, note), zone, key=KEY)
        return
    repeats = repeat_fields(asked.starts_at.astimezone(zone).date(), key=KEY)
    if repeats is not None and service is not None:
        series = _series(asked, service.id, repeats, chosen, note=note, zone=zone)
        series_form.book_form(actor, series, zone, key=KEY)
        return
    pressed = st.button(
        _("Book {name}").format(name=feedback.md(name)) if name else _("Book"),
        key=f"{KEY}_book",
        type="primary",
        width="stretch",
        disabled=not name or service is None,
        shortcut=keys.TAKE.press,
    )
    if pressed and service is not None:
        asked = replace(asked, service_id=service.id)
        _save(actor, asked, chosen, note=note, set_aside=set_aside, zone=zone)
    with st.container(horizontal=True, gap="small"):
        if service is not None:
            chain_rows.offer(KEY)
        _or_wait(actor, asked, service, chosen)
        _or_block(actor, asked)


def _or_wait(
    actor: Actor, asked: Asked, service: ServiceThere | None, chosen: PatientChosen
) -> None:
    """The way to the waiting list when no time suits; what is known so far goes along."""
    pressed = st.button(
        _("No time suits? Put on the waiting list"),
        key=f"{KEY}_wait",
        icon=":material/hourglass_empty:",
        type="tertiary",
    )
    if pressed:
        service_id = service.id if service else None
        waiting_asked.ask(chosen, service_id=service_id, professional_id=asked.professional_id)
        unfinished.done(actor, FORM)
        forget()
        st.rerun()


def _or_block(actor: Actor, asked: Asked) -> None:
    """The way to keep the time free of bookings; what was typed here is offered next time."""
    if not blocking.may_block(actor, asked.professional_id):
        return
    if st.button(
        _("Block this time"), key=f"{KEY}_block", icon=":material/block:", type="tertiary"
    ):
        dismiss()
        blocking.ask(asked.professional_id, asked.starts_at)
        st.rerun()


def _choose_service(actor: Actor, asked: Asked, zone: ZoneInfo) -> ServiceThere | None:
    """Show the time, and which services can start then where none was chosen before."""
    now = utc_now()
    with session.reading() as db:
        offered = services_at(
            db,
            actor,
            asked.professional_id,
            asked.starts_at,
            now=now,
            own_hold=asked.hold_id or 0,
        )
        professional = catalog.load_professional(db, actor, asked.professional_id)
        currency = catalog.get_organisation(db).currency
    by_id = {each.id: each for each in offered}
    service_id = asked.service_id
    if service_id is None:
        service_id = _service_box(by_id, _worth_offering(asked, offered))
    chosen = by_id.get(service_id) if service_id is not None else None
    length = timedelta(minutes=chosen.length_minutes if chosen else 0)
    time_line(
        professional.name,
        chosen.name if chosen else "",
        _price_line(chosen, currency) if chosen else "",
        starts_at=asked.starts_at,
        ends_at=asked.starts_at + length,
        zone=zone,
        now=now,
    )
    return chosen


def _worth_offering(asked: Asked, offered: Sequence[ServiceThere]) -> list[int]:
    """What can start then; everything once the time itself is refused."""
    if asked.refused is not None:
        return [each.id for each in offered]
    # What was chosen stays chosen when somebody is quicker: booking it says who it was.
    before = st.session_state.get(f"{KEY}_service")
    return [each.id for each in offered if not each.reasons or each.id == before]


def _service_box(by_id: dict[int, ServiceThere], ids: Sequence[int]) -> int | None:
    return st.selectbox(
        _("Service"),
        ids,
        format_func=lambda id: f"{by_id[id].name} · {minutes(by_id[id].length_minutes)}",
        key=f"{KEY}_service",
        placeholder=_("Nothing fits here any more"),
    )


def _price_line(chosen: ServiceThere, currency: str) -> str:
    if not chosen.price.cents:
        return ""
    return taxed(price_in_words(chosen.price, currency), chosen.tax_rate)


def _show_refusal(actor: Actor, asked: Asked, zone: ZoneInfo) -> SetAside | None:
    """Why the time was refused, the ways out, and booking it all the same where one may."""
    if asked.refused is None:
        return None
    refusal_with_ways_out(asked.refused, zone=zone, now=utc_now(), key=KEY, choose=_take_instead)
    blocking.offer_to_free(actor, asked.professional_id, asked.starts_at, close=dismiss)
    if not allows(actor, Permission.BOOKINGS_OVERRIDE):
        return None
    with session.reading() as db:
        listed = catalog.load_reasons(db, ReasonKind.OVERRIDE)
    return set_aside_form(asked.refused.details.get("reasons", ()), listed, key=KEY)


def _save(
    actor: Actor,
    asked: Asked,
    chosen: PatientChosen,
    *,
    note: str,
    set_aside: SetAside | None,
    zone: ZoneInfo,
) -> None:
    now = utc_now()
    assert asked.service_id is not None
    try:
        with session.writing() as db:
            repeated = find_booked(db, actor, asked.request_key)
            patient_id, name = _patient_of(db, actor, asked, chosen, repeated, now)
            request = BookingRequest(
                professional_id=asked.professional_id,
                service_id=asked.service_id,
                patient_id=patient_id,
                starts_at=asked.starts_at,
                request_key=asked.request_key,
                desk_note=note,
                hold_id=asked.hold_id,
                set_aside=set_aside,
            )
            booking = repeated or book(db, actor, request, now=now)
            professional = catalog.load_professional(db, actor, booking.professional_id)
    except BookingError as refusal:
        kept: Asked = st.session_state[KEY]
        st.session_state[KEY] = replace(
            kept, refused=refusal, request_key=secrets.token_urlsafe(16)
        )
        st.rerun()
    answered.close(actor, booking, now=now)
    unfinished.done(actor, FORM)
    forget()
    feedback.flash(
        _("Booked {patient} with {professional}, {time}.").format(
            patient=name, professional=professional.name, time=when(booking.starts_at, zone, now)
        )
    )
    st.rerun()


def _first(asked: Asked, service_id: int, chosen: PatientChosen, note: str) -> back_to_back.First:
    """The same wish with others right after it."""
    patient_id = chosen.known.id if chosen.known else None
    return back_to_back.First(
        Leg(service_id, patient_id, asked.professional_id),
        asked.starts_at,
        chosen,
        asked.request_key,
        note,
        asked.hold_id,
        done=_finished,
        start_at=_take_instead,
    )


def _series(
    asked: Asked,
    service_id: int,
    repeats: Repeats,
    chosen: PatientChosen,
    *,
    note: str,
    zone: ZoneInfo,
) -> series_form.NewSeries:
    """The same wish on many dates."""
    actor = session.signed_in()
    person = chosen.known or chosen.new
    return series_form.NewSeries(
        SeriesAsked(
            asked.professional_id,
            service_id,
            chosen.known.id if chosen.known else None,
            series_form.minute_of(asked.starts_at, zone),
            repeats,
            hold_id=asked.hold_id,
        ),
        name=person.name if person else "",
        patient_of=lambda db, now: _patient_of(
            db, actor, replace(asked, service_id=service_id), chosen, None, now
        )[0],
        request_key=asked.request_key,
        note=note,
        done=_finished,
    )


def _patient_of(
    db: Session,
    actor: Actor,
    asked: Asked,
    chosen: PatientChosen,
    repeated: Booking | None,
    now: datetime,
) -> tuple[int, str]:
    """Who the booking is for; somebody new is added in the same transaction, once."""
    if chosen.known is not None:
        return chosen.known.id, chosen.known.name
    assert chosen.new is not None
    assert asked.service_id is not None
    if repeated is not None:
        return 0, chosen.new.name
    hold_calendars(db, [asked.professional_id], asked.service_id)
    added = patients.add_patient(db, actor, chosen.new, now=now)
    return added.id, added.name


def _take_instead(starts_at: datetime) -> None:
    """Another time for the same form: what was typed stays, the content is new."""
    asked: Asked = st.session_state[KEY]
    another = replace(
        asked, starts_at=starts_at, request_key=secrets.token_urlsafe(16), refused=None
    )
    service_id = asked.service_id or st.session_state.get(f"{KEY}_service")
    st.session_state[KEY] = with_hold(session.signed_in(), another, service_id)
