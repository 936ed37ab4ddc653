"""One row above the book: which view and day, which service, whose calendars. All of it stands
in the URL, so that a view can be kept and shared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import streamlit as st

from core.agenda import LISTED
from core.desk import DayAsked
from core.models import BookingState, Expertise, Professional, Service
from dashboard import keys
from dashboard.components.view_switch import (
    AS_LIST,
    BY_DAY,
    DAY,
    LAST,
    VIEW,
    arrive,
    bar,
    days_shown,
    step_buttons,
    view_switch,
)
from dashboard.components.words import minutes, state_word
from dashboard.escaping import md
from dashboard.i18n import _

SERVICE, EXPERTISE, PROFESSIONALS, STATE = "service", "expertise", "professionals", "state"
FILTERS = "desk_filters"
K = TypeVar("K")
CHOSEN = (VIEW, DAY, LAST, SERVICE, EXPERTISE, PROFESSIONALS)
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
    opening: str = BY_DAY,
    on_find: Callable[[DayAsked], None] | None = None,
    on_line: Callable[[], None] | None = None,
) -> Looked:
    """Draw the row and answer which view of which day is asked for, and whose. The book opens
    with ``opening``; the address wins."""
    arrive()
    with bar():
        view = view_switch(opening)
        step_buttons(view, today)
        shown, last = days_shown(view, today)
        chosen = _filters(choices, view)
        asked = DayAsked(
            shown, chosen.service_id, chosen.expertise_id, tuple(chosen.professional_ids)
        )
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
    return Looked(view, asked, last, tuple(chosen.states))


@dataclass(frozen=True)
class _Chosen:
    service_id: int | None
    expertise_id: int | None
    professional_ids: Sequence[int]
    states: Sequence[BookingState]


def _filters(choices: DeskChoices, view: str) -> _Chosen:
    """What narrows the book, behind one button; what is set stands beside it."""
    services = {each.id: each.name for each in choices.services}
    tags = {each.id: each.name for each in choices.expertise}
    names = {each.id: each.name for each in choices.professionals}
    is_list = view == AS_LIST
    named = _named(services, tags, names, is_list)
    label = _("Filters · {count}").format(count=len(named)) if named else _("Filters")
    with st.popover(label, icon=":material/filter_list:", key=FILTERS):
        chosen = _Chosen(
            _service(choices.services),
            _one_of(_("Expertise"), tags, EXPERTISE, _("Any expertise")),
            _several_of(_("Professionals"), names, PROFESSIONALS, _("Everybody")),
            _several_of(
                _("State"),
                {each: state_word(each) for each in LISTED},
                STATE,
                _("All but cancelled"),
            )
            if is_list
            else (),
        )
        if named:
            st.button(_("Clear filters"), key="desk_clear", on_click=_clear, type="tertiary")
    if named != _named(services, tags, names, is_list):
        st.rerun()  # an address sets them only as they are drawn
    if named:
        with st.container(key="desk_filters_named"):
            st.markdown(md(" · ".join(named)))
    return chosen


def _service(services: Sequence[Service]) -> int | None:
    words = {each.id: f"{each.name} · {minutes(each.length_minutes)}" for each in services}
    return _one_of(_("Service"), words, SERVICE, _("Any service"))


def _one_of(label: str, options: Mapping[K, str], key: str, nothing: str) -> K | None:
    return st.selectbox(
        label,
        list(options),
        index=None,
        format_func=lambda each: options[each],
        key=key,
        placeholder=nothing,
        bind="query-params",
    )


def _several_of(label: str, options: Mapping[K, str], key: str, nothing: str) -> Sequence[K]:
    return st.multiselect(
        label,
        list(options),
        format_func=lambda each: options[each],
        key=key,
        placeholder=nothing,
        bind="query-params",
    )


def _named(
    services: Mapping[int, str], tags: Mapping[int, str], names: Mapping[int, str], is_list: bool
) -> list[str]:
    """What is set, filter by filter: asked before the filters are drawn, for their button."""
    state = st.session_state
    several = [names[each] for each in state.get(PROFESSIONALS) or () if each in names]
    states = [state_word(each) for each in state.get(STATE) or () if is_list]
    parts = (
        services.get(state.get(SERVICE) or 0, ""),
        tags.get(state.get(EXPERTISE) or 0, ""),
        ", ".join(several),
        ", ".join(states),
    )
    return [each for each in parts if each]


def _clear() -> None:
    for key, nothing in ((SERVICE, None), (EXPERTISE, None), (PROFESSIONALS, []), (STATE, [])):
        if key in st.session_state:
            st.session_state[key] = nothing
