"""Changing one's own password."""

import streamlit as st

from core import accounts
from core.db import utc_now
from core.errors import BookingError
from core.models import Role
from core.passwords import SHORTEST, SHORTEST_FOR_ADMIN
from core.policy import Actor
from dashboard import confirming, hand_over, session
from dashboard.feedback import refuse
from dashboard.i18n import _

CHANGING = "account_changing"


def show(actor: Actor) -> None:
    st.subheader(_("Password"), anchor=False)
    with session.reading() as db:
        has_password = accounts.has_password(db, actor)
    if not has_password:
        st.write(_("You have none: you sign in with your company account."))
        return
    if not st.session_state.get(CHANGING):
        st.button(_("Change password"), key="account_change", on_click=_open)
        return
    if confirming.is_confirmed(actor):
        _ask(actor)
    else:
        confirming.ask_password("account")
    st.button(_("Keep the one I have"), key="account_keep", type="tertiary", on_click=_close)


def _ask(actor: Actor) -> None:
    shortest = SHORTEST_FOR_ADMIN if actor.role is Role.ADMIN else SHORTEST
    with st.form("account_new_password", border=False):
        password = st.text_input(
            _("New password, at least {count} characters").format(count=shortest),
            type="password",
            autocomplete="new-password",
            key="account_new_password",
            help=_("A few unrelated words are easy to remember and hard to guess."),
        )
        pressed = st.form_submit_button(_("Change password"), type="primary")
    if pressed:
        _change(actor, password)


def _change(actor: Actor, password: str) -> None:
    """Set it; every session ends, and this browser fetches a new one."""
    try:
        ticket = accounts.change_password(session.database(), actor, password, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    session.current_actor()  # nobody for a moment: drops what was left in this tab
    hand_over.redeem(ticket)
    st.rerun()


def _open() -> None:
    session.signed_in()
    st.session_state[CHANGING] = True


def _close() -> None:
    st.session_state.pop(CHANGING, None)
