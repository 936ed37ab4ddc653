"""Blocking part of a day from a start at the desk, and freeing it again by opening the block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog
from core.db import utc_now
from core.interval import Interval
from core.models import Booking, TimeOff
from core.policy import Actor, Permission, allows
from core.schedule import (
    Absence,
    NewTimeOff,
    enter_time_off,
    load_time_off,
    remove_time_off,
    stranded_bookings,
)
from core.schedule.stranded import TO_COME
from dashboard import feedback, keys, last_step, session, unfinished
from dashboard.components.autofocus import autofocus
from dashboard.components.booking_forms import time_line
from dashboard.components.words import minutes
from dashboard.formatting import clock, phone, time_off_days
from dashboard.i18n import _, ngettext
from dashboard.last_step import Kind
from dashboard.practice import forms

FORM = "block_time"
LENGTHS = (15, 30, 45, 60, 90, 120, 240)
SUGGESTED = 30
FIT, LIST_HEIGHT = 5, 200


@dataclass(frozen=True)
class Asked:
    """From when, in whose calendar."""

    professional_id: int
    starts_at: datetime


def may_block(actor: Actor, professional_id: int) -> bool:
    """The desk in every calendar, a professional in their own."""
    if allows(actor, Permission.TIME_OFF_WRITE):
        return True
    return allows(actor, Permission.SCHEDULE_WRITE_OWN) and actor.professional_id == professional_id


def ask(professional_id: int, starts_at: datetime) -> None:
    """Open the form for this time on the next run."""
    forms.open_form(FORM)
    st.session_state[forms.key("asked")] = Asked(professional_id, starts_at)


def is_asked() -> bool:
    return forms.opened(FORM) is not None


def show(then: Callable[[int], None]) -> None:
    """Draw the form. ``then`` goes on with the visits that are in the way, by the number of
    what was entered; without any the desk is shown again."""
    st.dialog(_("Block this time"), width="medium", on_dismiss=_dismiss)(_dialog)(then)


def _draft() -> unfinished.Form:
    return unfinished.Form(forms.key("block"), name=FORM, typed=("reason",), along=(), search="")


def _dismiss() -> None:
    """Closed unsaved: what was typed is offered when it opens again."""
    unfinished.leave(_draft())
    forms.forget()


def _dialog(then: Callable[[int], None]) -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    asked: Asked = st.session_state[forms.key("asked")]
    draft, zone = _draft(), session.zone()
    unfinished.offer(actor, draft)
    length = st.segmented_control(
        _("For how long?"),
        LENGTHS,
        default=SUGGESTED,
        format_func=minutes,
        key=forms.key("block_length"),
        required=True,
    )
    span = Interval(asked.starts_at, asked.starts_at + timedelta(minutes=length))
    with session.reading() as db:
        name = catalog.load_professional(db, actor, asked.professional_id).name
        booked = stranded_bookings(db, actor, asked.professional_id, span)
    time_line(name, starts_at=span.start, ends_at=span.end, zone=zone, now=utc_now())
    autofocus(forms.key("block_reason"), once=asked.starts_at.isoformat())
    reason = st.text_input(
        _("Reason (optional)"),
        key=forms.key("block_reason"),
        placeholder=_("Meeting, paperwork, a visit at home …"),
    )
    _in_the_way(booked, zone)
    pressed = st.button(
        _("Block, and call whoever is booked") if booked else _("Block"),
        key=forms.key("block_save"),
        type="primary",
        width="stretch",
        shortcut=keys.TAKE.press,
    )
    if pressed:
        request = NewTimeOff(asked.professional_id, span.start, span.end, reason)
        forms.save(
            lambda db, now: _block(db, actor, request, now),
            lambda saved: _blocked(actor, draft, saved, name, then),
            opened,
        )


def _block(
    db: Session, actor: Actor, request: NewTimeOff, now: datetime
) -> tuple[TimeOff, Sequence[Booking]]:
    """Who is in the way is asked once nobody can be booked there any more."""
    time_off = enter_time_off(db, actor, request, now=now)
    span = Interval(request.starts_at, request.ends_at)
    return time_off, stranded_bookings(db, actor, request.professional_id, span)


def _blocked(
    actor: Actor,
    draft: unfinished.Form,
    saved: tuple[TimeOff, Sequence[Booking]],
    professional: str,
    then: Callable[[int], None],
) -> None:
    time_off, booked = saved
    unfinished.done(actor, draft)
    time = time_off_days(time_off.starts_at, time_off.ends_at, session.zone())
    words = _("Blocked for {professional}: {time}.").format(professional=professional, time=time)
    last_step.note_removed(Kind.BLOCKED, time_off.id, words)
    if booked:
        forms.forget()
        feedback.flash(words)
        then(time_off.id)
    forms.finish(words)


def _in_the_way(booked: Sequence[Booking], zone: ZoneInfo) -> None:
    """Who is booked then: the visits stay until they are moved, one after the other."""
    if not booked:
        return
    sentence = ngettext(
        "{count} visit lies in this time. It stays booked, and is next to be moved.",
        "{count} visits lie in this time. They stay booked, and are next to be moved.",
        len(booked),
    )
    st.warning(sentence.format(count=len(booked)), icon=":material/event_busy:")
    with st.container(height=LIST_HEIGHT if len(booked) > FIT else "content", border=False):
        for each in booked:
            patients = [one.patient for one in each.attendees if one.state in TO_COME]
            people = [" ".join([one.name, phone(one.phone)]).strip() for one in patients]
            forms.entry(
                f"{clock(each.starts_at, zone)}-{clock(each.ends_at, zone)}",
                [*people, each.service.name],
            )


def offer_to_free(
    actor: Actor, professional_id: int, at: datetime, close: Callable[[], None]
) -> None:
    """The way to remove the time off that lies there; ``close`` leaves the form it stands in."""
    if not may_block(actor, professional_id):
        return
    for each in _time_off_at(actor, professional_id, at):
        _line(actor, each, close)


def _line(actor: Actor, absence: Absence, close: Callable[[], None]) -> None:
    time = time_off_days(absence.starts_at, absence.ends_at, session.zone())
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(absence.reason or _("Time off"), [time])
        pressed = st.button(
            _("Remove"), key=f"block_free_{absence.id}", icon=":material/event_available:"
        )
    if pressed:
        forms.save(
            lambda db, now: remove_time_off(db, actor, absence.id, now=now),
            lambda _nothing: _freed(absence, time, close),
        )


def _time_off_at(actor: Actor, professional_id: int, at: datetime) -> list[Absence]:
    with session.reading() as db:
        found = load_time_off(db, actor, now=utc_now())
    return [
        each
        for each in found
        if each.professional_id == professional_id and each.starts_at <= at < each.ends_at
    ]


def _freed(absence: Absence, time: str, close: Callable[[], None]) -> None:
    close()
    sentence = _("{professional} can be booked again: {days}.")
    words = sentence.format(professional=absence.professional, days=time)
    last_step.note_removed(Kind.TIME_OFF, absence.id, words)
    feedback.flash(words)
    st.rerun()
