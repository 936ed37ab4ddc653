"""One-off openings: extra time published once, changed, withdrawn and put back."""

from datetime import date, datetime, timedelta
from functools import partial

import streamlit as st

from core.changing_hours import drop_opening, instant_on, move_opening
from core.db import utc_now
from core.errors import N_, BookingError, Invalid, Stale
from core.models import Opening
from core.policy import Actor
from core.schedule import ChangedOpening, NewOpening, load_openings, publish_opening
from dashboard import feedback, last_step, session
from dashboard.formatting import day, time_off_days
from dashboard.i18n import _
from dashboard.last_step import Kind
from dashboard.my_hours.saving import with_handed
from dashboard.my_hours.typed import clock_of, minute_of
from dashboard.practice import forms

FORM = "opening"
NEW = "opening_new"
TURN = "opening_turn"
PUBLISHED = "opening_published"
"""What follows once it is published: a second click finds it here and publishes nothing."""
WITHDRAW = "opening_to_withdraw"


def show(actor: Actor, professional_id: int) -> None:
    """The openings to come, and the form for another."""
    with session.reading() as db:
        openings = load_openings(db, actor, professional_id, now=utc_now())
    st.subheader(_("Openings"), anchor=False)
    st.caption(_("Extra time on one date, beside the weekly hours: a Saturday morning, say."))
    _publish(actor, professional_id)
    _withdraw(actor)
    if openings:
        with st.container(border=True, gap="small"):
            for each in openings:
                _row(each)
    else:
        st.caption(_("No openings to come."))
    if forms.opened(FORM):
        forms.show_dialog(_("Change opening"), _dialog)


def _publish(actor: Actor, professional_id: int) -> None:
    publishing: forms.Opened = st.session_state.setdefault(PUBLISHED, forms.Opened(NEW))
    if publishing.then is not None:
        publishing.then()
    turn = st.session_state.setdefault(TURN, 0)
    today = utc_now().astimezone(session.zone()).date()
    on, starts, ends, pressed = _fields(
        f"{NEW}_{turn}", today + timedelta(days=1), "", "", _("Publish the opening")
    )
    if not pressed:
        return
    try:
        span = _span(on, starts, ends)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    request = NewOpening(professional_id, *span)
    forms.save(
        lambda db, now: publish_opening(db, actor, request, now=now),
        _published,
        publishing,
    )


def _published(opening: Opening) -> None:
    feedback.flash(_("Published: {time}.").format(time=_time(opening)))
    st.session_state[TURN] += 1
    st.session_state.pop(PUBLISHED)
    st.rerun()


def _fields(key: str, on: date, starts: str, ends: str, label: str) -> tuple[date, str, str, bool]:
    with (
        st.form(key, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        chosen = st.date_input(_("Date"), on, key=f"{key}_on", format="DD.MM.YYYY", width=160)
        first = st.text_input(
            _("From"), starts, key=f"{key}_from", placeholder="9:00", max_chars=5, width=90
        )
        last = st.text_input(
            _("To"),
            ends,
            key=f"{key}_to",
            placeholder="12:00",
            max_chars=5,
            width=90,
            help=_("Past midnight hours count on: 30:00 is 6 in the morning."),
        )
        pressed = st.form_submit_button(label, type="primary")
    return chosen, first, last, pressed


def _span(on: date, starts: str, ends: str) -> tuple[datetime, datetime]:
    """The two instants, or ``Invalid`` for what is no time, or a time the clock leaves out."""
    zone, named = session.zone().key, day(on, utc_now().date())
    first, last = minute_of(starts, named), minute_of(ends, named)
    if first is None or last is None:
        raise Invalid(N_("Please enter from when to when."), field="starts_at")
    return instant_on(zone, on, first), instant_on(zone, on, last, latest=True)


def _row(opening: Opening) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(_time(opening), ())
        forms.edit_button(FORM, opening.id, opening.version, _time(opening))
        st.button(
            _("Withdraw"),
            key=f"opening_withdraw_{opening.id}",
            icon=":material/delete:",
            on_click=_ask_to_withdraw,
            args=(opening,),
        )


def _ask_to_withdraw(opening: Opening) -> None:
    st.session_state[WITHDRAW] = opening


def _withdraw(actor: Actor) -> None:
    """Take back the opening whose button was pressed, if it still is as it was drawn."""
    opening: Opening | None = st.session_state.pop(WITHDRAW, None)
    if opening is None:
        return
    try:
        with session.writing() as db:
            handed = drop_opening(db, actor, opening.id, now=utc_now(), version=opening.version)
    except BookingError as refusal:
        _refuse(refusal)
        return
    _withdrawn(opening, handed)


def _refuse(refusal: BookingError) -> None:
    """Why not; of what somebody has moved meanwhile also what it is now."""
    feedback.refuse(refusal)
    if isinstance(refusal, Stale):
        span = refusal.details["starts_at"], refusal.details["ends_at"]
        st.caption(feedback.md(_changed(span)))


def _withdrawn(opening: Opening, handed: int) -> None:
    done = with_handed(_("Withdrawn: {time}.").format(time=_time(opening)), handed)
    last_step.note_removed(Kind.OPENING, opening.id, done)
    feedback.flash(done)
    st.rerun()


def _dialog() -> None:
    actor, opened, zone = session.signed_in(), forms.current(FORM), session.zone()
    with session.reading() as db:
        own = load_openings(db, actor, actor.professional_id or 0, now=utc_now())
    opening = next((each for each in own if each.id == opened.id), None)
    if opening is None:
        st.info(_("This opening is not there any more."))
        return
    first, last = opening.starts_at.astimezone(zone), opening.ends_at.astimezone(zone)
    nights = (last.date() - first.date()).days
    on, starts, ends, pressed = _fields(
        forms.key("opening"),
        first.date(),
        clock_of(first.hour * 60 + first.minute),
        clock_of(nights * 24 * 60 + last.hour * 60 + last.minute),
        _("Save"),
    )
    if not pressed:
        return
    try:
        span = _span(on, starts, ends)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    request = ChangedOpening(opening.id, opened.version, *span)
    try:
        with session.writing() as db:
            handed = move_opening(db, actor, request, now=utc_now())
    except BookingError as refusal:
        _refuse(refusal)
        opened.version = refusal.details.get("version", opened.version)
        return
    opened.then = partial(forms.finish, with_handed(_changed(span), handed))
    opened.then()


def _changed(span: tuple[datetime, datetime]) -> str:
    return _("The opening is {time} now.").format(time=time_off_days(*span, session.zone()))


def _time(opening: Opening) -> str:
    return time_off_days(opening.starts_at, opening.ends_at, session.zone())
