"""The directory before signing in, where the practice shows it to everybody."""

from threading import BoundedSemaphore

import streamlit as st

from core import catalog, directory
from core.accounts import VISITOR
from dashboard import registering, session, sign_in
from dashboard.directory import booking, looking
from dashboard.feedback import md
from dashboard.i18n import _

URL = "find"
SIGNING_IN = "directory_signing_in"

one_visitor = BoundedSemaphore(1)
"""However many look, they never take the last turn from those who work here."""


def show(turns: BoundedSemaphore) -> None:
    """Whom one could come to; signing in stays at this address, and so do the wishes.

    Visitors take their turn among the pages drawn at once, one of them at a time.
    """
    with session.reading() as db:
        is_open = directory.is_open_to_visitors(db)
    if not is_open:
        sign_in.show()
        return
    if st.session_state.get(SIGNING_IN) or booking.chosen_before_signing_in():
        _sign_in()
        return
    with session.reading() as db:
        name = catalog.get_organisation(db).name
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(md(name), anchor=False)
        with st.container(horizontal=True, width="content"):
            if registering.is_open():
                st.button(_("New here? Register"), key="directory_register", on_click=_register)
            st.button(
                _("Sign in"), key="directory_sign_in", icon=":material/login:", on_click=_ask_who
            )
    with one_visitor, turns:
        looking.show(VISITOR)


def _sign_in() -> None:
    if booking.chosen_before_signing_in():
        st.info(
            _("Please sign in to book: the time you chose comes next."), icon=":material/login:"
        )
    st.button(
        _("Back to the free times"),
        key="directory_back_to_times",
        icon=":material/arrow_back:",
        on_click=_go_back,
    )
    sign_in.show()


def _ask_who() -> None:
    st.session_state[SIGNING_IN] = True


def _register() -> None:
    _ask_who()
    registering.ask()


def _go_back() -> None:
    registering.forget()
    st.session_state.pop(SIGNING_IN, None)
    booking.forget_choice()


def show_sign_in(find: st.Page) -> None:
    """The sign-in page, with the way to what can be seen without."""
    sign_in.show()
    with st.container(horizontal_alignment="center"):
        st.page_link(find, label=_("See who has time"), icon=":material/search:")
