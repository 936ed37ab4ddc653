"""How a booking repeats: how often, on which days, until when."""

from datetime import date, timedelta

import streamlit as st

from core.errors import N_
from core.models import Frequency
from core.recurrence import MOST_DATES
from core.series import MOST_BETWEEN, Repeats
from dashboard.formatting import WEEKDAYS, weekday
from dashboard.i18n import _

F = Frequency
USUAL_COUNT = 12
ORDINALS = (N_("first"), N_("second"), N_("third"), N_("fourth"), N_("fifth"))
EVERY = {
    F.DAILY: N_("Every so many days"),
    F.WEEKLY: N_("Every so many weeks"),
    F.MONTHLY_BY_DATE: N_("Every so many months"),
    F.MONTHLY_BY_WEEKDAY: N_("Every so many months"),
}
ONCE = "once"
COUNT, UNTIL = "count", "until"
ENDS = {COUNT: N_("After a number of visits"), UNTIL: N_("On a day")}


def repeat_fields(first_on: date, *, key: str) -> Repeats | None:
    """Draw the fields, folded away until somebody wants them; None for a single booking."""
    with st.expander(_("Repeat"), icon=":material/repeat:", key=f"{key}_repeat"):
        left, right = st.columns(2)
        chosen = left.selectbox(
            _("How often"),
            [ONCE, *Frequency],
            format_func=lambda each: _frequency(each, first_on),
            key=f"{key}_frequency",
        )
        if chosen == ONCE:
            return None
        frequency = Frequency(chosen)
        every = right.number_input(
            _(EVERY[frequency]), 1, MOST_BETWEEN, value=1, key=f"{key}_every"
        )
        weekdays = _weekdays(first_on, key=key) if frequency is F.WEEKLY else ()
        count, until_on = _end(first_on, key=key)
    return Repeats(frequency, first_on, int(every), weekdays, count, until_on)


def _frequency(frequency: str, first_on: date) -> str:
    if frequency == ONCE:
        return _("Once")
    if frequency == F.DAILY:
        return _("Daily")
    if frequency == F.WEEKLY:
        return _("Weekly")
    if frequency == F.MONTHLY_BY_DATE:
        return _("Monthly on day {day}").format(day=first_on.day)
    ordinal = _(ORDINALS[(first_on.day - 1) // 7])
    return _("Monthly on the {ordinal} {weekday}").format(
        ordinal=ordinal, weekday=weekday(first_on)
    )


def _weekdays(first_on: date, *, key: str) -> tuple[int, ...]:
    chosen = st.pills(
        _("On which days"),
        range(1, 8),
        format_func=lambda each: _(WEEKDAYS[each - 1]),
        selection_mode="multi",
        default=[first_on.isoweekday()],
        key=f"{key}_weekdays",
    )
    return tuple(sorted(chosen))


def _end(first_on: date, *, key: str) -> tuple[int | None, date | None]:
    """After how many visits, or on which day, it ends."""
    left, right = st.columns(2)
    ends = left.selectbox(
        _("Ends"), list(ENDS), format_func=lambda each: _(ENDS[each]), key=f"{key}_ends"
    )
    if ends == COUNT:
        count = right.number_input(
            _("Visits"), 1, MOST_DATES, value=USUAL_COUNT, key=f"{key}_count"
        )
        return int(count), None
    until_on = right.date_input(
        _("Last day"),
        value=first_on + timedelta(weeks=USUAL_COUNT),
        min_value=first_on,
        format="DD.MM.YYYY",
        key=f"{key}_until",
    )
    return None, until_on if isinstance(until_on, date) else first_on
