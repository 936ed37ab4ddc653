"""The booking line: the whole booking in one text field, understood as it is typed."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import BookingRequest, book
from core.booking_line import Proposed
from core.db import utc_now
from core.errors import BookingError
from core.patients import PatientFound
from core.policy import Actor
from dashboard import (
    answered,
    feedback,
    keys,
    line_searched,
    new_booking,
    session,
    to_know,
    unfinished,
)
from dashboard.components.line_field import LineTyped, line_field, line_typed
from dashboard.components.patient_picker import describe
from dashboard.components.view_switch import go_on_to
from dashboard.feedback import md
from dashboard.formatting import say, when
from dashboard.i18n import _
from dashboard.line_understood import (
    TIME,
    Chosen,
    Understood,
    choose,
    lists_of,
    professional_said,
    read_out,
    service_said,
    time_id,
    time_said,
    times_of,
    understand_line,
)

KEY = "booking_line"
FIELD = f"{KEY}_text"
LEFT = "line"
SEARCH = f"{KEY}_search"


@dataclass(frozen=True)
class Open:
    """The open line. ``request_key`` is made here, so that a line books once."""

    opened: str
    request_key: str
    chosen: Chosen = field(default_factory=Chosen)
    refused: BookingError | None = None
    start: str = ""
    """What the line is filled with as it opens."""
    seen: "Seen | None" = None
    """What was shown last for what was typed and chosen."""


@dataclass(frozen=True)
class Seen:
    """The booking that was on the screen to be agreed to, or none."""

    patient_id: int | None
    service_id: int | None
    professional_id: int | None
    starts_at: datetime | None

    @classmethod
    def of(cls, found: Understood) -> "Seen":
        patient, proposed = found.meaning.patient, found.proposed
        return cls(
            patient.id if patient else None,
            proposed.service_id,
            proposed.professional_id,
            proposed.starts_at,
        )


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
    st.dialog(_("Type a booking"), width="large", on_dismiss=_dismiss)(_dialog)()


def _dismiss() -> None:
    """Close the line unsaved: what stood in it is offered when it opens again."""
    st.session_state[f"{KEY}_{LEFT}"] = line_typed(FIELD).text  # Escape may just have cleared it
    line_searched.settle(session.current_actor(), SEARCH)
    unfinished.leave(FORM)
    forget()


def _fill() -> None:
    """Start the line anew with what was left there."""
    left = st.session_state[f"{KEY}_{LEFT}"]
    st.session_state[KEY] = Open(secrets.token_hex(4), secrets.token_urlsafe(16), start=left)


FORM = unfinished.Form(KEY, typed=(LEFT,), along=(), search="", then=_fill)


def _finished(actor: Actor) -> None:
    line_searched.settle(actor, SEARCH)
    unfinished.done(actor, FORM)
    forget()


def _dialog() -> None:
    actor = session.signed_in()
    state: Open | None = st.session_state.get(KEY)
    if state is None:
        st.rerun()
    typed = line_typed(FIELD)
    st.session_state[f"{KEY}_{LEFT}"] = typed.text
    state, found = _understand(actor, state, typed)
    line_field(
        label=_("Day, time, patient, service, professional, in any order"),
        placeholder=_("tue 10 silva follow-up"),
        choices=_("What could be meant"),
        lists=lists_of(found) if found else (),
        said=read_out(found) if found else "",
        once=state.opened,
        key=FIELD,
        start=state.start,
    )
    unfinished.offer(actor, FORM)
    if found is None:
        line_searched.settle(actor, SEARCH)
        _hints()
        return
    line_searched.remember(SEARCH, found, state.opened)
    _take_picked(found, typed)
    _show_understood(found)
    if state.refused is not None:
        feedback.refuse(state.refused)
    _book_button(actor, state, found, enter=typed.is_meant)
    st.session_state[KEY] = replace(state, seen=Seen.of(found))


def _understand(actor: Actor, state: Open, typed: LineTyped) -> tuple[Open, Understood | None]:
    """What the line means, with what was picked from its lists just now."""
    if not typed.text.strip():
        return state, None
    if state.chosen.text != typed.text:
        state = Open(state.opened, state.request_key, Chosen(typed.text))
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        found = understand_line(db, actor, state.chosen, zone, now=now)
        chosen = choose(found, typed.picked)
        if chosen is not None:
            state = replace(state, chosen=chosen, refused=None, seen=None)
            found = understand_line(db, actor, chosen, zone, now=now)
    # Words are agreed to as they are first shown, even if Enter cuts this run short.
    state = replace(state, seen=state.seen or Seen.of(found))
    st.session_state[KEY] = state
    return state, found


def _take_picked(found: Understood, typed: LineTyped) -> None:
    """On in the booking form, with the time that was picked of those that are free instead."""
    for each in times_of(found):
        if typed.picked == f"{TIME}-{time_id(each)}":
            assert found.proposed.service_id is not None
            service_id, patient = found.proposed.service_id, found.meaning.patient
            _take(each.professional_id, service_id, each.starts_at, patient)
            st.rerun()


def _hints() -> None:
    st.caption(
        _(
            "For example **tomorrow 14:30 dr ruiz silva**, **next tue afternoon silva check-up**, "
            "**12.01. 9h physiotherapy +351 912 …** "
            "or **silva follow-up** for the next free time. Enter books, Escape clears; what could "
            "mean several is listed, and Arrow Down goes through it."
        )
    )


def _show_understood(found: Understood) -> None:
    """What the line was taken to mean, part by part."""
    meaning = found.meaning
    parts = [
        time_said(found),
        describe(meaning.patient) if meaning.patient else _("which patient?"),
        service_said(found) or _("which service?"),
        professional_said(found) or _("anybody"),
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


def _book_button(actor: Actor, state: Open, found: Understood, *, enter: bool) -> None:
    meaning, starts_at = found.meaning, found.proposed.starts_at
    if starts_at is None:
        _say_why_not(found)
    elif found.may_be_new:
        st.button(
            _("Book for a new patient"),
            key=f"{KEY}_new",
            icon=":material/person_add:",
            shortcut=keys.TAKE.press,
            on_click=_take_new,
            args=(found.proposed, meaning.unknown),
        )
    elif meaning.patient is not None and found.can_be_booked:
        pressed = st.button(
            _("Book {name}, {time}").format(
                name=md(meaning.patient.name), time=when(starts_at, found.zone, found.now)
            ),
            key=f"{KEY}_book",
            type="primary",
            shortcut=keys.TAKE.press,
            width="stretch",
        )
        if not (pressed or enter):
            return
        if state.seen != Seen.of(found):
            st.warning(_("The times have changed in the meantime. Please look again."))
        else:
            _save(actor, state, meaning.patient, found.proposed, found.zone)


def _say_why_not(found: Understood) -> None:
    for reason in found.proposed.reasons:
        st.error(say(reason), icon=":material/block:")
    if found.proposed.service_id is not None and not found.proposed.other_times:
        st.info(_("Nothing is free in the time that can be booked."), icon=":material/event_busy:")


def _take_new(proposed: Proposed, name: str) -> None:
    """On in the booking form, with the name or number that nobody has."""
    assert proposed.starts_at is not None
    assert proposed.professional_id is not None
    assert proposed.service_id is not None
    _take(proposed.professional_id, proposed.service_id, proposed.starts_at, None)
    new_booking.add_patient(name)


def _take(
    professional_id: int, service_id: int, starts_at: datetime, patient: PatientFound | None
) -> None:
    actor, zone = session.signed_in(), session.zone()
    _finished(actor)
    go_on_to(starts_at.astimezone(zone).date())
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
    answered.close(actor, booking, now=now)
    _finished(actor)
    feedback.flash(
        _("Booked {patient} with {professional}, {time}.").format(
            patient=patient.name,
            professional=proposed.professional,
            time=when(booking.starts_at, zone, now),
        )
    )
    go_on_to(booking.starts_at.astimezone(zone).date())
    st.rerun()
