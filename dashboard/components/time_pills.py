"""The weekdays and the parts of the day that would suit; nothing chosen means any."""

from collections.abc import Mapping

import streamlit as st

from core.availability.next_free import AFTERNOON, EVENING, EVERY_DAY, MORNING, DayPart
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import N_, _

PARTS: Mapping[str, DayPart] = {
    N_("Morning"): MORNING,
    N_("Afternoon"): AFTERNOON,
    N_("Evening"): EVENING,
}


def time_pills(key: str) -> tuple[frozenset[int], tuple[DayPart, ...]]:
    """Draw both, and answer what is chosen."""
    weekdays = st.pills(
        _("Weekdays"),
        list(range(1, 8)),
        selection_mode="multi",
        format_func=lambda number: _(WEEKDAYS[number - 1])[:3],
        key=f"{key}_weekdays",
        width="content",
    )
    parts = st.pills(
        _("Part of the day"),
        list(PARTS),
        selection_mode="multi",
        format_func=_,
        key=f"{key}_parts",
        width="content",
    )
    return frozenset(weekdays) or EVERY_DAY, tuple(PARTS[each] for each in parts)
