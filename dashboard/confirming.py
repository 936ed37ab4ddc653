"""Asking for the password again, before what would hurt if somebody else had sat down.

Core refuses with ``ConfirmationNeeded``; a screen asks ahead:

    if not confirming.is_confirmed(actor):
        confirming.ask_password("erase")
        return
"""

import streamlit as st

from core import accounts
from core.db import utc_now
from core.errors import BookingError, ConfirmationNeeded
from core.policy import Actor
from dashboard import session
from dashboard.feedback import refuse
from dashboard.i18n import _


def is_confirmed(actor: Actor) -> bool:
    """Whether the actor proved who they are within the last minutes."""
    try:
        with session.reading() as db:
            accounts.check_confirmed(db, actor, now=utc_now())
    except ConfirmationNeeded:
        return False
    return True


def ask_password(key: str) -> None:
    """A field for the actor's own password. Once it was right, the next run goes on."""
    actor = session.signed_in()
    with session.reading() as db:
        has_password = accounts.has_password(db, actor)
    if not has_password:
        sentence = _("To be sure that it is you, please sign out, sign in again and come back.")
        st.info(sentence, icon=":material/verified_user:")
        return
    with st.form(f"{key}_confirm", border=False):
        st.text_input(
            _("Your password, to be sure that it is you"),
            type="password",
            autocomplete="current-password",
            key=_field(key),
        )
        st.form_submit_button(_("Continue"), type="primary", on_click=_confirm, args=(key,))
    refusal = st.session_state.pop(f"{key}_confirm_refused", None)
    if refusal is not None:
        refuse(refusal)


def _confirm(key: str) -> None:
    """In a callback, since the button that led here is not pressed any more on the next run."""
    actor = session.signed_in()
    password = st.session_state.get(_field(key)) or ""
    try:
        accounts.confirm(session.database(), actor, password, now=utc_now())
    except BookingError as refusal:
        st.session_state[f"{key}_confirm_refused"] = refusal


def _field(key: str) -> str:
    return f"{key}_confirm_password"
