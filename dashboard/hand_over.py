"""Between the script and the cookie: the browser posts a ticket, or drops what it has.

A script cannot set cookies. It leaves a note of what the browser has to do; an invisible
component does it over HTTP and opens the page anew.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import accounts
from core.db import utc_now
from dashboard import session
from dashboard.i18n import _

PENDING = "_hand_over"
FAILED, NOT_KEPT = "_hand_over_failed", "_hand_over_not_kept"
NEEDS_CODE = "_needs_code"
"""The ticket of somebody whose password was right, and who is asked for a code."""

_mount = st.components.v2.component(
    "frontdesk_hand_over", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class HandOver:
    """What the browser has to do; without a ticket it drops its cookie."""

    nonce: str
    ticket: str = ""


def open_session(username: str, password: str) -> None:
    """Check a password and have the browser fetch its cookie, unless a code is needed first."""
    request = accounts.SignInRequest(
        username, password, ip=session.client_address(), device=session.device_cookie()
    )
    go_on(accounts.sign_in(session.database(), request, now=utc_now()))


def go_on(answer: accounts.SignInAnswer) -> None:
    """Have the browser fetch its cookie, unless a code is needed first."""
    if answer.needs_code:
        st.session_state[NEEDS_CODE] = answer.ticket
    else:
        redeem(answer.ticket)


def redeem(ticket: str) -> None:
    """Have the browser fetch the cookie a ticket stands for."""
    st.session_state[PENDING] = HandOver(secrets.token_hex(8), ticket)


def drop_cookie() -> None:
    st.session_state[PENDING] = HandOver(secrets.token_hex(8))


def is_pending() -> bool:
    return PENDING in st.session_state


def show() -> None:
    """Let the browser do what is pending; a page of ours follows, or ``show_failure``."""
    pending: HandOver = st.session_state[PENDING]
    st.write(_("Signing in …") if pending.ticket else _("Signing out …"))
    _mount(
        key="frontdesk_hand_over",
        data={"nonce": pending.nonce, "ticket": pending.ticket},
        on_failed_change=_give_up,
        on_not_kept_change=_say_not_kept,
    )


def show_failure() -> None:
    """A sentence after a hand-over that did not work, once."""
    if st.session_state.pop(FAILED, False):
        st.error(_("That took too long. Please sign in again."), icon=":material/timer_off:")
    if st.session_state.pop(NOT_KEPT, False):
        st.error(
            _(
                "Your browser did not keep the sign-in. "
                "Allow cookies for this address, then sign in again."
            ),
            icon=":material/cookie_off:",
        )


def _give_up() -> None:
    failed: HandOver | None = st.session_state.pop(PENDING, None)
    st.session_state[FAILED] = failed is not None and bool(failed.ticket)


def _say_not_kept() -> None:
    """The ticket was taken, and still the browser came without its cookie."""
    st.session_state.pop(PENDING, None)
    st.session_state[NOT_KEPT] = True
