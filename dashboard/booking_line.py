"""The booking line: the whole booking in one text field, understood as it is typed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import BookingRequest, book
from core.booking_line import (
    Meaning,
    Named,
    Proposed,
    propose,
    read_line,
    services_offered,
    understand,
)
from core.catalog import get_organisation
from core.db import utc_now
from core.errors import BookingError
from core.patients import PatientFound
from core.policy import Actor
from dashboard import feedback, keys, new_booking, session, to_know, unfinished
from dashboard.components.line_field import line_field
from dashboard.components.patient_picker import describe
from dashboard.components.view_switch import DAY
from dashboard.components.wish_fields import PARTS
from dashboard.feedback import md
from dashboard.formatting import day, say, when
from dashboard.i18n import _
from dashboard.line_words import line_words

KEY = "booking_line"
MOST_SERVICES = 12
LEFT = "line"
PATIENT, SERVICE, PROFESSIONAL = "patient", "service", "professional"


@dataclass(frozen=True)
class Open:
    """The open line. ``request_key`` is made here, so that a line books once."""

    opened: str
    request_key: str
    chosen_text: str = ""
    """The line the choices below were made for; another line forgets them."""
    reading: int = 0
    patient: PatientFound | None = None
    service: Named | None = None
    professional: Named | None = None
    refused: BookingError | None = None
    start: str = ""
    """What the line is filled with as it opens."""


def open() -> None:
    """Open the line on the next run."""
    forget()
    new_booking.forget()
    st.session_state[KEY] = Open(secrets.token_hex(4), secrets.token_urlsafe(16))


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    session.forget_typed(KEY)


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("Book in one line"), width="large", on_dismiss=_dismiss)(_dialog)()


def _dismiss() -> None:
    """Close the line unsaved: what stood in it is offered when it opens again."""
    unfinished.leave(FORM)
    forget()


def _fill() -> None:
    """Start the line anew with what was left there."""
    left = st.session_state[f"{KEY}_{LEFT}"]
    st.session_state[KEY] = Open(secrets.token_hex(4), secrets.token_urlsafe(16), start=left)


FORM = unfinished.Form(KEY, typed=(LEFT,), along=(), search=LEFT, then=_fill)


def _finished(actor: Actor) -> None:
    unfinished.done(actor, FORM)
    forget()


def _dialog() -> None:
    actor = session.signed_in()
    state: Open | None = st.session_state.get(KEY)
    if state is None:
        st.rerun()
    typed = line_field(
        label=_("Day, time, patient, service, professional, in any order"),
        placeholder=_("tue 10 silva follow-up"),
        once=_turn_of(state),
        key=f"{KEY}_text",
        start=state.start,
    )
    st.session_state[f"{KEY}_{LEFT}"] = typed.text
    unfinished.offer(actor, FORM)
    if not typed.text.strip():
        _hints()
        return
    if state.chosen_text != typed.text:
        state = Open(state.opened, state.request_key, chosen_text=typed.text)
        st.session_state[KEY] = state
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        country = get_organisation(db).country
        here = now.astimezone(zone)
        line = read_line(
            typed.text,
            line_words(),
            today=here.date(),
            minute=here.hour * 60 + here.minute,
            country=country,
        )
        readings = understand(db, actor, line, now=now)
        meaning = _as_chosen(readings[min(state.reading, len(readings) - 1)], state)
        proposed = propose(db, actor, meaning, now=now)
        offered = services_offered(db, proposed.professional_id)
    _show_understood(meaning, proposed, offered, zone, now)
    _ask_which(meaning, proposed, offered)
    _other_readings(readings, meaning, state)
    if state.refused is not None:
        feedback.refuse(state.refused)
    _book_button(actor, state, meaning, proposed, zone, enter=typed.is_meant)


def _turn_of(state: Open) -> str:
    """Changes with every choice: the pressed button is gone, so the field takes the focus."""
    chosen = (state.patient, state.service, state.professional)
    ids = (str(each.id) if each else "" for each in chosen)
    return "-".join([state.opened, str(state.reading), *ids])


def _hints() -> None:
    st.caption(
        _(
            "For example **tomorrow 14:30 dr ruiz silva**, **next tue afternoon silva check-up**, "
            "**12.01. 9h physiotherapy +351 912 …** "
            "or **silva follow-up** for the next free time. Enter books, Escape clears."
        )
    )


def _show_understood(
    meaning: Meaning, proposed: Proposed, offered: Sequence[Named], zone: ZoneInfo, now: datetime
) -> None:
    """What the line was taken to mean, in one line."""
    service = next((each.name for each in offered if each.id == proposed.service_id), "")
    if service and proposed.is_usual_service:
        service = _("{service} (as last time)").format(service=service)
    professional = proposed.professional or ", ".join(each.name for each in meaning.professionals)
    patient = describe(meaning.patient) if meaning.patient else ""
    parts = [
        _time_of(meaning, proposed, zone, now),
        patient or _("which patient?"),
        service or _("which service?"),
        professional or _("anybody"),
    ]
    with st.container(border=True, key=f"{KEY}_understood"):
        st.markdown(
            "  \n".join(f"**{md(each)}**" if n == 0 else md(each) for n, each in enumerate(parts))
        )
    if meaning.patient is not None:
        to_know.tell(meaning.patient.id)
    if meaning.unknown:
        st.warning(
            _("I do not understand “{words}”. Nothing is booked until I do.").format(
                words=md(meaning.unknown)
            ),
            icon=":material/help:",
        )


def _time_of(meaning: Meaning, proposed: Proposed, zone: ZoneInfo, now: datetime) -> str:
    if proposed.starts_at is not None:
        return when(proposed.starts_at, zone, now)
    today = now.astimezone(zone).date()
    said = [day(meaning.on, today)] if meaning.on else []
    if meaning.minute is not None:
        said.append(f"{meaning.minute // 60:02}:{meaning.minute % 60:02}")
    elif meaning.part is not None:
        said.append(_(PARTS[meaning.part]).lower())
    if not said:
        return _("next free time")
    if proposed.service_id is None:
        return " ".join(said)
    return _("{time} is not free").format(time=" ".join(said))


def _ask_which(meaning: Meaning, proposed: Proposed, offered: Sequence[Named]) -> None:
    """A short list for each part that could be several."""
    if len(meaning.patients) > 1:
        listed = [(each, describe(each)) for each in meaning.patients]
        _choices(_("Which patient?"), PATIENT, listed)
    if len(meaning.professionals) > 1:
        named = [(each, each.name) for each in meaning.professionals]
        question = _("Which professional? The first who is free, unless you choose.")
        _choices(question, PROFESSIONAL, named)
    if proposed.service_id is None and len(meaning.patients) < 2:
        services = (meaning.services or tuple(offered))[:MOST_SERVICES]
        _choices(_("Which service?"), SERVICE, [(each, each.name) for each in services])


def _choices(question: str, part: str, listed: Sequence[tuple[PatientFound | Named, str]]) -> None:
    st.write(question)
    with st.container(horizontal=True, gap="small"):
        for each, name in listed:
            st.button(md(name), key=f"{KEY}_{part}_{each.id}", on_click=_choose, args=(part, each))


def _choose(part: str, chosen: PatientFound | Named) -> None:
    state: Open = st.session_state[KEY]
    if isinstance(chosen, PatientFound):
        state = replace(state, patient=chosen)
    elif part == SERVICE:
        state = replace(state, service=chosen)
    else:
        state = replace(state, professional=chosen)
    st.session_state[KEY] = replace(state, refused=None)


def _other_readings(readings: Sequence[Meaning], shown: Meaning, state: Open) -> None:
    """Other ways to understand the same words."""
    if len(readings) < 2 or state.patient or state.professional or state.service:
        return
    st.caption(_("Or did you mean:"))
    with st.container(horizontal=True, gap="small"):
        for number, each in enumerate(readings):
            if each.fit != shown.fit or number != state.reading:
                st.button(
                    md(_reading_words(each)),
                    key=f"{KEY}_reading_{number}",
                    type="tertiary",
                    on_click=_read_as,
                    args=(number,),
                )


def _reading_words(meaning: Meaning) -> str:
    patients = (
        meaning.patients[0].name
        if len(meaning.patients) == 1
        else _("{count} patients").format(count=len(meaning.patients))
        if meaning.patients
        else ""
    )
    names = [each.name for each in (*meaning.services[:1], *meaning.professionals[:1])]
    return " · ".join(each for each in (patients, *names) if each)


def _read_as(number: int) -> None:
    state: Open = st.session_state[KEY]
    st.session_state[KEY] = replace(state, reading=number, refused=None)


def _as_chosen(meaning: Meaning, state: Open) -> Meaning:
    """The reading with what was picked from its short lists."""
    return replace(
        meaning,
        patients=(state.patient,) if state.patient else meaning.patients,
        services=(state.service,) if state.service else meaning.services,
        professionals=(state.professional,) if state.professional else meaning.professionals,
    )


def _book_button(
    actor: Actor,
    state: Open,
    meaning: Meaning,
    proposed: Proposed,
    zone: ZoneInfo,
    *,
    enter: bool,
) -> None:
    if proposed.starts_at is None:
        _offer_other_times(meaning, proposed, zone)
        return
    if meaning.unknown and meaning.patients:
        return  # part of the line was not understood: nothing is booked on the rest
    if meaning.patient is None:
        _offer_new_patient(meaning, proposed)
        return
    now = utc_now()
    pressed = st.button(
        _("Book {name}, {time}").format(
            name=md(meaning.patient.name), time=when(proposed.starts_at, zone, now)
        ),
        key=f"{KEY}_book",
        type="primary",
        shortcut=keys.TAKE.press,
        width="stretch",
    )
    if pressed or enter:
        _save(actor, state, meaning.patient, proposed, zone)


def _offer_new_patient(meaning: Meaning, proposed: Proposed) -> None:
    if meaning.patients or not meaning.unknown or meaning.has_unread:
        return
    st.button(
        _("Book for a new patient"),
        key=f"{KEY}_new",
        icon=":material/person_add:",
        on_click=_take_new,
        args=(proposed, meaning.unknown),
    )


def _take_new(proposed: Proposed, name: str) -> None:
    """On in the booking form, with the name or number that nobody has."""
    assert proposed.starts_at is not None
    assert proposed.professional_id is not None
    assert proposed.service_id is not None
    _take(proposed.professional_id, proposed.service_id, proposed.starts_at, None)
    new_booking.add_patient(name)


def _offer_other_times(meaning: Meaning, proposed: Proposed, zone: ZoneInfo) -> None:
    """Why not, and what is free instead: a press goes on in the booking form."""
    for reason in proposed.reasons:
        st.error(say(reason), icon=":material/block:")
    if proposed.service_id is None:
        return
    if not proposed.other_times:
        st.info(_("Nothing is free in the time that can be booked."), icon=":material/event_busy:")
        return
    st.write(_("Free instead:"))
    now = utc_now()
    with st.container(horizontal=True, gap="small"):
        for each in proposed.other_times:
            st.button(
                md(f"{when(each.starts_at, zone, now)} · {each.professional}"),
                key=f"{KEY}_take_{each.professional_id}_{each.starts_at.timestamp():.0f}",
                on_click=_take,
                args=(each.professional_id, proposed.service_id, each.starts_at, meaning.patient),
            )


def _take(
    professional_id: int, service_id: int, starts_at: datetime, patient: PatientFound | None
) -> None:
    actor, zone = session.signed_in(), session.zone()
    _finished(actor)
    st.session_state[DAY] = starts_at.astimezone(zone).date()
    new_booking.ask(professional_id, service_id, starts_at, patient)


def _save(
    actor: Actor, state: Open, patient: PatientFound, proposed: Proposed, zone: ZoneInfo
) -> None:
    now = utc_now()
    assert proposed.starts_at is not None
    assert proposed.professional_id is not None
    assert proposed.service_id is not None
    request = BookingRequest(
        professional_id=proposed.professional_id,
        service_id=proposed.service_id,
        patient_id=patient.id,
        starts_at=proposed.starts_at,
        request_key=state.request_key,
    )
    try:
        with session.writing() as db:
            booking = book(db, actor, request, now=now)
    except BookingError as refusal:
        st.session_state[KEY] = replace(
            state, refused=refusal, request_key=secrets.token_urlsafe(16)
        )
        st.rerun(scope="fragment")
    _finished(actor)
    feedback.flash(
        _("Booked {patient} with {professional}, {time}.").format(
            patient=patient.name,
            professional=proposed.professional,
            time=when(booking.starts_at, zone, now),
        )
    )
    st.session_state[DAY] = booking.starts_at.astimezone(zone).date()
    st.rerun()
