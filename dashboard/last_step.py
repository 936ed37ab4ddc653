"""What this browser did last, so that it can be taken back."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from core.db import utc_now
from core.drafts import DraftKept
from core.edits import UNDO_FOR

KEY = "last_step"


class Kind(enum.Enum):
    """What the ids are of."""

    BOOKING = enum.auto()
    SERIES = enum.auto()
    TIME_OFF = enum.auto()
    BLOCKED = enum.auto()
    CLOSURE = enum.auto()
    HOURS = enum.auto()
    OPENING = enum.auto()
    WAITING = enum.auto()
    RECALL = enum.auto()
    MERGE = enum.auto()
    DRAFT = enum.auto()


@dataclass(frozen=True)
class Discarded:
    """A draft that was thrown away."""

    kept: DraftKept
    about: int | None
    """The patient whose record its form belongs to."""
    opened: str
    """Where the form remembers that it has nothing to offer any more."""


@dataclass(frozen=True)
class Noted:
    ids: tuple[int, ...]
    at: datetime
    kind: Kind = Kind.BOOKING
    in_the_way: tuple[int, ...] = ()
    """Visits of a series that cannot come back, once that was tried."""
    words: str = ""
    """What was done, where it no longer stands anywhere."""
    discarded: Discarded | None = None


def note(booking_id: int) -> None:
    """Offer to take the step back, for the next ten minutes."""
    note_all(Kind.BOOKING, [booking_id])


def note_all(kind: Kind, ids: Iterable[int]) -> None:
    """The same for what was done to all of these at once."""
    st.session_state[KEY] = Noted(tuple(ids), utc_now(), kind)


def note_removed(kind: Kind, id: int, words: str) -> None:
    """The same for what is in no list any more."""
    st.session_state[KEY] = Noted((id,), utc_now(), kind, words=words)


def note_hours(change_id: int, professional_id: int, words: str) -> None:
    """The same for weekly hours that were saved."""
    st.session_state[KEY] = Noted((change_id, professional_id), utc_now(), Kind.HOURS, words=words)


def note_discarded(discarded: Discarded, words: str) -> None:
    """The same for what was typed and is not wanted."""
    noted = Noted((), utc_now(), Kind.DRAFT, words=words, discarded=discarded)
    st.session_state[KEY] = noted


def note_in_the_way(noted: Noted, ids: tuple[int, ...]) -> None:
    """Go on offering the others."""
    st.session_state[KEY] = replace(noted, in_the_way=ids)


def turn_over(before: int | None, after: int | None) -> None:
    """What was done for one patient waits, while the page is about another, until it is back."""
    st.session_state[f"{KEY}_of_{before}"] = st.session_state.pop(KEY, None)
    st.session_state[KEY] = st.session_state.pop(f"{KEY}_of_{after}", None)


def forget() -> None:
    st.session_state.pop(KEY, None)


def noted(now: datetime) -> Noted | None:
    """What may still be offered to be taken back."""
    found: Noted | None = st.session_state.get(KEY)
    if found is None or now >= found.at + UNDO_FOR:
        forget()
        return None
    return found
