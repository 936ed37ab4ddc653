"""Closures: days on which nobody can be booked."""

import streamlit as st

from core.catalog import get_organisation
from core.db import utc_now
from core.models import Closure
from core.policy import Actor
from core.practice import count_to_come, load_closures
from core.public_holidays import HolidaysAsked, import_holidays
from core.schedule import NewClosure, add_closure, remove_closure
from dashboard import last_step, session
from dashboard.formatting import day
from dashboard.i18n import _, ngettext
from dashboard.last_step import Kind
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM = "closure"


def show(actor: Actor) -> None:
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        closures = load_closures(db, actor, since=today)
    forms.add_button(_("Add closure"), FORM)
    _public_holidays(actor, today.year)
    if closures:
        with st.container(border=True, gap="small"):
            for each in closures:
                _row(actor, each)
    else:
        st.caption(_("No closures to come. Enter public holidays and the days you are closed."))
    if forms.opened(FORM):
        forms.show_dialog(_("New closure"), _dialog)


def _public_holidays(actor: Actor, year: int) -> None:
    """The country's public holidays as closures, a year at a time."""
    with session.reading() as db:
        country = get_organisation(db).country
    with st.popover(_("Public holidays"), icon=":material/celebration:"):
        asked = HolidaysAsked(
            country=st.text_input(_("Country, two letters"), country, key="holidays_country"),
            years=(
                st.segmented_control(
                    _("Year"), [year, year + 1], required=True, default=year, key="holidays_year"
                ),
            ),
            subdivision=st.text_input(
                _("State or region, by its code (optional)"), key="holidays_region"
            ),
        )
        if st.button(_("Close on these days"), key="holidays_add", type="primary"):
            forms.save(
                lambda db, now: import_holidays(db, actor, asked, now=now),
                lambda added: forms.finish(
                    ngettext(
                        "{count} closure added.", "{count} closures added.", len(added)
                    ).format(count=len(added))
                ),
            )


def days_of(closure: Closure | NewClosure) -> str:
    """ "Thursday 24 December", or from one day to another."""
    today = utc_now().astimezone(session.zone()).date()
    first, last = day(closure.first_on, today), day(closure.last_on, today)
    if closure.first_on == closure.last_on:
        return first
    return _("{first} to {last}").format(first=first, last=last)


def _row(actor: Actor, closure: Closure) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(closure.name, [days_of(closure)])
        pressed = st.button(
            _("Remove"), key=f"practice_remove_{closure.id}", icon=":material/delete:"
        )
    if pressed:
        forms.save(
            lambda db, now: remove_closure(db, actor, closure.id, now=now),
            lambda _nothing: _finish_removed(closure),
        )


def _finish_removed(closure: Closure) -> None:
    done = _("Open again: {days}.").format(days=days_of(closure))
    last_step.note_removed(Kind.CLOSURE, closure.id, done)
    forms.finish(done)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    today = utc_now().astimezone(session.zone()).date()
    with st.form(key("closure"), border=False):
        name = st.text_input(_("Name"), key=key("name"), placeholder=_("Public holiday"))
        left, right = st.columns(2)
        first = left.date_input(_("First day"), today, key=key("first"), format="DD.MM.YYYY")
        last = right.date_input(
            _("Last day"),
            None,
            key=key("last"),
            format="DD.MM.YYYY",
            help=_("Leave this empty for a single day."),
        )
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        closure = NewClosure(first, last or first, name)
        forms.save(
            lambda db, now: add_closure(db, actor, closure, now=now),
            lambda saved: _finish(actor, saved),
            opened,
        )


def _finish(actor: Actor, closure: Closure) -> None:
    """Say what is closed, and how many bookings are in the way."""
    with session.reading() as db:
        booked = count_to_come(db, actor, closure.first_on, closure.last_on, now=utc_now())
    sentence = _("Closed: {days}.").format(days=days_of(closure))
    if booked:
        stay = _("Bookings in these days, to be moved or cancelled at the desk: {count}.")
        sentence = f"{sentence} {stay.format(count=booked)}"
    forms.finish(sentence)
