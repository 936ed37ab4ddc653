"""Single dates with other hours than their weekday, or closed."""

from datetime import date, timedelta

import streamlit as st

from core.changing_hours import save_date_hours, usual_hours_again
from core.db import utc_now
from core.errors import BookingError
from core.models import HoursKind
from core.policy import Actor
from core.schedule import DayWindow, HoursOfDate, load_date_hours
from core.what_if import WhatIfAsked, what_if
from dashboard import feedback, session
from dashboard.formatting import day
from dashboard.i18n import _
from dashboard.my_hours.saving import show_stranded, with_handed
from dashboard.my_hours.typed import clock_of, spans_of
from dashboard.practice import forms

FORM = "date_hours"
TURN = "date_hours_turn"


def show(actor: Actor, professional_id: int) -> None:
    """The dates to come that differ, and the form for another."""
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        dates = load_date_hours(db, actor, professional_id, today)
    st.subheader(_("Dates with other hours"), anchor=False)
    _enter(actor, professional_id, today)
    if dates:
        with st.container(border=True, gap="small"):
            for each in dates:
                _row(actor, each, today)
    else:
        st.caption(_("Every date has the hours of its weekday."))


def _enter(actor: Actor, professional_id: int, today: date) -> None:
    turn = st.session_state.setdefault(TURN, 0)
    st.session_state.setdefault(f"{FORM}_{turn}_on", today + timedelta(days=1))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = st.date_input(
            _("Date"), min_value=today, key=f"{FORM}_{turn}_on", format="DD.MM.YYYY", width=160
        )
        is_closed = st.toggle(_("Not at work that day"), key=f"{FORM}_{turn}_closed")
        typed = st.text_input(
            _("Hours"),
            key=f"{FORM}_{turn}_hours",
            placeholder="9-12, 14-18",
            help=_("Past midnight hours count on: 22-30 is until 6 in the morning."),
            disabled=is_closed,
            width=220,
        )
        pressed = st.button(
            _("Save the date"),
            key=f"{FORM}_{turn}_save",
            type="primary",
            disabled=not (is_closed or typed.strip()),
        )
    if not (is_closed or typed.strip()):
        return
    try:
        request = HoursOfDate(
            professional_id, on, () if is_closed else _windows(typed, day(on, today))
        )
        asked = WhatIfAsked(professional_id, on, on, dates=(request,))
        with session.reading() as db:
            stranded = what_if(db, actor, asked, now=utc_now()).stranded
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    if stranded and not pressed:
        show_stranded(stranded)
    if pressed:
        forms.save(
            lambda db, now: save_date_hours(db, actor, request, now=now),
            lambda handed: _saved(with_handed(_sentence(request, today), handed)),
        )


def _windows(typed: str, on: str) -> tuple[DayWindow, ...]:
    return tuple(DayWindow(start, end) for start, end in spans_of(typed, on))


def _saved(sentence: str) -> None:
    """The form begins anew."""
    st.session_state[TURN] += 1
    feedback.flash(sentence)
    st.rerun()


def _sentence(request: HoursOfDate, today: date) -> str:
    return f"{day(request.on_date, today)}: {hours_words(request)}."


def hours_words(hours: HoursOfDate) -> str:
    """ "09:00-12:00, 14:00-18:00", breaks named, or that there are none."""
    spans = [
        f"{clock_of(each.starts_minute)}-{clock_of(each.ends_minute)}"
        + (f" ({_('Break')})" if each.kind is HoursKind.BREAK else "")
        for each in hours.windows
    ]
    return ", ".join(spans) or _("not at work")


def _row(actor: Actor, hours: HoursOfDate, today: date) -> None:
    named = day(hours.on_date, today)
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(named, [hours_words(hours)])
        pressed = st.button(
            _("Usual hours again"),
            key=f"date_hours_clear_{hours.on_date}",
            icon=":material/undo:",
        )
    if pressed:
        sentence = _("{day} has the hours of its weekday again.").format(day=named)
        forms.save(
            lambda db, now: usual_hours_again(
                db, actor, hours.professional_id, hours.on_date, now=now
            ),
            lambda handed: _said(with_handed(sentence, handed)),
        )


def _said(sentence: str) -> None:
    feedback.flash(sentence)
    st.rerun()
