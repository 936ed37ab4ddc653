"""The logo of the place: in the bar at the top, on the sign-in page, and where it is chosen."""

from html import escape

import streamlit as st

from core import catalog
from core.catalog import KeptLogo
from dashboard import session
from dashboard.i18n import _

DRAWN = '<img class="frontdesk-logo" src="{address}" alt="{name}">'


def address_of(key: str) -> str:
    return f"/logo/{key}"


def in_bar(otherwise: str) -> None:
    """The logo of the place at the head of each page; the file ``otherwise`` where it has none."""
    with session.reading() as db:
        kept = catalog.find_logo(db)
    st.logo(kept.content if kept else otherwise, size="large" if kept else "medium")


def at_the_door() -> None:
    """Above the way in, where the place has one."""
    with session.reading() as db:
        kept = catalog.find_logo(db)
        name = catalog.get_organisation(db).name if kept else ""
    if kept is not None:
        show(kept, name)


def show(kept: KeptLogo, name: str) -> None:
    st.html(_drawn(kept.key, _("Logo of {name}").format(name=name)))


def _drawn(key: str, words: str) -> str:
    return DRAWN.format(address=escape(address_of(key)), name=escape(words))
