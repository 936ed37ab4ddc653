"""One's own second step: setting it up by a picture, its recovery codes, switching it off."""

import html
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import segno
import streamlit as st
from sqlalchemy.orm import Session

from core import accounts, second_step, second_step_set_up
from core.db import utc_now
from core.errors import BookingError
from core.policy import Actor
from core.second_step_set_up import Offer
from dashboard import confirming, feedback, session
from dashboard.i18n import _, ngettext

KEY = "two_step"
WANTED, CODES, REFUSED, CODE = (f"{KEY}_{name}" for name in ("wanted", "codes", "refused", "code"))
SET_UP, OFF, NEW_CODES = "set_up", "off", "new_codes"
WIDTH = 640

Result = TypeVar("Result")


def show(actor: Actor) -> None:
    """The section of the account page."""
    st.subheader(_("Two-step sign-in"), anchor=False)
    with session.reading() as db:
        has_password = accounts.has_password(db, actor)
        is_on = second_step.is_on(db, actor.user_id or 0)
        left = second_step.count_recovery_codes(db, actor.user_id or 0)
    if not has_password:
        st.write(_("Your company's sign-in looks after it."))
    elif WANTED in st.session_state:
        _show_wanted(actor, st.session_state[WANTED])
        st.button(_("Leave it as it is"), key=f"{KEY}_leave", type="tertiary", on_click=_forget)
    elif is_on:
        _show_on(left)
    else:
        st.write(
            _(
                "Besides your password, Frontdesk then asks for six digits from an app on your "
                "telephone. A password somebody has found out is not enough any more."
            )
        )
        st.button(_("Set up two-step sign-in"), key=f"{KEY}_set_up", on_click=_want, args=(SET_UP,))
    _show_refusal()


def comes_first(actor: Actor) -> bool:
    """Whether the actor sees nothing else for now: a step they owe, or codes to keep."""
    if CODES in st.session_state:
        return True
    with session.reading() as db:
        return second_step.is_owed(db, actor)


def show_first() -> None:
    """What comes before every page."""
    actor = session.signed_in()
    with st.container(width=WIDTH, gap="medium"):
        if CODES in st.session_state:
            _show_codes(st.session_state[CODES])
            return
        st.title(_("Set up two-step sign-in"), anchor=False)
        st.write(
            _("Your practice asks for it: from now on you sign in with your password and a code.")
        )
        _show_wanted(actor, SET_UP)
        _show_refusal()


def _show_wanted(actor: Actor, wanted: str) -> None:
    """What was asked for, once the person has proved who they are."""
    if not confirming.is_confirmed(actor):
        confirming.ask_password(KEY)
    elif wanted == SET_UP:
        _show_set_up(actor)
    elif wanted == OFF:
        st.write(_("Your password alone will then be enough, for you and for whoever has it."))
        st.button(_("Switch it off"), key=f"{KEY}_off_now", type="primary", on_click=_switch_off)
    else:
        st.write(_("Make ten new recovery codes? Those you have on paper stop working."))
        st.button(_("Make new codes"), key=f"{KEY}_new_now", type="primary", on_click=_renew)


def _show_on(left: int) -> None:
    st.badge(_("On"), color="green", icon=":material/verified_user:")
    sentence = ngettext("{count} recovery code left.", "{count} recovery codes left.", left)
    st.write(sentence.format(count=left))
    with st.container(horizontal=True):
        st.button(_("New recovery codes"), key=f"{KEY}_new", on_click=_want, args=(NEW_CODES,))
        st.button(_("Switch off"), key=f"{KEY}_off", on_click=_want, args=(OFF,))
    st.caption(_("A new telephone? Switch it off and set it up again there."))


def _show_set_up(actor: Actor) -> None:
    made = _offer(actor)
    picture, steps = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with picture:
        st.html(_picture(made.uri))
    with steps:
        st.write(
            _(
                "1. Open an authenticator app on your telephone, such as Aegis, Google "
                "Authenticator or Microsoft Authenticator, and scan the picture."
            )
        )
        with st.expander(_("No camera? Type this into the app")):
            st.code(_in_groups(made.secret), language=None, wrap_lines=True)
        st.write(_("2. Enter the six digits it shows."))
        with st.form(f"{KEY}_form", border=False, clear_on_submit=True):
            st.text_input(_("Code"), key=CODE, autocomplete="one-time-code")
            st.form_submit_button(_("Switch it on"), type="primary", on_click=_switch_on)


def _show_codes(codes: list[str]) -> None:
    st.title(_("Keep your recovery codes"), anchor=False)
    st.write(
        _(
            "Two-step sign-in is on. On a day without your telephone, each of these lets you in "
            "once instead of the six digits. Print them, or put them into a password manager."
        )
    )
    st.code("\n".join(codes), language=None)
    st.caption(_("They are not shown again. New ones can be made on your account page."))
    st.button(_("I have kept them"), key=f"{KEY}_kept", type="primary", on_click=_forget)


def _show_refusal() -> None:
    refusal: BookingError | None = st.session_state.pop(REFUSED, None)
    if refusal is not None:
        feedback.refuse(refusal)


def _offer(actor: Actor) -> Offer:
    """The secret the picture shows: the one offered a moment ago, or a new one."""
    now = utc_now()
    with session.writing() as db:
        found = second_step_set_up.find_offer(db, actor, now=now)
        return found or second_step_set_up.offer(db, actor, now=now)


def _picture(uri: str) -> str:
    """Black on white in every theme, or a camera could not read it."""
    drawn = segno.make(uri, error="m").svg_data_uri(scale=4, border=4, light="white")
    label = html.escape(_("Picture to scan with your authenticator app"))
    return f'<img src="{html.escape(drawn)}" alt="{label}">'


def _in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


# What the buttons do, before the page is drawn again.


def _want(what: str) -> None:
    session.signed_in()
    st.session_state[WANTED] = what


def _forget() -> None:
    for name in (WANTED, CODES, REFUSED):
        st.session_state.pop(name, None)


def _switch_on() -> None:
    actor, code = session.signed_in(), st.session_state.get(CODE) or ""
    _keep(_try(lambda db, now: second_step_set_up.switch_on(db, actor, code, now=now)))


def _renew() -> None:
    actor = session.signed_in()
    _keep(_try(lambda db, now: second_step_set_up.renew_recovery_codes(db, actor, now=now)))


def _switch_off() -> None:
    actor = session.signed_in()
    _try(lambda db, now: second_step_set_up.switch_off(db, actor, now=now))
    if REFUSED not in st.session_state:
        _forget()
        feedback.flash(_("Two-step sign-in is off."))


def _keep(codes: list[str] | None) -> None:
    if codes is not None:
        _forget()
        st.session_state[CODES] = codes


def _try(verb: Callable[[Session, datetime], Result]) -> Result | None:
    try:
        with session.writing() as db:
            return verb(db, utc_now())
    except BookingError as refusal:
        st.session_state[REFUSED] = refusal
        return None
