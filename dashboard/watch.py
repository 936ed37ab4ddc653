"""Keeps an eye on the session of each open page.

A small fragment asks twice a minute whether the session is still in use, and draws the lock
or the sign-in form where it is not: nobody's names stay on a screen that is left alone. The
timer itself is no use of the session; what a person does in the browser is, and the browser
tells that over HTTP.
"""

from datetime import timedelta
from pathlib import Path

import streamlit as st

from core.db import utc_now
from dashboard import session
from dashboard.i18n import _

LOOK_SECONDS = 30
WARN_BEFORE = timedelta(minutes=5)

_mount = st.components.v2.component(
    "frontdesk_watch", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


@st.fragment(run_every=LOOK_SECONDS)
def watch() -> None:
    """Go to the lock or the sign-in form in time; say so when the end is near."""
    found = session.find_signed_in()
    if found is None:
        st.rerun()
    with st.container(key="frontdesk_watch_corner"):
        _mount(key="frontdesk_watch")
        if found.expires_at - utc_now() <= WARN_BEFORE:
            at = found.expires_at.astimezone(session.zone())
            sentence = _("You will be signed out at {time}. Please finish what you are doing.")
            st.warning(sentence.format(time=f"{at:%H:%M}"), icon=":material/timer:")
