"""Wishes filled in from what a patient prefers, as long as nobody has chosen otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.availability.next_free import AFTERNOON, EVENING, MORNING, DayPart
from core.models import PartOfDay
from core.patients import ToKnow
from dashboard.feedback import md
from dashboard.i18n import _

DAY_PARTS: Mapping[PartOfDay, DayPart] = {
    PartOfDay.MORNING: MORNING,
    PartOfDay.AFTERNOON: AFTERNOON,
    PartOfDay.EVENING: EVENING,
}


@dataclass(frozen=True)
class Liked:
    """Who is chosen, and what they prefer; nobody yet prefers nothing."""

    patient_id: int | None = None
    name: str = ""
    known: ToKnow = field(default_factory=ToKnow)

    @property
    def parts(self) -> list[DayPart]:
        return [DAY_PARTS[each] for each in self.known.preferences.parts]

    def people(self, offered: Sequence[int]) -> list[int]:
        """Those of them who do it."""
        return [each for each in self.known.at_work if each in offered]


def fill(key: str, wanted: list[Any], liked: Liked, about: object = None) -> None:
    """Choose what they prefer in a field that nobody touched: once for each patient, and for
    each ``about`` that it depends on. Call it before the field is drawn, and ``say_filled``
    after: a run that another overtakes in between is none.
    """
    turn = (liked.patient_id, about)
    filled_for, filled = st.session_state.get(_mark(key), (None, []))
    if filled_for == turn:
        return
    now = st.session_state.get(key) or []
    was_emptied = bool(filled) and not now and filled_for[0] == liked.patient_id
    if now == filled and not was_emptied:
        st.session_state[key] = wanted
    st.session_state[_next(key)] = (turn, wanted)


def say_filled(liked: Liked, *keys: str) -> bool:
    """Below the fields: that they were filled in, where they still are."""
    for each in keys:
        if _next(each) in st.session_state:
            st.session_state[_mark(each)] = st.session_state.pop(_next(each))
    is_filled = any(_filled(each) for each in keys)
    if is_filled:
        sentence = _("Filled in as {name} prefers. Clear it to see everything.")
        st.caption(f":material/favorite: {md(sentence.format(name=liked.name))}")
    return is_filled


def clear(*keys: str) -> None:
    """In a callback: what was filled in is taken out again."""
    for each in keys:
        if _filled(each):
            st.session_state[each] = []


def _filled(key: str) -> bool:
    _turn, filled = st.session_state.get(_mark(key), (None, []))
    return bool(filled) and st.session_state.get(key) == filled


def _mark(key: str) -> str:
    return f"{key}_liked"


def _next(key: str) -> str:
    return f"{key}_liked_next"
