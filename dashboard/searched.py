"""Notes what is searched for and whether it was found, once for each search.

A page runs again and again with the same search in it; what is kept is the first of its
wishes that found nothing, else the first of all. It is written after the answer, by a thread
of its own: no search waits for that, and none fails because of it.
"""

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore

import streamlit as st

from core import searches
from core.db import Database
from core.policy import Actor
from core.searches import SearchMade
from dashboard import session

KEY = "searches_noted"
THE_SAME_FOR = timedelta(minutes=10)
"""For so long after the last look, the same service for the same person is the same search."""
MOST_PENDING = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Noted:
    """``key`` is made by chance and says nothing; it only finds the row again."""

    key: str
    found: bool
    at: datetime


def note(actor: Actor, made: SearchMade, about: str, *, now: datetime) -> None:
    """Note a search that was answered, unless it is one that was noted just now.

    ``about`` tells one search for a service from the next: whom it is for, or the dialog it was
    made in. It stays in this browser tab.
    """
    noted: dict[tuple[str, int], Noted] = {
        which: each
        for which, each in st.session_state.get(KEY, {}).items()
        if now - each.at < THE_SAME_FOR
    }
    which, found = (about, made.asked.service_id), made.found > 0
    before = noted.get(which)
    this = Noted(before.key if before else secrets.token_urlsafe(12), found, now)
    is_news = before is None or (before.found and not found)
    noted[which] = this if before is None or is_news else replace(before, at=now)
    st.session_state[KEY] = noted
    if is_news:
        database = session.database()
        after(lambda: _write(database, actor, this.key, made, now))


def about(patient_id: int | None, opened: str) -> str:
    """A search for somebody is told by them, wherever it is made; else by the dialog."""
    return opened if patient_id is None else f"patient {patient_id}"


_thread = ThreadPoolExecutor(1, "searches")
_room = BoundedSemaphore(MOST_PENDING)


def after(write: Callable[[], None]) -> None:
    """Have it written soon; where too many wait already, this one is given up."""
    if not _room.acquire(blocking=False):
        logger.warning("A search was not noted: too many wait to be written.")
        return
    _thread.submit(write).add_done_callback(lambda _done: _room.release())


def _write(database: Database, actor: Actor, key: str, made: SearchMade, now: datetime) -> None:
    try:
        with database.reading() as db:
            search = searches.describe(db, actor, made, now=now)
        with database.writing() as db:
            searches.keep(db, key, search)
    except Exception as error:
        # A name is all that is said: the rest could tell what was searched for.
        logger.warning("A search was not noted: %s", type(error).__name__)
