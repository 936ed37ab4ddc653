"""What surrounds each page: which pages there are, who is signed in, the way out."""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NoReturn

import streamlit as st

from core import audit, directory
from core.db import utc_now
from core.errors import NotAllowed
from core.policy import Actor
from dashboard import key_help, links, lock, places, session, sign_in
from dashboard.account import two_step
from dashboard.directory import visitors
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.links import LinkPage
from dashboard.places import Place

HERE = Path(__file__).parent
ICON = HERE / "icon.svg"
STYLE = HERE / "frame.css"

WHO = "_who"

turns = threading.BoundedSemaphore(2)
"""Pages drawn at once in this process: with more at a time, fewer get done."""


def pages_for(actor: Actor | None) -> list[st.Page]:
    """Every url for everybody: a link survives signing in and is never just missing.

    Nothing but the page at ``/`` is the default one, since a default page loses its own url.
    """
    if actor is None:
        return _pages_of_visitors()
    if two_step.comes_first(actor):
        return [
            _root(two_step.show_first),
            *(_behind_link(each, two_step.show_first) for each in links.PAGES),
            *_closed(two_step.show_first, places.PLACES),
        ]
    mine = places.open_to(actor)
    others = [place for place in places.PLACES if place not in mine]
    opened = {place.url: _page(place) for place in mine}
    home = opened[places.HOMES[actor.role]]
    return [
        _root(lambda: st.switch_page(home)),
        *opened.values(),
        *(_behind_link(each, partial(each.show_to, actor, home)) for each in links.PAGES),
        *(page for each in others for page in _closed(_forbidden(actor, each), [each])),
    ]


def _pages_of_visitors() -> list[st.Page]:
    """The sign-in page everywhere, but for what the practice shows to everybody."""
    with session.reading() as db:
        is_open = directory.is_open_to_visitors(db)
    public = [place for place in places.PLACES if is_open and place.url == visitors.URL]
    shown = _closed(partial(visitors.show, turns), public)
    return [
        _root(partial(visitors.show_sign_in, shown[0]) if shown else sign_in.show),
        *(_behind_link(each, each.show) for each in links.PAGES),
        *shown,
        *_closed(sign_in.show, [place for place in places.PLACES if place not in public]),
    ]


def locked_pages() -> list[st.Page]:
    """The lock at every url, so that its owner comes back to the same place."""
    return [
        _root(lock.show),
        *(_behind_link(each, each.show) for each in links.PAGES),
        *_closed(lock.show, places.PLACES),
    ]


def _root(show: Callable[[], None]) -> st.Page:
    return st.Page(show, title="Frontdesk", url_path="start", default=True, visibility="hidden")


def _behind_link(page: LinkPage, show: Callable[[], None]) -> st.Page:
    return st.Page(show, title=_(page.title), url_path=page.url, visibility="hidden")


def page_at(url: str) -> st.Page:
    return _page(next(place for place in places.PLACES if place.url == url))


def go_to(url: str, shown: str) -> NoReturn:
    """To another page; to the one that is shown, back from what is open there."""
    if url != shown:
        st.switch_page(page_at(url), query_params={})  # what widgets hold cannot be cleared
    for each in places.OPENED:
        st.query_params.pop(each, None)
    st.rerun()


def _page(place: Place) -> st.Page:
    file = places.PAGES / place.file
    return st.Page(
        file,
        title=_(place.title),
        icon=place.icon,
        url_path=place.url,
        visibility="hidden" if place.in_menu else "visible",
    )


def _closed(instead: Callable[[], None], closed: Iterable[Place]) -> list[st.Page]:
    return [
        st.Page(instead, title=_(place.title), url_path=place.url, visibility="hidden")
        for place in closed
    ]


def _forbidden(actor: Actor, place: Place) -> Callable[[], None]:
    """A sentence instead of the page, and a line in the audit."""

    def refuse() -> None:
        refusal = NotAllowed(actor=actor, permission=place.permissions[0])
        audit.note_refusal(session.database(), refusal, now=utc_now())
        st.error(_("Your role does not open this page."), icon=":material/lock:")

    return refuse


def show_who(actor: Actor, shown: str) -> None:
    """The person, their role, what is theirs, the keys and the way out, beside the navigation.

    ``shown`` is the url of the page being drawn.
    """
    in_menu = {_(place.title): place for place in places.open_to(actor) if place.in_menu}
    with st.container(key="frontdesk_who"):
        chosen = st.menu_button(
            f"{md(actor.name)} · {_(places.ROLE_NAMES[actor.role])}",
            [*in_menu, _(key_help.TITLE), _("Sign out")],
            key=WHO,
            type="tertiary",
            icon=":material/account_circle:",
            on_click=_leave_if_asked,
        )
    if chosen in in_menu:
        st.switch_page(_page(in_menu[chosen]), query_params={})
    if chosen == _(key_help.TITLE):
        key_help.ask(shown)


def _leave_if_asked() -> None:
    """In a callback: the run that follows must find nobody signed in."""
    if st.session_state[WHO] == _("Sign out"):
        sign_in.sign_out()
