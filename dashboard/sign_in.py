"""Signing in and out: streamlit-authenticator's widgets over our own accounts.

The package's controllers are replaced: ours check passwords against ``core.accounts`` and
touch no cookie. Identity lives in the HttpOnly cookie and the database alone.
"""

from typing import Any

import streamlit as st
import streamlit_authenticator

from core import accounts, first_admin
from core.db import utc_now
from core.demo_sign_ins import SIGN_INS
from core.errors import BookingError
from dashboard import (
    company,
    forgotten,
    hand_over,
    logo,
    places,
    registering,
    second_step,
    session,
    set_up,
)
from dashboard.feedback import md, refuse
from dashboard.i18n import _

STATUS = "authentication_status"
WIDGET_STATE = (STATUS, "name", "username", "email", "roles", "logout")


class Accounts:
    """Stands in for the package's authentication controller."""

    refusal: BookingError | None = None

    def login(self, username: str = "", password: str = "", *_rest: Any, **_more: Any) -> bool:
        try:
            hand_over.open_session(username, password)
        except BookingError as refusal:
            self.refusal = refusal
        return self.refusal is None

    def logout(self, *_rest: Any) -> None:
        actor = session.signed_in()
        with session.writing() as db:
            accounts.sign_out(db, actor, now=utc_now())
        session.current_actor()  # nobody any more: drops what the actor left in this tab


class NoCookies:
    """Stands in for the package's cookie controller, which would set them by JavaScript."""

    def get_cookie(self) -> None:
        return None

    def set_cookie(self) -> None:
        return None

    def delete_cookie(self) -> None:
        return None


class Widgets(streamlit_authenticator.Authenticate):  # type: ignore[misc]
    """The package's sign-in and sign-out widgets, and nothing else of it."""

    def __init__(self) -> None:
        self.attrs = {"login_sleep_time": 0}
        self.path = None
        self.cookie_controller = NoCookies()
        self.authentication_controller = Accounts()
        for name in WIDGET_STATE:
            st.session_state.setdefault(name, None)


def show() -> None:
    """The sign-in page, or the first-run page while there is nobody to sign in."""
    with (
        st.container(key="frontdesk_sign_in_page", horizontal_alignment="center"),
        st.container(key="frontdesk_sign_in", width=400),
    ):
        if hand_over.is_pending():
            hand_over.show()
            return
        with session.reading() as db:
            first_run = first_admin.is_needed(db)
        if first_run:
            set_up.show()
        elif second_step.is_asked():
            second_step.show()
        elif forgotten.is_asked():
            forgotten.show()
        elif registering.is_asked():
            registering.show()
        else:
            _show_form()


def sign_out() -> None:
    """End the session, then have the browser drop its cookie."""
    widgets = Widgets()
    st.session_state[STATUS] = True  # or the widget refuses to sign out whom it did not sign in
    widgets.logout(location="unrendered")
    hand_over.drop_cookie()


def _show_form() -> None:
    logo.at_the_door()
    st.title("Frontdesk", anchor=False)
    st.write(_("The appointment book. Sign in to see your day."))
    hand_over.show_failure()
    refused_company = company.take_answer()
    refusal = _ask_for_password() or refused_company
    company.show_button()
    if session.configured().demo:
        refusal = _offer_demo_sign_ins() or refusal
    else:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            forgotten.show_button()
            registering.show_button()
    if refusal is not None:
        refuse(refusal)
    if hand_over.is_pending() or second_step.is_asked():
        st.rerun()


def _ask_for_password() -> BookingError | None:
    widgets = Widgets()
    widgets.login(
        key="frontdesk_sign_in_form",
        fields={
            "Form name": _("Sign in"),
            "Username": _("User name"),
            "Password": _("Password"),
            "Login": _("Sign in"),
        },
    )
    found: BookingError | None = widgets.authentication_controller.refusal
    return found


def _offer_demo_sign_ins() -> BookingError | None:
    """One press for each role; demo databases hold made-up people only."""
    controller = Accounts()
    st.write(_("This is the demo. Look around as:"))
    with st.container(gap="xsmall"):
        for each in SIGN_INS:
            role = _(places.ROLE_NAMES[each.role])
            pressed = st.button(
                f"**{role}** · {md(each.name)}",
                key=f"demo_{each.username}",
                help=f"{md(each.username)} / {md(each.password)}",
                width="stretch",
            )
            if pressed:
                controller.login(each.username, each.password)
    return controller.refusal
