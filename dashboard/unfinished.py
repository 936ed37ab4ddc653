"""What somebody has typed into a form and not saved: kept as they type, offered when it opens.

It lies in the database for this very person, so that a reload, a lock, signing out or a lost
connection takes nothing of what had arrived. Nothing is written while nothing changes.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from textwrap import shorten
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core import drafts
from core.db import utc_now
from core.drafts import DraftKept
from core.errors import NotSaved
from core.policy import Actor
from dashboard import last_step, session
from dashboard.feedback import md
from dashboard.formatting import clock, when
from dashboard.i18n import _
from dashboard.last_step import Discarded

LONGEST_SHOWN = 300
"""By so many letters everybody knows their own words."""


@dataclass(frozen=True)
class Form:
    """A form whose fields have keys that begin with ``key``."""

    key: str
    name: str = ""
    """What the draft goes by, where forms that differ share a ``key``."""
    about: int | None = None
    """The patient whose record it belongs to."""
    typed: tuple[str, ...] = ("words", "name", "phone", "email", "note")
    """Fields that are typed into, in the order they stand there: one knows the draft by them."""
    along: tuple[str, ...] = ("born", "adding", "known_id")
    """The rest of how it stood; nothing is kept for these alone."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What fields were filled with: the same again is nothing to keep."""
    search: str = "words"
    """The field that Escape empties, just before it closes the form; where there is none, who
    clears the form wants nothing of it."""
    unnamed: str = ""
    """What is said once it was thrown away, where others must not read what it was."""
    then: Callable[[], None] | None = None
    """What else is to be done once the fields have been filled again."""

    @property
    def draft(self) -> str:
        return self.name or self.key

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.typed, *self.along)

    def words_of(self, entries: Mapping[str, Any]) -> str:
        found = (_said(entries.get(each)) for each in self.typed)
        return " · ".join(each for each in found if each)


@dataclass
class Opened:
    """One opening of a form. It is forgotten with what is typed there."""

    offered: DraftKept | None
    """What was left here before, until somebody goes on with it or throws it away."""
    kept: Mapping[str, Any] | None = None
    """What of this opening has been kept."""


def offer(actor: Actor, form: Form) -> None:
    """Keep what is typed by now; show what was left here last time, to go on with or not."""
    opened = _opened(actor, form)
    _keep(actor, form, opened)
    found = opened.offered
    if found is None:
        return
    now, zone = utc_now(), session.zone()
    is_today = found.saved_at.astimezone(zone).date() == now.astimezone(zone).date()
    time = clock(found.saved_at, zone) if is_today else when(found.saved_at, zone, now)
    sentence = _("Not saved, from {time}: {words}")
    with st.container(
        horizontal=True,
        gap="small",
        vertical_alignment="center",
        border=True,
        key=f"{form.key}_left_off",
    ):
        words = shorten(form.words_of(found.entries), LONGEST_SHOWN, placeholder="…")
        st.markdown(md(sentence.format(time=time, words=words)), width="stretch")
        st.button(_("Continue"), key=f"{form.key}_continue", on_click=_go_on, args=(form,))
        st.button(
            _("Discard"),
            key=f"{form.key}_discard",
            type="tertiary",
            on_click=_throw_away,
            args=(form,),
        )


def leave(form: Form) -> None:
    """The form is closed unsaved: keep what was typed last."""
    actor, opened = session.current_actor(), st.session_state.get(_key(form))
    if actor is not None and opened is not None:
        _keep(actor, form, opened)


def done(actor: Actor, form: Form) -> None:
    """It is saved. What had been left there before and was not gone on with stays on offer."""
    opened: Opened | None = st.session_state.pop(_key(form), None)
    if opened is None or opened.kept is None:
        return
    with suppress(NotSaved), session.writing() as db:
        _as_before(db, actor, form, opened.offered)


def _as_before(db: Session, actor: Actor, form: Form, before: DraftKept | None) -> None:
    """What this opening kept lay over what had been left there: that is on offer again."""
    if before is None:
        drafts.discard(db, actor, form.draft)
    else:
        at = before.saved_at
        drafts.keep(db, actor, form.draft, before.entries, form.about, now=at)


def _opened(actor: Actor, form: Form) -> Opened:
    opened: Opened | None = st.session_state.get(_key(form))
    if opened is None:
        with session.reading() as db:
            opened = Opened(drafts.find(db, actor, form.draft, now=utc_now()))
        st.session_state[_key(form)] = opened
    return opened


def _keep(actor: Actor, form: Form, opened: Opened) -> None:
    """Write what is typed, where that is something new."""
    entries = _entries(form)
    is_empty = not form.words_of(entries)
    was_searched = opened.kept is None or form.search in opened.kept
    if entries == opened.kept or (is_empty and was_searched):
        return
    with suppress(NotSaved):  # it is tried again with the next change
        with session.writing() as db:
            if is_empty:
                _as_before(db, actor, form, opened.offered)
            else:
                drafts.keep(db, actor, form.draft, entries, form.about, now=utc_now())
        opened.kept = None if is_empty else entries


def _entries(form: Form) -> dict[str, Any]:
    found = {each: st.session_state.get(f"{form.key}_{each}") for each in form.fields}
    nothing = dict.fromkeys(form.fields, ("", None))
    as_shown = nothing | {each: (value,) for each, value in form.shown.items()}
    return {each: value for each, value in found.items() if value not in as_shown[each]}


def _said(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return value.strip() if isinstance(value, str) else ""


def _go_on(form: Form) -> None:
    opened: Opened = st.session_state[_key(form)]
    found, opened.offered = opened.offered, None
    if found is None:
        return
    for each in form.fields:
        st.session_state.pop(f"{form.key}_{each}", None)
    for each, value in {**form.shown, **found.entries}.items():
        st.session_state[f"{form.key}_{each}"] = value
    opened.kept = found.entries if opened.kept is None else {}
    if form.then is not None:
        form.then()


def _throw_away(form: Form) -> None:
    actor, opened = session.signed_in(), st.session_state[_key(form)]
    found, opened.offered = opened.offered, None
    if opened.kept is None:
        with session.writing() as db:
            drafts.discard(db, actor, form.draft)
    if found is not None:
        named = _("Discarded: {words}").format(words=form.words_of(found.entries))
        words = form.unnamed or named
        last_step.note_discarded(Discarded(found, form.about, _key(form)), words)


def _key(form: Form) -> str:
    return f"{form.key}_unfinished_{form.name}"
