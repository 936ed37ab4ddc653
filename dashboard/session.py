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

from core import accounts, settings
from core.db import Database, utc_now
from core.errors import SignInNeeded
from core.models import Organisation
from core.passwords import secret_hash
from core.policy import Actor
from dashboard.web import cookies

OWNER = "_owner"
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
    with database().reading() as db:
        yield db


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction. Nothing of ``st`` belongs inside: a rerun would roll it back."""
    with database().writing() as db:
        yield db


def cookie_token() -> str:
    """The token in the browser's cookie as it was when the page was opened, or nothing."""
    origin = st.context.headers.get("Origin")
    secure = isinstance(origin, str) and cookies.is_secure_origin(origin)
    token = cookies.token_in(st.context.cookies, secure=secure)
    return token if isinstance(token, str) else ""


def client_address() -> str:
    """Where the browser is, past the proxies we trust."""
    peer = st.context.ip_address
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    known = peer if isinstance(peer, str) else LOCALHOST
    return cookies.client_address(known, headers, configured().trusted_proxies)


def current_actor() -> Actor | None:
    """Whoever is signed in now. What another person left in this browser tab is dropped."""
    token = cookie_token()
    found = _find_signed_in(token) if token else None
    _claim_state(secret_hash(token) if found else "")
    return found.actor if found else None


def signed_in() -> Actor:
    """The actor, or ``SignInNeeded``: the first line of each page, fragment and callback."""
    actor = current_actor()
    if actor is None:
        raise SignInNeeded
    return actor


def stamp() -> None:
    """Note that a person is at work, so that the session does not count as idle.

    The router does it on each run of a page; callbacks inside fragments do it themselves.
    A fragment that runs by a timer must not.
    """
    now, token = utc_now(), cookie_token()
    found = _find_signed_in(token) if token else None
    if found is not None and found.is_stamp_due(now):
        with writing() as db:
            accounts.touch(db, found.actor, now=now)


def zone() -> ZoneInfo:
    """The organisation's time zone, in which times are shown."""
    with reading() as db:
        name = db.scalar(select(Organisation.zone))
    return ZoneInfo(name or "UTC")


def _find_signed_in(token: str) -> accounts.SignedIn | None:
    with reading() as db:
        return accounts.find_signed_in(db, token, now=utc_now())


def _claim_state(owner: str) -> None:
    if st.session_state.get(OWNER) != owner:
        st.session_state.clear()
        st.session_state[OWNER] = owner
