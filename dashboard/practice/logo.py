"""The logo of the practice: chosen, seen at once, taken away again."""

import secrets

import streamlit as st

from core import catalog
from core.catalog import KeptLogo, prepare_logo
from core.catalog.pictures import LARGEST_FILE
from core.db import utc_now
from core.errors import BookingError
from dashboard import feedback, session
from dashboard import logo as logo_shown
from dashboard.i18n import _

KEY = "logo_upload"
KINDS = ("png", "jpg", "jpeg", "webp")


def show(name: str, kept: KeptLogo | None) -> None:
    """What is there now, and the way to another one. A chosen file is kept at once."""
    nonce = st.session_state.setdefault(KEY, secrets.token_hex(4))
    with st.container(border=True, key="practice_logo"):
        if kept is not None:
            logo_shown.show(kept, name)
        uploaded = st.file_uploader(
            _("Logo"),
            KINDS,
            key=f"{KEY}_{nonce}",
            max_upload_size=LARGEST_FILE // 1024**2,
            help=_("The one made for paper: it is shown on white. Empty margins are cut off."),
        )
        st.caption(
            _("Seen at the top of each page, on the sign-in page and on slips to take home.")
        )
        if kept is not None:
            st.button(
                _("Remove the logo"),
                key=f"{KEY}_remove",
                icon=":material/delete:",
                type="tertiary",
                on_click=_remove,
            )
    if uploaded is not None:
        _keep(uploaded.getvalue())


def _keep(content: bytes) -> None:
    actor = session.signed_in()
    try:
        prepared = prepare_logo(content)
        with session.writing() as db:
            catalog.set_logo(db, actor, prepared, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    st.session_state.pop(KEY, None)
    feedback.flash(_("Saved the logo."))
    st.rerun()


def _remove() -> None:
    actor = session.signed_in()
    with session.writing() as db:
        catalog.remove_logo(db, actor, now=utc_now())
    feedback.flash(_("Removed the logo."))
