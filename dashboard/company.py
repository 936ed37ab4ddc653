"""Signing in with the company's own account, where whoever runs Frontdesk wants it.

Streamlit speaks with the provider. What comes back is traded for a session of our own at
once; Streamlit's idea of who is signed in is asked here and nowhere else.
"""

import streamlit as st

from core import company
from core.company import CompanyAnswer, NotLetThrough
from core.db import utc_now
from core.errors import BookingError
from dashboard import hand_over, session
from dashboard.i18n import _
from dashboard.web.company import FAILED, mark_of


def show_button() -> None:
    """The way to the provider, below the form."""
    if not session.configured().company_sign_in:
        return
    if st.button(
        _("Sign in with your company account"),
        key="frontdesk_company",
        icon=":material/domain:",
        width="stretch",
    ):
        st.login()


def take_answer() -> BookingError | None:
    """Trade what the provider has just answered for a session; why not, if it cannot be."""
    if not session.configured().company_sign_in:
        return None
    mark = mark_of(st.context.cookies)
    now = utc_now()
    with session.reading() as db:
        is_new = bool(mark) and company.is_expected(db, mark, now=now)
    if not is_new or not st.user.is_logged_in:
        return NotLetThrough() if FAILED in st.query_params else None
    answer = CompanyAnswer(
        mark=mark,
        email=str(st.user.get("email") or ""),
        is_verified=st.user.get("email_verified") is True,
    )
    try:
        ticket = company.sign_in(session.database(), answer, now=now)
    except BookingError as refusal:
        return refusal
    hand_over.redeem(ticket)
    return None
