"""What has to be known before a patient is booked, at a glance."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import N_
from core.models import PartOfDay
from core.patients import ToKnow
from dashboard.feedback import md
from dashboard.i18n import _

PARTS: Mapping[PartOfDay, str] = {
    PartOfDay.MORNING: N_("Mornings"),
    PartOfDay.AFTERNOON: N_("Afternoons"),
    PartOfDay.EVENING: N_("Evenings"),
}


def to_know_lines(known: ToKnow) -> None:
    """The alerts in a box that cannot be overlooked, and below it what they like."""
    if known.alerts:
        alerts_box(known.alerts)
    if liked := likes(known):
        st.caption(f":material/favorite: {md(liked)}")


def alerts_box(alerts: Sequence[str]) -> None:
    st.warning("  \n".join(md(each) for each in alerts), icon=":material/warning:")


def likes(known: ToKnow) -> str:
    """What they prefer in one line of plain text."""
    wanted = known.preferences
    parts = _listed([_(PARTS[each]).lower() for each in wanted.parts])
    names = _listed([known.names[each] for each in known.names])
    said = []
    if parts and names:
        said.append(_("Prefers {parts}, with {names}").format(parts=parts, names=names))
    elif parts or names:
        said.append(_("Prefers {what}").format(what=parts or names))
    said += wanted.words.split("\n")
    return " · ".join(each for each in said if each)


def _listed(words: Sequence[str]) -> str:
    """Any of them will do."""
    if len(words) < 2:
        return "".join(words)
    return _("{some} or {last}").format(some=", ".join(words[:-1]), last=words[-1])
