"""The bar above the numbers: which view, which days, whose and which bookings.

All of it stands in the address, so that a view can be kept and shared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from core.analytics import AnalyticsAsked
from core.models import Professional, Room, Service
from core.recurrence import months_later
from core.week import monday_of
from dashboard.escaping import md
from dashboard.figures.report import report_button
from dashboard.i18n import N_, _

VIEW, DATES, DAYS = "view", "dates", "days"
PROFESSIONALS, SERVICES, ROOMS, COMPARE = "professionals", "services", "rooms", "compare"

UTILISATION, NO_SHOWS, DEMAND = N_("Utilisation"), N_("No-shows"), N_("Demand")
MONEY, PATIENTS = N_("Money"), N_("Patients")
VIEWS = (UTILISATION, NO_SHOWS, DEMAND, MONEY, PATIENTS)

IN_WEEKS: Mapping[str, tuple[int, int]] = {
    N_("Last 4 weeks"): (-3, 4),
    N_("Last 8 weeks"): (-7, 8),
    N_("Last 12 weeks"): (-11, 12),
    N_("Next 4 weeks"): (1, 4),
}
"""The first week, counted from this one, and how many."""
IN_MONTHS: Mapping[str, tuple[int, int]] = {
    N_("This month"): (0, 1),
    N_("Last month"): (-1, 1),
    N_("Last 12 months"): (-11, 12),
}
FREE_DAYS = timedelta(days=6)
"""So many may have been free before the first visit on record."""
OWN = N_("Own dates")
USUAL = N_("Last 4 weeks")


@dataclass(frozen=True)
class Choices:
    professionals: Sequence[Professional]
    services: Sequence[Service]
    rooms: Sequence[Room]
    began_on: date | None = None
    """The day of the first visit on record."""


@dataclass(frozen=True)
class Looked:
    """What the numbers are asked of, and whether the days before stand beside them."""

    view: str
    asked: AnalyticsAsked
    compare: bool


def numbers_bar(choices: Choices, *, today: date) -> Looked:
    """Draw the bar and answer what is looked at."""
    view = st.segmented_control(
        _("View"),
        VIEWS,
        default=UTILISATION,
        format_func=_,
        key=VIEW,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="numbers_bar"):
        first, last = _dates(today)
        asked = AnalyticsAsked(first, last, *_filters(choices))
        compare = _compare(asked, choices.began_on)
        report_button(today)
    return Looked(view or UTILISATION, asked, compare)


def _compare(asked: AnalyticsAsked, began_on: date | None) -> bool:
    """Whether to compare with the days before; a month with half a month would mislead."""
    reaches = began_on is None or began_on <= asked.before().first + FREE_DAYS
    wanted = st.toggle(
        _("Compare"),
        value=True,
        key=COMPARE,
        disabled=not reaches,
        help=_("Beside each headline number: the change from as many days just before.")
        if reaches
        else _("The first visit on record is later than the days before: nothing to compare."),
        bind="query-params",
    )
    return wanted and reaches


def days_of(period: str, today: date) -> tuple[date, date]:
    """The first and the last day of a period that is told by its name."""
    if period in IN_MONTHS:
        begins, count = IN_MONTHS[period]
        first = months_later(today.replace(day=1), begins)
        return first, months_later(first, count) - timedelta(days=1)
    begins, count = IN_WEEKS.get(period, IN_WEEKS[USUAL])
    first = monday_of(today) + timedelta(weeks=begins)
    return first, first + timedelta(days=7 * count - 1)


def _dates(today: date) -> tuple[date, date]:
    period = st.selectbox(
        _("Dates"),
        [*IN_WEEKS, *IN_MONTHS, OWN],
        format_func=_,
        key=DATES,
        label_visibility="collapsed",
        width=170,
        bind="query-params",
    )
    if period != OWN:
        return days_of(period, today)
    picked = st.date_input(
        _("From the first day to the last"),
        days_of(USUAL, today),
        key=DAYS,
        format="DD.MM.YYYY",
        label_visibility="collapsed",
        width=230,
        bind="query-params",
    )
    days = picked if isinstance(picked, tuple) else (picked,)
    # Between the two clicks that choose a range there is only its first day.
    return (days[0], days[-1]) if days else days_of(USUAL, today)


def _filters(choices: Choices) -> tuple[tuple[int, ...], ...]:
    """Whose and which bookings, behind one button; what is set stands beside it."""
    options: Mapping[str, tuple[str, str, Sequence[Professional | Service | Room]]] = {
        PROFESSIONALS: (_("Professionals"), _("Everybody"), choices.professionals),
        SERVICES: (_("Services"), _("All services"), choices.services),
        ROOMS: (_("Rooms"), _("All rooms and none"), choices.rooms),
    }
    names = {key: {each.id: each.name for each in made} for key, (_l, _n, made) in options.items()}
    named = _named(names)
    label = _("Filters · {count}").format(count=len(named)) if named else _("Filters")
    with st.popover(label, icon=":material/filter_list:", key="numbers_filters"):
        chosen = [
            st.multiselect(
                title,
                list(names[key]),
                format_func=names[key].__getitem__,
                key=key,
                placeholder=nothing,
                bind="query-params",
            )
            for key, (title, nothing, _made) in options.items()
        ]
        if named:
            st.button(_("Clear filters"), key="numbers_clear", on_click=_clear, type="tertiary")
    if named != _named(names):
        st.rerun()  # an address sets them only as they are drawn
    if named:
        st.markdown(md(" · ".join(named)), width="content")
    return tuple(tuple(each) for each in chosen)


def _named(names: Mapping[str, Mapping[int, str]]) -> list[str]:
    """What is set, asked before the filters are drawn, for their button."""
    return [
        ", ".join(known[each] for each in chosen if each in known)
        for key, known in names.items()
        if (chosen := st.session_state.get(key))
    ]


def _clear() -> None:
    for key in (PROFESSIONALS, SERVICES, ROOMS):
        if key in st.session_state:
            st.session_state[key] = []
