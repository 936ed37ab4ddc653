"""What surrounds each page: which pages there are, who is signed in, the way out."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import streamlit as st

from core.policy import Actor
from dashboard import activation, places, sign_in
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.places import Place

HERE = Path(__file__).parent
ICON = HERE / "icon.svg"
STYLE = HERE / "frame.css"

turns = threading.BoundedSemaphore(2)
"""Pages drawn at once in this process: with more at a time, fewer get done."""


def pages_for(actor: Actor | None) -> list[st.Page]:
    """Every url for everybody: a link survives signing in and is never just missing.

    Nothing but the page at ``/`` is the default one, since a default page loses its own url.
    """
    if actor is None:
        return [
            _root(sign_in.show),
            _activate(activation.show),
            *_closed(sign_in.show, places.PLACES),
        ]
    mine = [place for place in places.PLACES if place.is_open_to(actor)]
    others = [place for place in places.PLACES if place not in mine]
    opened = {place.url: _page(place) for place in mine}
    home = opened[places.HOMES[actor.role]]
    return [
        _root(lambda: st.switch_page(home)),
        *opened.values(),
        _activate(lambda: activation.show_to(actor, home)),
        *_closed(_forbidden, others),
    ]


def _root(show: Callable[[], None]) -> st.Page:
    return st.Page(show, title="Frontdesk", url_path="start", default=True, visibility="hidden")


def _activate(show: Callable[[], None]) -> st.Page:
    title = _("Choose a password")
    return st.Page(show, title=title, url_path=activation.URL, visibility="hidden")


def _page(place: Place) -> st.Page:
    file = places.PAGES / place.file
    return st.Page(file, title=_(place.title), icon=place.icon, url_path=place.url)


def _closed(instead: Callable[[], None], closed: Iterable[Place]) -> list[st.Page]:
    return [
        st.Page(instead, title=_(place.title), url_path=place.url, visibility="hidden")
        for place in closed
    ]


def _forbidden() -> None:
    st.error(_("Your role does not open this page."), icon=":material/lock:")


def show_who(actor: Actor) -> None:
    """The person, their role and the way out, in the corner beside the navigation."""
    with st.container(key="frontdesk_who"):
        st.menu_button(
            f"{md(actor.name)} · {_(places.ROLE_NAMES[actor.role])}",
            [_("Sign out")],
            key="_who",
            type="tertiary",
            icon=":material/account_circle:",
            on_click=sign_in.sign_out,
        )
