"""Single dates with other hours than their weekday, or closed."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import streamlit as st

from core.changing_hours import save_date_hours, usual_hours_again
from core.db import utc_now
from core.errors import BookingError, Stale
from core.models import HoursKind
from core.policy import Actor
from core.schedule import DayWindow, HoursOfDate, SeenOfDate, load_date_hours
from core.what_if import WhatIfAsked, what_if
from dashboard import feedback, session
from dashboard.formatting import day
from dashboard.i18n import _
from dashboard.my_hours.saving import show_stranded, with_handed
from dashboard.my_hours.typed import clock_of, spans_of
from dashboard.practice import forms

FORM = "date_hours"
TURN = "date_hours_turn"
USUAL = "date_hours_usual"

Drawn = Mapping[date, tuple[DayWindow, ...]]
"""The dates that differ, as they stand on the page."""


def show(actor: Actor, professional_id: int) -> None:
    """The dates to come that differ, and the form for another."""
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        dates = load_date_hours(db, actor, professional_id, today)
    st.subheader(_("Dates with other hours"), anchor=False)
    _enter(actor, professional_id, today, {each.on_date: each.windows for each in dates})
    _take_back(actor, today)
    if dates:
        with st.container(border=True, gap="small"):
            for each in dates:
                _row(each, today)
    else:
        st.caption(_("Every date has the hours of its weekday."))


def _enter(actor: Actor, professional_id: int, today: date, drawn: Drawn) -> None:
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
    seen = st.session_state.setdefault(f"{FORM}_{turn}_seen_{on}", SeenOfDate(drawn.get(on)))
    try:
        request = HoursOfDate(
            professional_id, on, () if is_closed else _windows(typed, day(on, today)), seen
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
        _save(actor, request, today)


def _save(actor: Actor, request: HoursOfDate, today: date) -> None:
    try:
        with session.writing() as db:
            handed = save_date_hours(db, actor, request, now=utc_now())
    except Stale as stale:
        _tell(stale, request.on_date, today)
        # Whoever saves again has read what the date is now.
        turn = st.session_state[TURN]
        st.session_state[f"{FORM}_{turn}_seen_{request.on_date}"] = stale.details["stands"]
        return
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    _saved(with_handed(_sentence(request, today), handed))


def _tell(stale: Stale, on: date, today: date) -> None:
    """Who changed the date, and what it is now."""
    feedback.refuse(stale)
    stands: SeenOfDate = stale.details["stands"]
    if stands.windows is None:
        sentence = _("{day} has the hours of its weekday again.").format(day=day(on, today))
    else:
        sentence = _("{day} is {hours} now.").format(
            day=day(on, today), hours=hours_words(stands.windows)
        )
    st.caption(feedback.md(sentence))


def _windows(typed: str, on: str) -> tuple[DayWindow, ...]:
    return tuple(DayWindow(start, end) for start, end in spans_of(typed, on))


def _saved(sentence: str) -> None:
    """The form begins anew."""
    st.session_state[TURN] += 1
    feedback.flash(sentence)
    st.rerun()


def _sentence(request: HoursOfDate, today: date) -> str:
    return f"{day(request.on_date, today)}: {hours_words(request.windows)}."


def hours_words(windows: Iterable[DayWindow]) -> str:
    """ "09:00-12:00, 14:00-18:00", breaks named, or that there are none."""
    spans = [
        f"{clock_of(each.starts_minute)}-{clock_of(each.ends_minute)}"
        + (f" ({_('Break')})" if each.kind is HoursKind.BREAK else "")
        for each in windows
    ]
    return ", ".join(spans) or _("not at work")


def _row(hours: HoursOfDate, today: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(day(hours.on_date, today), [hours_words(hours.windows)])
        st.button(
            _("Usual hours again"),
            key=f"date_hours_clear_{hours.on_date}",
            icon=":material/undo:",
            on_click=_ask_usual,
            args=(hours,),
        )


def _ask_usual(hours: HoursOfDate) -> None:
    st.session_state[USUAL] = hours


def _take_back(actor: Actor, today: date) -> None:
    """The usual hours for the date whose button was pressed, as it was when it was drawn."""
    asked: HoursOfDate | None = st.session_state.pop(USUAL, None)
    if asked is None:
        return
    on, seen = asked.on_date, SeenOfDate(asked.windows)
    try:
        with session.writing() as db:
            handed = usual_hours_again(
                db, actor, asked.professional_id, on, now=utc_now(), seen=seen
            )
    except Stale as stale:
        _tell(stale, on, today)
        return
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    sentence = _("{day} has the hours of its weekday again.").format(day=day(on, today))
    feedback.flash(with_handed(sentence, handed))
    st.rerun()
