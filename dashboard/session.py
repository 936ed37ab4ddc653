"""Who is asking, and the way to the database.

The actor comes from the HttpOnly cookie and the database, on every run, fragment and
callback. Nothing of identity is kept in ``st.session_state``: whoever presents another
browser's session id would receive it.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

from core import accounts, audit, dependants, settings
from core.coming_of_age import ComeOfAge
from core.db import Database, utc_now
from core.errors import NotAllowed, NotFound, SignInNeeded
from core.models import Organisation, Role
from core.passwords import secret_hash
from core.policy import Actor
from dashboard.web import cookies

OWNER = "_owner"
FOR_WHOM = "_for_whom"
"""The number of the patient who is acted for; whether that may be is asked each time."""
NO_LONGER = "_no_longer_for_whom"
"""Why somebody who was acted for until just now may not be any more."""
ABOUT_WHOM = ("own_", "my_bookings_")
"""What is typed, open or turned to on a patient's pages is about one person alone."""
LOCALHOST = "127.0.0.1"
"""Streamlit names no address for a browser, or a proxy, on the same machine."""


@functools.cache
def configured() -> settings.Settings:
    return settings.from_environment()


@functools.cache
def database() -> Database:
    """The one database of this process."""
    return Database(configured().database_url)


@contextmanager
def reading() -> Iterator[Session]:
    with _refusals_on_record(), database().reading() as db:
        yield db


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction. Nothing of ``st`` belongs inside: a rerun would roll it back."""
    with _refusals_on_record(), database().writing() as db:
        yield db


@contextmanager
def _refusals_on_record() -> Iterator[None]:
    try:
        yield
    except NotAllowed as refusal:
        audit.note_refusal(database(), refusal, now=utc_now())
        raise


def cookie_token() -> str:
    """The token in the browser's cookie as it was when the page was opened, or nothing."""
    token = cookies.token_in(st.context.cookies, secure=_is_secure())
    return token if isinstance(token, str) else ""


def device_cookie() -> str:
    """What the browser tells of itself, if somebody has signed in from it before."""
    device = cookies.device_in(st.context.cookies, secure=_is_secure())
    return device if isinstance(device, str) else ""


def _is_secure() -> bool:
    origin = st.context.headers.get("Origin")
    return isinstance(origin, str) and cookies.is_secure_origin(origin)


def client_address() -> str:
    """Where the browser is, past the proxies we trust."""
    peer = st.context.ip_address
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    known = peer if isinstance(peer, str) else LOCALHOST
    return cookies.client_address(known, headers, configured().trusted_proxies)


def current_actor() -> Actor | None:
    """Whoever is signed in now. What another person left in this browser tab is dropped.

    In a locked session nobody is, but what its owner was doing stays.
    """
    found = find_signed_in()
    is_theirs = found is not None or find_locked() is not None
    _claim_state(secret_hash(cookie_token()) if is_theirs else "")
    return found.actor if found else None


def find_signed_in() -> accounts.SignedIn | None:
    """The session in use, without a look at whose tab this is."""
    token = cookie_token()
    if not token:
        return None
    with reading() as db:
        return accounts.find_signed_in(db, token, now=utc_now())


def find_locked() -> accounts.Locked | None:
    """The session that waits here for its owner."""
    token = cookie_token()
    if not token:
        return None
    with reading() as db:
        return accounts.find_locked(db, token, now=utc_now())


def signed_in() -> Actor:
    """The actor, or ``SignInNeeded``: the first line of each page, fragment and callback.

    A fragment has the whole page run instead, which asks who it is.
    """
    actor = current_actor()
    if actor is None:
        if get_script_run_ctx() and ThreadState.get().run_location is RunLocation.FRAGMENT:
            st.rerun()
        raise SignInNeeded
    return _as_chosen(actor)


def account() -> Actor:
    """The actor as themselves, for whomever they act."""
    actor = current_actor()
    if actor is None:
        raise SignInNeeded
    return actor


def _as_chosen(actor: Actor) -> Actor:
    """A patient who acts for one they look after is that patient, as long as they may."""
    chosen = st.session_state.get(FOR_WHOM)
    if actor.role is not Role.PATIENT or not isinstance(chosen, int):
        return actor
    try:
        with reading() as db:
            return dependants.acting_for(db, actor, chosen, now=utc_now())
    except (NotFound, ComeOfAge) as refusal:
        act_for(None)
        st.session_state[NO_LONGER] = refusal
        return actor


def act_for(patient_id: int | None) -> None:
    """Go over to somebody else. A press on what was about another is none any more."""
    for each in ABOUT_WHOM:
        forget_typed(each)
    st.session_state.pop(FOR_WHOM, None)
    if patient_id is not None:
        st.session_state[FOR_WHOM] = patient_id


def zone() -> ZoneInfo:
    """The organisation's time zone, in which times are shown."""
    with reading() as db:
        name = db.scalar(select(Organisation.zone))
    return ZoneInfo(name or "UTC")


def forget_typed(prefix: str) -> None:
    """Drop what a form keeps between runs: every entry whose key begins with its name."""
    for key in [each for each in st.session_state if str(each).startswith(prefix)]:
        del st.session_state[key]


def _claim_state(owner: str) -> None:
    if st.session_state.get(OWNER) != owner:
        st.session_state.clear()
        st.session_state[OWNER] = owner
