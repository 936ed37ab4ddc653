"""The pages behind links that were handed over or mailed: their owner chooses a password."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core import activation, reset
from core import registering as core_registering
from core.accounts import SignInAnswer
from core.activation import LinkSpent, PasswordChosen
from core.db import Database, utc_now
from core.errors import BookingError
from core.models import Role, User
from core.passwords import SHORTEST, SHORTEST_FOR_ADMIN
from core.policy import Actor
from core.registering import RegistrationSpent
from core.reset import ResetSpent
from dashboard import hand_over, registering, session, sign_in
from dashboard.feedback import md, refuse
from dashboard.i18n import N_, _

LINK = "link"
BEGUN = "_register_begun"


@dataclass(frozen=True)
class LinkPage:
    """One kind of link: its address, its words, and what core makes of it."""

    url: str
    key: str
    title: str
    welcome: str
    button: str
    spent: type[BookingError]
    find: Callable[[Session, str, datetime], User | None]
    choose: Callable[[Database, PasswordChosen, datetime], SignInAnswer]

    def show(self) -> None:
        """Ask for a password while the link is good; else say so, above the sign-in form."""
        user = None if hand_over.is_pending() else self._find_user()
        if user is not None:
            self._show_form(user)
            return
        if LINK in st.query_params and not hand_over.is_pending():
            refuse(self.spent())
        sign_in.show()

    def show_to(self, actor: Actor, home: st.Page) -> None:
        """Somebody signed in needs no link; one that is good is kept for whom it is meant."""
        user = self._find_user()
        if user is None:
            st.switch_page(home)
        sentence = _("This link is for {name}, and you are signed in as {me}. Sign out to use it.")
        st.info(sentence.format(name=md(user.name), me=md(actor.name)), icon=":material/link:")

    def _find_user(self) -> User | None:
        link = st.query_params.get(LINK, "")
        if not link:
            return None
        with session.reading() as db:
            return self.find(db, link, utc_now())

    def _show_form(self, user: User) -> None:
        shortest = SHORTEST_FOR_ADMIN if user.role is Role.ADMIN else SHORTEST
        with (
            st.container(key="frontdesk_sign_in_page", horizontal_alignment="center"),
            st.container(key="frontdesk_sign_in", width=400),
        ):
            st.title(_(self.title), anchor=False)
            welcome = _(self.welcome)
            st.write(welcome.format(name=md(user.name), username=md(user.username)))
            with st.form(f"frontdesk_{self.key}"):
                password = st.text_input(
                    _("Your password, at least {count} characters").format(count=shortest),
                    type="password",
                    autocomplete="new-password",
                    key=f"{self.key}_password",
                )
                pressed = st.form_submit_button(_(self.button), type="primary", width="stretch")
            if pressed:
                self._choose(password)

    def _choose(self, password: str) -> None:
        try:
            chosen = PasswordChosen(st.query_params[LINK], password)
            answer = self.choose(session.database(), chosen, utc_now())
        except BookingError as refusal:
            refuse(refusal)
            return
        hand_over.go_on(answer)
        st.query_params.clear()
        st.rerun()


class RegisterPage(LinkPage):
    """Without a link it is where somebody begins to register."""

    def show(self) -> None:
        if LINK not in st.query_params and BEGUN not in st.session_state:
            st.session_state[BEGUN] = True  # once: whoever goes back has gone back
            registering.ask()
        super().show()


ACTIVATE = LinkPage(
    url="activate",
    key="activation",
    title=N_("Choose a password"),
    welcome=N_("Welcome, {name}. Your user name is **{username}**."),
    button=N_("Start with Frontdesk"),
    spent=LinkSpent,
    find=lambda db, link, now: activation.find_invited(db, link, now=now),
    choose=lambda database, chosen, now: activation.choose_password(database, chosen, now=now),
)
RESET = LinkPage(
    url="reset",
    key="reset",
    title=N_("Choose a new password"),
    welcome=N_(
        "Hello, {name}. Your user name is **{username}**. "
        "Wherever you are signed in now, you will be signed out."
    ),
    button=N_("Save and sign in"),
    spent=ResetSpent,
    find=lambda db, link, now: reset.find_resetting(db, link, now=now),
    choose=lambda database, chosen, now: reset.reset_password(database, chosen, now=now),
)
REGISTER = RegisterPage(
    url="register",
    key="registration",
    title=N_("Choose a password"),
    welcome=N_("Welcome, {name}. Your user name is **{username}**."),
    button=N_("Start with Frontdesk"),
    spent=RegistrationSpent,
    find=lambda db, link, now: core_registering.find_registering(db, link, now=now),
    choose=lambda database, chosen, now: core_registering.finish(database, chosen, now=now),
)
PAGES = (ACTIVATE, RESET, REGISTER)
