"""What the place brings in from other systems, and takes along: everything, as one file."""

import streamlit as st

from core.policy import Actor
from dashboard import confirming
from dashboard.exporting import download_button
from dashboard.i18n import _
from dashboard.practice import bringing_in


def show(actor: Actor) -> None:
    bringing_in.show(actor)
    _everything(actor)


def _everything(actor: Actor) -> None:
    with st.container(border=True, key="practice_everything"):
        st.markdown(f"**{_('Everything, as one file')}**")
        st.caption(
            _(
                "A ZIP of CSV files: the place, its people, the diary with its history, the "
                "waiting list and the record of every step. An empty Frontdesk is filled from "
                "it again. Passwords, sign-ins, private notes and messages under way are not in "
                "it. It is not encrypted and names every patient: keep it as you keep their "
                "records."
            )
        )
        if not confirming.is_confirmed(actor):
            confirming.ask_password("practice_everything")
            return
        download_button(_("Download everything"), "everything", key="practice_everything_download")
        st.caption(_("Or one kind, as a CSV that can be brought in again:"))
        with st.container(horizontal=True):
            for kind, label in bringing_in.KINDS.items():
                download_button(_(label), "all-of-a-kind", kind.value, key=f"practice_all_{kind}")
