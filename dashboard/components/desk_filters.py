"""One row above the book: which view and day, which service, whose calendars. All of it stands
in the URL, so that a view can be kept and shared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from core.agenda import LISTED
from core.desk import DayAsked
from core.models import BookingState, Expertise, Professional, Service
from dashboard import keys
from dashboard.components.view_switch import (
    AS_LIST,
    DAY,
    LAST,
    VIEW,
    arrive,
    last_day,
    step_buttons,
    title_of,
    view_switch,
)
from dashboard.components.words import state_word
from dashboard.formatting import weekday
from dashboard.i18n import _

SERVICE, PROFESSIONALS = "service", "professionals"
CHOSEN = (VIEW, DAY, LAST, SERVICE, "expertise", PROFESSIONALS)
"""What stands in the address."""


@dataclass(frozen=True)
class Looked:
    """The view that is chosen, and what it is asked to show."""

    view: str
    asked: DayAsked
    last: date
    """Of the list; elsewhere the day itself."""
    states: tuple[BookingState, ...] = ()


@dataclass(frozen=True)
class DeskChoices:
    services: Sequence[Service]
    expertise: Sequence[Expertise]
    professionals: Sequence[Professional]


def desk_filters(
    choices: DeskChoices,
    *,
    today: date,
    on_find: Callable[[DayAsked], None] | None = None,
    on_line: Callable[[], None] | None = None,
) -> Looked:
    """Draw the row and answer which view of which day is asked for, and whose."""
    arrive()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="desk_bar"):
        view = view_switch()
        step_buttons(view, today)
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
        last, states = shown, tuple[BookingState, ...]()
        if view == AS_LIST:
            last = last_day(shown)
            st.markdown(f"**{weekday(last)}**", width="content")
            states = _states()
        services = {each.id: each for each in choices.services}
        service_id = st.selectbox(
            _("Service"),
            list(services),
            index=None,
            format_func=lambda id: f"{services[id].name} · {services[id].length_minutes} min",
            key=SERVICE,
            placeholder=_("Any service"),
            label_visibility="collapsed",
            width=145,
            bind="query-params",
        )
        tags = {each.id: each.name for each in choices.expertise}
        expertise_id = st.selectbox(
            _("Expertise"),
            list(tags),
            index=None,
            format_func=lambda id: tags[id],
            key="expertise",
            placeholder=_("Any expertise"),
            label_visibility="collapsed",
            width=125,
            bind="query-params",
        )
        names = {each.id: each.name for each in choices.professionals}
        professional_ids = st.multiselect(
            _("Professionals"),
            list(names),
            format_func=lambda id: names[id],
            key=PROFESSIONALS,
            placeholder=_("Everybody"),
            label_visibility="collapsed",
            width=120,
            bind="query-params",
        )
        asked = DayAsked(shown, service_id, expertise_id, tuple(professional_ids))
        if on_find is not None:
            st.button(
                _("Find a time"),
                key="desk_find",
                icon=":material/search:",
                shortcut=keys.FIND.press,
                on_click=on_find,
                args=(asked,),
            )
        if on_line is not None:
            st.button(
                _("Type a booking"),
                key="desk_line",
                icon=":material/keyboard:",
                shortcut=keys.LINE.press,
                on_click=on_line,
                help=_("In one line, in any order: tue 10 silva follow-up"),
            )
    return Looked(view, asked, last, states)


def _states() -> tuple[BookingState, ...]:
    chosen = st.multiselect(
        _("State"),
        LISTED,
        format_func=state_word,
        key="state",
        placeholder=_("All but cancelled"),
        label_visibility="collapsed",
        width=170,
        bind="query-params",
    )
    return tuple(chosen)
