"""The second form of signing in: six digits, after the password was right."""

import streamlit as st

from core import second_step
from core.db import utc_now
from core.errors import BookingError, TicketSpent
from core.passwords import secret_hash
from core.second_step import CodeRequest
from dashboard import hand_over, session
from dashboard.components.autofocus import autofocus
from dashboard.feedback import refuse
from dashboard.i18n import _

CODE = "frontdesk_code"


def is_asked() -> bool:
    return hand_over.NEEDS_CODE in st.session_state


def show() -> None:
    """Ask for a code until it is right, too late, or the person goes back."""
    st.title(_("One more step"), anchor=False)
    st.write(
        _("Enter the six digits your authenticator app shows for Frontdesk, or a recovery code.")
    )
    with st.form("frontdesk_second_step", clear_on_submit=True):
        code = st.text_input(_("Code"), key=CODE, autocomplete="one-time-code")
        pressed = st.form_submit_button(_("Sign in"), type="primary", width="stretch")
    refusal = _send(code) if pressed else None
    if refusal is not None:
        refuse(refusal)
    if hand_over.is_pending():
        st.rerun()
    st.button(_("Back to the user name"), key="frontdesk_code_back", on_click=forget)
    st.caption(
        _("Telephone lost, and no recovery code at hand? An admin can take this step away for you.")
    )
    autofocus(CODE, once=secret_hash(st.session_state.get(hand_over.NEEDS_CODE, "")))


def forget() -> None:
    """Start again with the user name."""
    st.session_state.pop(hand_over.NEEDS_CODE, None)


def _send(code: str) -> BookingError | None:
    request = CodeRequest(st.session_state[hand_over.NEEDS_CODE], code, ip=session.client_address())
    try:
        ticket = second_step.confirm_code(session.database(), request, now=utc_now())
    except TicketSpent as refusal:
        forget()
        return refusal
    except BookingError as refusal:
        return refusal
    forget()
    hand_over.redeem(ticket)
    return None
