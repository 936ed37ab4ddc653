"""One of the reasons an admin keeps in a list."""

from collections.abc import Sequence

import streamlit as st

from core.models import ListedReason
from dashboard.feedback import md
from dashboard.i18n import _


def reason_pills(label: str, listed: Sequence[ListedReason], *, key: str) -> ListedReason | None:
    """The reason that is pressed, if any."""
    by_name = {each.name: each for each in listed}
    if st.session_state.get(key) not in (None, *by_name):
        # The list has changed since this was chosen, here or in a draft.
        del st.session_state[key]
    chosen = st.pills(label, list(by_name), format_func=lambda name: md(_(name)), key=key)
    return by_name[chosen] if chosen else None
