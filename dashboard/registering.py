"""New here? Somebody who is not on file registers, where the practice lets them."""

from datetime import date

import streamlit as st

from core import catalog, mail, registering
from core.db import utc_now
from core.errors import BookingError
from core.registering import RegistrationAsked
from dashboard import session
from dashboard.components.patient_picker import EARLIEST_BIRTH
from dashboard.feedback import md, refuse
from dashboard.i18n import _

ASKED = "_registering"
SENT_TO = "_registering_sent_to"


def is_open() -> bool:
    """Whether the practice lets patients register, and their link can be mailed."""
    with session.reading() as db:
        return registering.is_open(db) and mail.is_configured(session.configured())


def is_asked() -> bool:
    return ASKED in st.session_state and is_open()


def ask() -> None:
    st.session_state[ASKED] = True


def forget() -> None:
    for name in (ASKED, SENT_TO):
        st.session_state.pop(name, None)


def show_button() -> None:
    if is_open():
        st.button(_("New here? Register"), key="frontdesk_register", type="tertiary", on_click=ask)


def show() -> None:
    """The same answer whoever fills it in: it tells nobody who has an account here."""
    st.title(_("Register"), anchor=False)
    if SENT_TO in st.session_state:
        _show_answer()
    else:
        _show_form()
    st.button(_("Back to sign in"), key="frontdesk_register_back", type="tertiary", on_click=forget)


def _show_form() -> None:
    with session.reading() as db:
        practice = md(catalog.get_organisation(db).name)
    st.write(
        _("To make appointments with {practice} by yourself.").format(practice=practice)
        + " "
        + _("We mail you a link with which you choose a password.")
    )
    with st.form("frontdesk_register_form"):
        asked = _fields(practice)
        pressed = st.form_submit_button(_("Send the link"), type="primary", width="stretch")
    if not pressed:
        return
    try:
        registering.register(session.database(), asked, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    st.session_state[SENT_TO] = asked.email
    st.rerun()


def _fields(practice: str) -> RegistrationAsked:
    name = st.text_input(_("Your name"), key="register_name", autocomplete="name", max_chars=200)
    email = st.text_input(
        _("E-mail address"), key="register_email", autocomplete="email", max_chars=254
    )
    phone = st.text_input(
        _("Phone (if we may call you when something changes)"),
        key="register_phone",
        autocomplete="tel",
        max_chars=40,
    )
    born_on: date | None = st.date_input(
        _("Date of birth (not needed)"),
        None,
        key="register_born_on",
        min_value=EARLIEST_BIRTH,
        max_value="today",
        format="DD.MM.YYYY",
    )
    agrees = st.checkbox(
        _("{practice} may keep this to make and keep my appointments.").format(practice=practice),
        key="register_agrees",
    )
    return RegistrationAsked(
        name=name,
        email=email,
        phone=phone,
        born_on=born_on,
        agrees=agrees,
        ip=session.client_address(),
    )


def _show_answer() -> None:
    sentence = _("We have written to {email}. Open the link in that mail to go on.")
    email = md(st.session_state[SENT_TO].strip())
    st.success(sentence.format(email=f"**{email}**"), icon=":material/mail:")
    st.caption(
        _(
            "It works once, within 24 hours. Nothing after a few minutes? Look among the "
            "unwanted mail, or call us."
        )
    )
