"""Forgot your password? Have a link mailed, or learn whom to ask."""

import streamlit as st

from core import mail, reset
from core.db import utc_now
from core.errors import BookingError
from core.reset import ResetAsked
from dashboard import session
from dashboard.feedback import md, refuse
from dashboard.i18n import _

ASKED = "_forgotten"
SENT_TO = "_forgotten_sent_to"


def is_asked() -> bool:
    return ASKED in st.session_state


def show_button() -> None:
    st.button(_("Forgot your password?"), key="frontdesk_forgot", type="tertiary", on_click=_ask)


def show() -> None:
    """The same answer whoever is asked for: it tells nobody who has an account here."""
    st.title(_("Forgot your password?"), anchor=False)
    if not mail.is_configured(session.configured()):
        st.write(_("Ask whoever looks after Frontdesk where you work or have your appointments."))
        st.caption(_("They make a new link for you under Practice, People."))
    elif SENT_TO in st.session_state:
        _show_answer()
    else:
        _show_form()
    st.button(_("Back to sign in"), key="frontdesk_forgot_back", type="tertiary", on_click=_forget)


def _show_form() -> None:
    st.write(_("We mail you a link with which you choose a new one."))
    with st.form("frontdesk_forgot_form"):
        who = st.text_input(
            _("User name or e-mail address"),
            key="forgot_who",
            autocomplete="username",
            max_chars=254,
        )
        pressed = st.form_submit_button(_("Send the link"), type="primary", width="stretch")
    if not pressed:
        return
    try:
        asked = ResetAsked(who, ip=session.client_address())
        reset.ask_reset(session.database(), asked, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    st.session_state[SENT_TO] = who
    st.rerun()


def _show_answer() -> None:
    sentence = _("If {who} can sign in here and we have an e-mail address, a link is on its way.")
    who = md(st.session_state[SENT_TO].strip())
    st.success(sentence.format(who=f"**{who}**"), icon=":material/mail:")
    st.caption(
        _(
            "It works once, within 30 minutes. Nothing after a few minutes? Look among the "
            "unwanted mail, then ask whoever looks after Frontdesk."
        )
    )


def _ask() -> None:
    st.session_state[ASKED] = True


def _forget() -> None:
    for name in (ASKED, SENT_TO):
        st.session_state.pop(name, None)
