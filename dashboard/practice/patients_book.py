"""What patients do by themselves: book at all, be seen before signing in, and how much."""

from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog, mail
from core.catalog import MOST_OPEN_BOOKINGS, PatientsBook
from core.models import Organisation
from core.policy import Actor
from core.registering import RegisterSwitch, let_patients_register
from dashboard import session
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM = "patients_book"


def show(actor: Actor) -> None:
    with session.reading() as db:
        place = catalog.get_organisation(db)
        hidden = [each.name for each in catalog.load_professionals(db, actor) if not each.listed]
    with (
        st.container(border=True, key="practice_patients_book"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        forms.entry(_what(place), _rules(place, hidden))
        forms.edit_button(FORM, place.id, place.version, _("what patients do by themselves"))
    st.caption(
        _(
            "Whom patients can book stands with each professional, and for what with each "
            "service. Notice and how far ahead are the service's."
        )
    )
    if forms.opened(FORM):
        forms.show_dialog(_("Online booking"), _dialog)


def _what(place: Organisation) -> str:
    if not place.patients_book:
        return _("Patients call to book.")
    return _("Patients find a time and book it by themselves.")


def _rules(place: Organisation, hidden: list[str]) -> list[str]:
    if not place.patients_book:
        return []
    return [
        _("Seen by everybody, without signing in")
        if place.directory_open
        else _("Seen once signed in"),
        _("Who is new registers by themselves") if place.patients_register else "",
        _("{count} visits to come at most").format(count=place.most_open_bookings),
        _("not with {names}").format(names=", ".join(hidden)) if hidden else "",
    ]


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        place = catalog.get_organisation(db)
    with st.form(key("patients_book"), border=False):
        books = st.checkbox(
            _("Patients find a time and book it by themselves"),
            place.patients_book,
            key=key("books"),
        )
        is_open = st.checkbox(
            _("Who can be booked, and when, is shown without signing in"),
            place.directory_open,
            key=key("open"),
            help=_("Names, titles, services, prices and free times; no patient and no address."),
        )
        registers = _ask_whether_they_register(place)
        most = st.number_input(
            _("Visits to come a patient may have booked by themselves"),
            *MOST_OPEN_BOOKINGS,
            place.most_open_bookings,
            key=key("most"),
        )
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        asked = PatientsBook(opened.version, books, is_open, most)

        def save(db: Session, now: datetime) -> Organisation:
            saved = catalog.let_patients_book(db, actor, asked, now=now)
            switch = RegisterSwitch(saved.version, registers)
            return let_patients_register(db, actor, switch, session.configured(), now=now)

        forms.save(
            save,
            lambda _saved: forms.finish(_("Saved what patients do by themselves.")),
            opened,
        )


def _ask_whether_they_register(place: Organisation) -> bool:
    can_mail = mail.is_configured(session.configured())
    registers = st.checkbox(
        _("Who is new registers by themselves"),
        place.patients_register,
        key=key("registers"),
        disabled=not can_mail and not place.patients_register,
        help=_(
            "With name, e-mail address, phone and date of birth, confirmed by a link in a mail."
        ),
    )
    if not can_mail:
        st.caption(_("That needs mail for the link: Messages says what is missing."))
    return registers
