"""A desk that is left alone: locked, and nothing of it on screen but whose it is."""

from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import accounts
from core.db import utc_now
from core.errors import BookingError
from dashboard import hand_over, session
from dashboard.feedback import md, refuse
from dashboard.i18n import _

TYPED = frozenset(
    {
        "string_value",
        "int_value",
        "double_value",
        "bool_value",
        "string_array_value",
        "int_array_value",
        "double_array_value",
    }
)
"""Kinds of input whose content may be put back; a press of a button may not."""
KEPT_NOWHERE = "password"


def show() -> None:
    """Ask the owner of a locked session for their password, and keep their place."""
    locked = session.find_locked()
    if locked is None:
        st.rerun()
    _keep_what_was_typed()
    with (
        st.container(key="frontdesk_sign_in_page", horizontal_alignment="center"),
        st.container(key="frontdesk_sign_in", width=400),
    ):
        st.title(_("Locked"), anchor=False)
        sentence = _("{name}, nobody used this page for a while. What you were doing is kept.")
        st.write(sentence.format(name=md(locked.name)))
        if locked.has_password:
            _ask_for_password()
        st.button(
            _("Sign in as somebody else") if locked.has_password else _("Sign in again"),
            key="lock_leave",
            type="tertiary",
            on_click=_leave,
        )


def _ask_for_password() -> None:
    with st.form("frontdesk_unlock"):
        password = st.text_input(
            _("Your password"),
            type="password",
            autocomplete="current-password",
            key="unlock_password",
        )
        pressed = st.form_submit_button(_("Unlock"), type="primary", width="stretch")
    if not pressed:
        return
    try:
        accounts.unlock(session.database(), session.cookie_token(), password, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    st.rerun()


def _leave() -> None:
    """End the session for good, and what was kept with it."""
    with session.writing() as db:
        accounts.close_session(db, session.cookie_token(), now=utc_now())
    session.current_actor()  # nobody any more: drops what the owner left in this tab
    hand_over.drop_cookie()


def _keep_what_was_typed() -> None:
    """Make plain entries of what stands in the page's inputs.

    Streamlit forgets an input that a run does not draw. An entry stays, and the input finds
    it when it is drawn again.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    state = context.session_state._state
    for key, widget in state._key_id_mapper._key_id_mapping.items():
        known = state._new_widget_state.widget_metadata.get(widget)
        if known is None or known.value_type not in TYPED or KEPT_NOWHERE in key:
            continue
        value = st.session_state.get(key)
        if value is not None and not isinstance(value, Mapping):
            st.session_state[key] = value
