"""One row above the day: which day, which service, whose columns. All of it stands in the URL,
so that a view can be kept and shared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from core.desk import DayAsked
from core.models import Expertise, Professional, Service
from dashboard import keys
from dashboard.formatting import weekday
from dashboard.i18n import _

DAY = "day"
CHOSEN = (DAY, "service", "expertise", "professionals")
"""What stands in the address."""


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
) -> DayAsked:
    """Draw the row and answer which day is asked for, and whose."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="desk_bar"):
        _day_buttons(today)
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
        st.markdown(f"**{weekday(shown)}**", width="content")
        services = {each.id: each for each in choices.services}
        service_id = st.selectbox(
            _("Service"),
            list(services),
            index=None,
            format_func=lambda id: f"{services[id].name} · {services[id].length_minutes} min",
            key="service",
            placeholder=_("Any service"),
            label_visibility="collapsed",
            width=210,
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
            width=150,
            bind="query-params",
        )
        names = {each.id: each.name for each in choices.professionals}
        professional_ids = st.multiselect(
            _("Professionals"),
            list(names),
            format_func=lambda id: names[id],
            key="professionals",
            placeholder=_("Everybody"),
            label_visibility="collapsed",
            width=170,
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
                _("One line"),
                key="desk_line",
                icon=":material/keyboard:",
                shortcut=keys.LINE.press,
                on_click=on_line,
                help=_("Book by typing: tue 10 silva follow-up"),
            )
    return asked


def _day_buttons(today: date) -> None:
    st.button(
        _("Today"),
        key="desk_today",
        on_click=_go_to,
        args=(today,),
        shortcut=keys.TODAY.press,
        width="content",
    )
    st.button(
        "",
        key="desk_back",
        icon=":material/chevron_left:",
        help=_("Previous day"),
        on_click=_go_by,
        args=(-1,),
        shortcut=keys.BACK.press,
    )
    st.button(
        "",
        key="desk_on",
        icon=":material/chevron_right:",
        help=_("Next day"),
        on_click=_go_by,
        args=(1,),
        shortcut=keys.ON.press,
    )


def _go_to(day: date) -> None:
    st.session_state[DAY] = day


def _go_by(days: int) -> None:
    if DAY in st.session_state:  # not once somebody has been signed out elsewhere
        st.session_state[DAY] += timedelta(days=days)
