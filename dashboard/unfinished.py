"""What somebody had typed when a form was closed without saving: offered when it opens again.

It lies with the page's other entries: it waits through a lock, and is gone when whoever typed
it signs out or somebody else signs in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from core.db import utc_now
from dashboard import session
from dashboard.feedback import md
from dashboard.formatting import clock
from dashboard.i18n import _

TYPED = ("text", "words", "name", "phone", "email", "note", "born")
"""Fields that are typed into, by the end of their keys."""
ALONG = ("adding", "known_id")
"""How the form stood: searching, or asking for a new patient."""


@dataclass(frozen=True)
class Unfinished:
    at: datetime
    entries: Mapping[str, Any]

    @property
    def words(self) -> str:
        """The fields one knows it by, in the order they stand in the form."""
        kept = [self.entries.get(each) for each in TYPED]
        return " · ".join(each.strip() for each in kept if isinstance(each, str) and each.strip())


def keep(form: str) -> None:
    """Keep what was typed into the form whose keys begin so; nothing typed, nothing kept."""
    # The browser empties a search field on Escape, just before that closes the form.
    found = _typed_now(form) or st.session_state.get(_last(form))
    if found is not None:
        st.session_state[_kept(form)] = found


def offer(form: str) -> None:
    """What was left here last time, to go on with or to throw away."""
    if typed := _typed_now(form):
        st.session_state[_last(form)] = typed
    found: Unfinished | None = st.session_state.get(_kept(form))
    if found is None:
        return
    sentence = _("Not saved, from {time}: {words}").format(
        time=clock(found.at, session.zone()), words=found.words
    )
    with st.container(
        horizontal=True,
        gap="small",
        vertical_alignment="center",
        border=True,
        key=f"{form}_left_off",
    ):
        st.markdown(md(sentence), width="stretch")
        st.button(_("Continue"), key=f"{form}_continue", on_click=_go_on, args=(form, found))
        st.button(
            _("Discard"), key=f"{form}_discard", type="tertiary", on_click=discard, args=(form,)
        )


def discard(form: str) -> None:
    st.session_state.pop(_kept(form), None)


def _go_on(form: str, found: Unfinished) -> None:
    for each in (*TYPED, *ALONG):
        st.session_state.pop(f"{form}_{each}", None)
    for each, value in found.entries.items():
        st.session_state[f"{form}_{each}"] = value
    discard(form)


def _typed_now(form: str) -> Unfinished | None:
    entries = {each: st.session_state.get(f"{form}_{each}") for each in (*TYPED, *ALONG)}
    found = Unfinished(utc_now(), {each: value for each, value in entries.items() if value})
    return found if found.words else None


def _last(form: str) -> str:
    return f"{form}_last_typed"


def _kept(form: str) -> str:
    return f"unfinished_{form}"
