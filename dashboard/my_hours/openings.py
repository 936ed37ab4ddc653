"""One-off openings: extra time published once, changed, withdrawn and put back."""

from datetime import date, datetime, timedelta

import streamlit as st

from core.changing_hours import drop_opening, instant_on, move_opening
from core.db import utc_now
from core.errors import N_, BookingError, Invalid
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


def show(actor: Actor, professional_id: int) -> None:
    """The openings to come, and the form for another."""
    with session.reading() as db:
        openings = load_openings(db, actor, professional_id, now=utc_now())
    st.subheader(_("Openings"), anchor=False)
    st.caption(_("Extra time on one date, beside the weekly hours: a Saturday morning, say."))
    _publish(actor, professional_id)
    if openings:
        with st.container(border=True, gap="small"):
            for each in openings:
                _row(actor, each)
    else:
        st.caption(_("No openings to come."))
    if forms.opened(FORM):
        forms.show_dialog(_("Change opening"), _dialog)


def _publish(actor: Actor, professional_id: int) -> None:
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
    )


def _published(opening: Opening) -> None:
    st.session_state[TURN] += 1
    feedback.flash(_("Published: {time}.").format(time=_time(opening)))
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


def _row(actor: Actor, opening: Opening) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(_time(opening), ())
        forms.edit_button(FORM, opening.id, opening.version, _time(opening))
        pressed = st.button(
            _("Withdraw"), key=f"opening_withdraw_{opening.id}", icon=":material/delete:"
        )
    if pressed:
        forms.save(
            lambda db, now: drop_opening(db, actor, opening.id, now=now),
            lambda handed: _withdrawn(opening, handed),
        )


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
    forms.save(
        lambda db, now: move_opening(db, actor, request, now=now),
        lambda handed: forms.finish(with_handed(_changed(span), handed)),
        opened,
    )


def _changed(span: tuple[datetime, datetime]) -> str:
    return _("The opening is {time} now.").format(time=time_off_days(*span, session.zone()))


def _time(opening: Opening) -> str:
    return time_off_days(opening.starts_at, opening.ends_at, session.zone())
