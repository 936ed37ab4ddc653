"""Where somebody is signed in, in words, and the way to end it."""

import ipaddress
import re

import streamlit as st

from core import accounts
from core.accounts import SessionSeen
from core.db import utc_now
from core.errors import BookingError
from core.policy import Actor
from dashboard import feedback, session
from dashboard.feedback import md
from dashboard.formatting import plain, when
from dashboard.i18n import _, ngettext

BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|CriOS)/"),
    ("Safari", r"Safari/"),
)
SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux"),
)
"""The first that fits counts: browsers name those they descend from as well."""


def show(actor: Actor) -> None:
    """One's own sessions, this one among them."""
    st.subheader(_("Devices and sessions"), anchor=False)
    with session.reading() as db:
        seen = accounts.load_sessions(db, actor, actor.user_id or 0, now=utc_now())
    with st.container(border=True, gap="small"):
        for each in seen:
            _row(each)
    others = len(seen) - sum(each.is_this for each in seen)
    if others:
        st.button(
            _("Sign out everywhere else"),
            key="account_elsewhere",
            icon=":material/logout:",
            on_click=_sign_out_elsewhere,
        )
    st.caption(_("Something here that is not you? End it, then change your password."))


def show_of(actor: Actor, user_id: int) -> None:
    """Somebody else's, for admins."""
    with session.reading() as db:
        seen = accounts.load_sessions(db, actor, user_id, now=utc_now())
    if not seen:
        st.caption(_("Not signed in anywhere."))
        return
    st.caption(_("Signed in:"))
    for each in seen:
        _row(each)
    st.button(
        _("Sign out everywhere"),
        key="people_sign_out",
        icon=":material/logout:",
        on_click=_sign_out,
        args=(user_id,),
    )


def browser_in_words(user_agent: str) -> str:
    """\u201cFirefox on Windows\u201d, as far as it can be told."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("A browser we do not know")


def place_in_words(address: str) -> str:
    """Where an address is, as far as the address itself tells."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.is_loopback:
        return _("the machine Frontdesk runs on")
    if known.is_private:
        return _("the local network ({address})").format(address=address)
    return address


def _row(seen: SessionSeen) -> None:
    now, zone = utc_now(), session.zone()
    facts = [
        place_in_words(seen.ip),
        _("since {time}").format(time=when(seen.since, zone, now)),
        _("last used {time}").format(time=when(seen.last_seen_at, zone, now)),
    ]
    told = " · ".join(md(each) for each in facts if each)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{md(browser_in_words(seen.user_agent))}**  \n:small[{told}]")
        if seen.is_this:
            st.badge(_("This one"), color="green")
        else:
            st.button(
                _("End"),
                key=f"end_session_{seen.id}",
                help=_("Signs that browser out at once."),
                on_click=_end,
                args=(seen.id,),
            )


def _end(session_id: int) -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            accounts.end_session(db, actor, session_id, now=utc_now())
    except BookingError as refusal:
        feedback.flash(plain(refusal))
        return
    feedback.flash(_("Signed out there."))


def _sign_out_elsewhere() -> None:
    actor = session.signed_in()
    with session.writing() as db:
        ended = accounts.sign_out_elsewhere(db, actor, now=utc_now())
    sentence = ngettext("Signed out in {count} place.", "Signed out in {count} places.", ended)
    feedback.flash(sentence.format(count=ended))


def _sign_out(user_id: int) -> None:
    actor = session.signed_in()
    with session.writing() as db:
        accounts.end_sessions_of(db, actor, user_id, now=utc_now())


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, sign in known if re.search(sign, user_agent)), "")
