"""Which view of the book is looked at, and the way through it: by day, week, month or as a list."""

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.models import OpeningView
from core.recurrence import months_later
from core.week import monday_of
from dashboard import keys
from dashboard.formatting import month, weekday
from dashboard.i18n import N_, _

VIEW, DAY, LAST = "view", "day", "to"
"""In the address: the view, its day, and of the list its last day."""
NEXT_DAY = "next_day"
BY_DAY, BY_WEEK, BY_MONTH, AS_LIST = N_("Day"), N_("Week"), N_("Month"), N_("List")
VIEWS = (BY_DAY, BY_WEEK, BY_MONTH, AS_LIST)
OPENS_WITH: Mapping[OpeningView, str] = {
    OpeningView.DAY: BY_DAY,
    OpeningView.WEEK: BY_WEEK,
    OpeningView.MONTH: BY_MONTH,
    OpeningView.LIST: AS_LIST,
}
"""What the desk opens with, as the practice chose."""
LIST_DAYS = 7
STEPS: Mapping[str, tuple[str, str, str]] = {
    BY_DAY: (N_("Today"), N_("Previous day"), N_("Next day")),
    BY_WEEK: (N_("Today"), N_("Previous week"), N_("Next week")),
    BY_MONTH: (N_("Today"), N_("Previous month"), N_("Next month")),
    AS_LIST: (N_("Today"), N_("Previous days"), N_("Next days")),
}


def view_switch(first: str = BY_DAY) -> str:
    """Draw the switch; which view is chosen, ``first`` until one is."""
    chosen = st.segmented_control(
        _("View"),
        VIEWS,
        default=first,
        format_func=_,
        key=VIEW,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    return chosen or first


def bar() -> DeltaGenerator:
    """The row above the book."""
    return st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="desk_bar")


def days_shown(view: str, today: date) -> tuple[date, date]:
    """The day, and of the list the last one, each with its name beside it."""
    on = st.date_input(
        _("Day"),
        today,
        key=DAY,
        format="DD.MM.YYYY",
        label_visibility="collapsed",
        width=130,
        bind="query-params",
    )
    shown: date = on if isinstance(on, date) else today
    st.markdown(f"**{title_of(view, shown)}**", width="content")
    if view != AS_LIST:
        return shown, shown
    last = last_day(shown)
    st.markdown(f"**{weekday(last)[:3]}**", width="content")
    return shown, last


def step_buttons(view: str, today: date) -> None:
    """To today, back and on, as far as the view reaches."""
    this, back, on = STEPS[view]
    st.button(
        _(this),
        key="desk_today",
        on_click=go_to,
        args=(today,),
        shortcut=keys.TODAY.press,
        width="content",
    )
    st.button(
        "",
        key="desk_back",
        icon=":material/chevron_left:",
        help=_(back),
        on_click=_go_by,
        args=(view, -1),
        shortcut=keys.BACK.press,
    )
    st.button(
        "",
        key="desk_on",
        icon=":material/chevron_right:",
        help=_(on),
        on_click=_go_by,
        args=(view, 1),
        shortcut=keys.ON.press,
    )


def go_to(day: date, view: str | None = None) -> None:
    """Look at that day, in the view named or the one it is."""
    st.session_state[DAY] = day
    if view is not None:
        st.session_state[VIEW] = view


def go_on_to(day: date) -> None:
    """Look at that day from the next run on, when this one has drawn the row already."""
    st.session_state[NEXT_DAY] = day


def arrive() -> None:
    """Before the row is drawn: where somebody is to go on to."""
    if NEXT_DAY in st.session_state:
        st.session_state[DAY] = st.session_state.pop(NEXT_DAY)


def last_day(on: date) -> date:
    """The last day of the list, chosen here; never before its first."""
    usual = on + timedelta(days=LIST_DAYS - 1)
    if LAST in st.session_state and st.session_state[LAST] < on:
        st.session_state[LAST] = usual
    chosen = st.date_input(
        _("To"),
        usual,
        key=LAST,
        format="DD.MM.YYYY",
        label_visibility="collapsed",
        width=130,
        help=_("The last day of the list"),
        bind="query-params",
    )
    return max(on, chosen) if isinstance(chosen, date) else usual


def title_of(view: str, on: date) -> str:
    """What is looked at: the weekday beside the date, the days of the week, the month."""
    if view == BY_WEEK:
        return days_title(monday_of(on), monday_of(on) + timedelta(days=6))
    if view == BY_MONTH:
        return _("{month} {year}").format(month=month(on), year=on.year)
    if view == AS_LIST:
        return _("{weekday} to").format(weekday=weekday(on)[:3])
    return weekday(on)


def days_title(first: date, last: date) -> str:
    """ "16 to 22 November 2026", or "30 Nov to 6 Dec 2026" over two months."""
    values = {
        "first": first.day,
        "first_month": month(first),
        "last": last.day,
        "month": month(last),
        "year": last.year,
    }
    if first.month == last.month:
        return _("{first} to {last} {month} {year}").format(**values)
    short = {each: month(on)[:3] for each, on in (("first_month", first), ("month", last))}
    return _("{first} {first_month} to {last} {month} {year}").format(**{**values, **short})


def _go_by(view: str, times: int) -> None:
    if DAY not in st.session_state:  # not once somebody has been signed out elsewhere
        return
    on: date = st.session_state[DAY]
    if view == BY_MONTH:
        st.session_state[DAY] = months_later(on, times)
        return
    days = timedelta(days=times)
    if view == BY_WEEK:
        days *= 7
    elif view == AS_LIST:
        last: date = st.session_state.get(LAST, on)
        days *= (last - on).days + 1
        st.session_state[LAST] = last + days
    st.session_state[DAY] = on + days
