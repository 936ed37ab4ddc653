"""The row above a professional's calendar: which view, of which days. It stands in the URL."""

from datetime import date

import streamlit as st

from core.agenda import LISTED
from core.desk import DayAsked
from core.models import BookingState
from dashboard.components.desk_filters import STATE, Looked
from dashboard.components.view_switch import (
    AS_LIST,
    BY_WEEK,
    bar,
    days_shown,
    step_buttons,
    view_switch,
)
from dashboard.components.words import state_word
from dashboard.i18n import _


def choose_view(professional_id: int, today: date) -> Looked:
    """Draw the row; the week until another view is chosen."""
    with bar():
        view = view_switch(first=BY_WEEK)
        step_buttons(view, today)
        shown, last = days_shown(view, today)
        states = _states() if view == AS_LIST else []
    asked = DayAsked(shown, professional_ids=(professional_id,))
    return Looked(view, asked, last, tuple(states))


def _states() -> list[BookingState]:
    return st.multiselect(
        _("State"),
        LISTED,
        format_func=state_word,
        key=STATE,
        placeholder=_("All but cancelled"),
        label_visibility="collapsed",
        width=260,
        bind="query-params",
    )
