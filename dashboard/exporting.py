"""The button that downloads a file: it makes a one-time link and has the browser fetch it.

Nothing of the file passes through Streamlit, whose own download links need no cookie, and
the link never stands in an address, where histories and logs would keep it.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import exports
from core.db import utc_now
from core.errors import BookingError
from dashboard import session
from dashboard.feedback import refuse
from dashboard.i18n import _

_mount = st.components.v2.component(
    "frontdesk_export", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def download_button(
    label: str,
    kind: str,
    *about: str,
    key: str,
    on_refused: Callable[[BookingError], None] = refuse,
) -> None:
    """A button for one file of ``core.exports.KINDS``; ``about`` says which one.

    ``on_refused`` draws what is in the way: after ``ConfirmationNeeded``, ask for the password.
    """
    if st.session_state.pop(f"{key}_failed", False):
        st.error(_("The download did not work. Please try again."), icon=":material/block:")
    if not st.button(label, key=key, icon=":material/download:"):
        return
    actor = session.signed_in()
    try:
        with session.writing() as db:
            link = exports.offer(db, actor, kind, *about, now=utc_now())
    except BookingError as refusal:
        on_refused(refusal)
        return
    _mount(key=f"{key}_link", data={"link": link}, on_failed_change=lambda: _note_failure(key))


def _note_failure(key: str) -> None:
    st.session_state[f"{key}_failed"] = True
