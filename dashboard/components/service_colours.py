"""The colours services are marked with. The name of the service always stands beside them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import N_
from core.models import Service, ServiceColour
from dashboard.i18n import _

C = ServiceColour
SHADES: Mapping[ServiceColour, str] = {
    C.BLUE: "#0072B2",
    C.GREEN: "#009E73",
    C.ORANGE: "#D55E00",
    C.PINK: "#CC79A7",
    C.VIOLET: "#872DF0",
}
"""Each seen on white and on our dark, and told from the others by colour-blind people."""
WORDS: Mapping[ServiceColour, str] = {
    C.BLUE: N_("Blue"),
    C.GREEN: N_("Green"),
    C.ORANGE: N_("Orange"),
    C.PINK: N_("Pink"),
    C.VIOLET: N_("Violet"),
}
NO_COLOUR = "transparent"
NONE = ""
"""A choice like the others: a box whose choice is empty cannot be emptied again."""
DOT = (
    '<div aria-hidden="true" style="width: 12px; height: 12px; border-radius: 50%; '
    'background: {colour}"></div>'
)


def shade_of(colour: ServiceColour | None) -> str:
    """What is drawn; empty where a service has no colour."""
    return SHADES[colour] if colour else ""


def dot(service: Service, among: Sequence[Service]) -> None:
    """The mark before a service in a list; room for it stays free where others have one."""
    if any(each.colour for each in among):
        colour = shade_of(service.colour) or NO_COLOUR
        st.html(DOT.format(colour=colour), width=14)


def colour_box(known: ServiceColour | None, *, key: str) -> ServiceColour | None:
    chosen = st.selectbox(
        _("Colour (optional)"),
        [NONE, *C],
        index=[NONE, *C].index(known or NONE),
        format_func=lambda colour: _("None") if colour == NONE else _(WORDS[C(colour)]),
        key=key,
    )
    return None if chosen == NONE else C(chosen)
