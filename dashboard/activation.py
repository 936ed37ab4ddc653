"""The page behind an activation link: somebody new chooses their own password."""

import streamlit as st

from core import activation
from core.activation import PasswordChosen
from core.db import utc_now
from core.errors import BookingError
from core.models import Role, User
from core.passwords import SHORTEST, SHORTEST_FOR_ADMIN
from core.policy import Actor
from dashboard import hand_over, session, sign_in
from dashboard.feedback import md, refuse
from dashboard.i18n import _

URL = "activate"
LINK = "link"


def show() -> None:
    """Ask for a password while the link is good; else say so, above the sign-in form."""
    user = None if hand_over.is_pending() else _find_user()
    if user is not None:
        _show_form(user)
        return
    if LINK in st.query_params and not hand_over.is_pending():
        refuse(activation.LinkSpent())
    sign_in.show()


def show_to(actor: Actor, home: st.Page) -> None:
    """Somebody signed in needs no link; one that is good is kept for whom it is meant."""
    user = _find_user()
    if user is None:
        st.switch_page(home)
    sentence = _("This link is for {name}, and you are signed in as {me}. Sign out to use it.")
    st.info(sentence.format(name=md(user.name), me=md(actor.name)), icon=":material/link:")


def _find_user() -> User | None:
    link = st.query_params.get(LINK, "")
    if not link:
        return None
    with session.reading() as db:
        return activation.find_invited(db, link, now=utc_now())


def _show_form(user: User) -> None:
    shortest = SHORTEST_FOR_ADMIN if user.role is Role.ADMIN else SHORTEST
    with (
        st.container(key="frontdesk_sign_in_page", horizontal_alignment="center"),
        st.container(key="frontdesk_sign_in", width=400),
    ):
        st.title(_("Choose a password"), anchor=False)
        welcome = _("Welcome, {name}. Your user name is **{username}**.")
        st.write(welcome.format(name=md(user.name), username=md(user.username)))
        with st.form("frontdesk_activation"):
            password = st.text_input(
                _("Your password, at least {count} characters").format(count=shortest),
                type="password",
                autocomplete="new-password",
                key="activation_password",
            )
            pressed = st.form_submit_button(
                _("Start with Frontdesk"), type="primary", width="stretch"
            )
        if pressed:
            _choose(password)


def _choose(password: str) -> None:
    chosen = PasswordChosen(st.query_params[LINK], password)
    try:
        username = activation.choose_password(session.database(), chosen, now=utc_now())
        hand_over.open_session(username, password)
    except BookingError as refusal:
        refuse(refusal)
        return
    st.query_params.clear()
    st.rerun()
