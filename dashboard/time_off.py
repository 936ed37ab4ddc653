"""Entering a professional's absence, with the bookings in its way, and those to come."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from core import catalog
from core.db import utc_now
from core.interval import Interval
from core.models import Booking, TimeOff, TimeOffKind
from core.policy import Actor, Permission, allows
from core.schedule import (
    Absence,
    NewTimeOff,
    enter_time_off,
    remove_time_off,
    stranded_bookings,
)
from core.schedule.stranded import TO_COME
from dashboard import feedback, last_step, open_booking, session, unfinished
from dashboard.components.autofocus import autofocus
from dashboard.formatting import clock, phone, time_off_days, when
from dashboard.i18n import N_, _, ngettext
from dashboard.last_step import Kind
from dashboard.practice import forms

FORM = "time_off"
TURN = "time_off_turn"
MOST_SHOWN = 50
"""Those to call first; what is moved or cancelled makes room for the next."""
FIT, LIST_HEIGHT = 5, 320
MIDNIGHT = time(0)
KINDS = {TimeOffKind.AWAY.value: N_("Away"), TimeOffKind.NOT_BOOKABLE.value: N_("Not bookable")}
CAME = "time_off_came"


@dataclass(frozen=True)
class Words:
    """How the form asks: a holiday is planned, somebody who is ill is away now."""

    who: str
    reason: str
    save: str


PLANNED = Words(N_("Who will be away?"), N_("Holiday, training, ill …"), save=N_("Enter time off"))


def enter(
    actor: Actor,
    then: Callable[[int], None] | None = None,
    *,
    words: Words = PLANNED,
    focused: bool = False,
) -> None:
    """The form; what is booked in the time that was chosen is shown before it is saved.

    ``then`` is told the number of what was entered; ``focused`` has the cursor wait for whoever
    opens the page.
    """
    if forms.opened(FORM) is None:
        forms.open_form(FORM)
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    opened, zone = forms.current(FORM), session.zone()
    with session.reading() as db:
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    draft = _draft()
    unfinished.offer(actor, draft)
    if focused:
        _take_the_cursor()
    with st.container(border=True):
        professional_id = _professional(actor, names, _(words.who))
        kind = TimeOffKind.AWAY if then else _kind()
        first, last = _span(zone)
        reason = st.text_input(
            _("Reason (optional)"), key=key("reason"), placeholder=_(words.reason)
        )
        if kind is TimeOffKind.NOT_BOOKABLE:
            st.caption(_("What is booked then takes place. Nothing new is booked."))
        elif professional_id is not None and first < last:
            _in_the_way(actor, professional_id, Interval(first, last), zone)
        pressed = st.button(
            _(words.save), key=key("save"), type="primary", disabled=professional_id is None
        )
    if pressed and professional_id is not None:
        request = NewTimeOff(professional_id, first, last, reason, kind)
        name = names[professional_id]
        forms.save(
            lambda db, now: enter_time_off(db, actor, request, now=now),
            lambda saved: _entered(actor, draft, saved, name, then),
            opened,
        )


def _draft() -> unfinished.Form:
    return unfinished.Form(
        key("")[:-1],
        name=FORM,
        typed=("reason",),
        along=("professional", "kind", "all_day", "first", "last", "from", "to"),
        search="",
    )


def _entered(
    actor: Actor,
    draft: unfinished.Form,
    saved: TimeOff,
    professional: str,
    then: Callable[[int], None] | None,
) -> None:
    unfinished.done(actor, draft)
    if then is not None:
        then(saved.id)
    days = time_off_days(saved.starts_at, saved.ends_at, session.zone())
    sentence = _("{professional} is away: {days}.")
    if saved.kind is TimeOffKind.NOT_BOOKABLE:
        sentence = _("{professional} takes no new bookings: {days}.")
    forms.finish(sentence.format(professional=professional, days=days))


def key(name: str) -> str:
    """Of this form alone: a browser shows again what was typed under a key it knows."""
    return forms.key(f"{st.session_state[TURN]}_{name}")


def _take_the_cursor() -> None:
    """To the professional, each time somebody comes to the page."""
    if key("professional") not in st.session_state:
        st.session_state[CAME] = secrets.token_urlsafe(6)
    autofocus(key("professional"), once=st.session_state[CAME])


def _professional(actor: Actor, names: dict[int, str], asked: str) -> int | None:
    """Whose time off; nobody is chosen beforehand, so that none is entered for another."""
    if not allows(actor, Permission.TIME_OFF_WRITE):
        return actor.professional_id if actor.professional_id in names else None
    return st.selectbox(
        _("Professional"),
        list(names),
        index=None,
        format_func=lambda id: names[id],
        placeholder=asked,
        key=key("professional"),
    )


def _kind() -> TimeOffKind:
    """Whether somebody is away, or there and only not to be booked any more."""
    st.session_state.setdefault(key("kind"), TimeOffKind.AWAY.value)
    chosen = st.segmented_control(
        _("What is entered"),
        list(KINDS),
        format_func=lambda each: _(KINDS[each]),
        key=key("kind"),
        required=True,
        label_visibility="collapsed",
    )
    return TimeOffKind(chosen or TimeOffKind.AWAY)


def _span(zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when, as two instants: the second may lie before the first."""
    today = utc_now().astimezone(zone).date()
    # Widgets that are given a value may not be filled from elsewhere as well.
    for name, value in {"all_day": True, "first": today, "from": time(9), "to": time(13)}.items():
        st.session_state.setdefault(key(name), value)
    all_day = st.toggle(_("All day"), key=key("all_day"))
    columns = st.columns(2 if all_day else 4)
    first = columns[0].date_input(_("First day"), key=key("first"), format="DD.MM.YYYY")
    at = len(columns) // 2
    last = columns[at].date_input(
        _("Last day"),
        None,
        key=key("last"),
        format="DD.MM.YYYY",
        help=_("Leave this empty for a single day."),
    )
    last = last or first
    if all_day:
        return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    starts = columns[1].time_input(_("Away from"), key=key("from"))
    ends = columns[3].time_input(_("Back at"), key=key("to"))
    return _instant(first, starts, zone), _instant(last, ends, zone)


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return _instant(on, MIDNIGHT, zone)


def _instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)


def _in_the_way(actor: Actor, professional_id: int, span: Interval, zone: ZoneInfo) -> None:
    """Who is booked in this time, and what becomes of it."""
    with session.reading() as db:
        booked = stranded_bookings(db, actor, professional_id, span)
    if not booked:
        st.caption(_("Nothing is booked in this time."))
        return
    sentence = ngettext(
        "{count} booking lies in this time. It stays booked until it is moved or cancelled.",
        "{count} bookings lie in this time. They stay booked until they are moved or cancelled.",
        len(booked),
    )
    st.warning(sentence.format(count=len(booked)), icon=":material/event_busy:")
    # A long list scrolls by itself: the button below it stays in sight.
    with st.container(height=LIST_HEIGHT if len(booked) > FIT else "content", border=False):
        booked_lines(booked, zone, "form")


def booked_lines(
    booked: Sequence[Booking], zone: ZoneInfo, place: str, *, whose: bool = False
) -> None:
    """Each booking with whom to call, and the way to move or cancel it.

    ``whose`` also names the professional.
    """
    now = utc_now()
    for each in booked[:MOST_SHOWN]:
        patients = [one.patient for one in each.attendees if one.state in TO_COME]
        title = f"{when(each.starts_at, zone, now)}-{clock(each.ends_at, zone)}"
        people = [" ".join([one.name, phone(one.phone)]).strip() for one in patients]
        with st.container(horizontal=True, vertical_alignment="center"):
            professional = each.professional.name if whose else ""
            forms.entry(title, [*people, each.service.name, professional])
            st.button(
                _("Open"),
                key=f"time_off_open_{place}_{each.id}",
                icon=":material/event_note:",
                on_click=open_booking.open,
                args=(each.id,),
            )
    if len(booked) > MOST_SHOWN:
        rest = _("These are the first {shown} of {count}.")
        st.caption(rest.format(shown=MOST_SHOWN, count=len(booked)))


def absences_to_come(actor: Actor, absences: Sequence[Absence]) -> None:
    """Who will be away, each with what is still booked then and the way to take it back."""
    zone = session.zone()
    with st.container(border=True, gap="small"):
        for each in absences:
            _row(actor, each, zone)


def _row(actor: Actor, absence: Absence, zone: ZoneInfo) -> None:
    days = time_off_days(absence.starts_at, absence.ends_at, zone)
    with session.reading() as db:
        span = Interval(absence.starts_at, absence.ends_at)
        booked = stranded_bookings(db, actor, absence.professional_id, span)
    kept = _("not bookable") if absence.keeps_visits else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(absence.professional, [days, kept, absence.reason])
        pressed = st.button(
            _("Remove"), key=f"time_off_remove_{absence.id}", icon=":material/delete:"
        )
    if booked and not absence.keeps_visits:
        count = ngettext("{count} booking to move", "{count} bookings to move", len(booked))
        with st.expander(count.format(count=len(booked)), icon=":material/event_busy:"):
            booked_lines(booked, zone, str(absence.id))
    if pressed:
        forms.save(
            lambda db, now: remove_time_off(db, actor, absence.id, now=now),
            lambda _nothing: _say_removed(absence, days),
        )


def _say_removed(absence: Absence, days: str) -> None:
    """What is being typed above stays."""
    sentence = _("{professional} can be booked again: {days}.")
    done = sentence.format(professional=absence.professional, days=days)
    last_step.note_removed(Kind.TIME_OFF, absence.id, done)
    feedback.flash(done)
    st.rerun()
