"""Which form is open, what saving it does, and the rows of a list that open it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import streamlit as st
from sqlalchemy.orm import Session
from streamlit.delta_generator import DeltaGenerator

from core.catalog import restore
from core.db import utc_now
from core.errors import BookingError
from core.models import Expertise, ListedReason, Professional, Room, Service, Tier, User
from core.policy import Actor
from dashboard import feedback, session
from dashboard.feedback import md
from dashboard.i18n import _

KEY = "practice_form"

Result = TypeVar("Result")
Named = Service | Room | Professional | User | Expertise | Tier | ListedReason
Archivable = TypeVar("Archivable", Service, Room, Professional, ListedReason)


@dataclass
class Opened:
    """A form on screen; ``version`` is that of the row when it was opened."""

    form: str
    id: int | None = None
    version: int = 0
    then: Callable[[], None] | None = None
    """What follows once it is saved. A second click finds it here and saves nothing."""


def open_form(form: str, id: int | None = None, version: int = 0) -> None:
    """Show this form on the next run, empty or with the row's own values."""
    forget()
    st.session_state[KEY] = Opened(form, id, version)


def current(form: str) -> Opened:
    """The form being drawn; without one, or once it is saved, the page is drawn instead."""
    found = opened(form)
    if found is None:
        st.rerun()
    if found.then is not None:
        found.then()
    return found


def opened(form: str) -> Opened | None:
    found: Opened | None = st.session_state.get(KEY)
    return found if found is not None and found.form == form else None


def forget() -> None:
    """Close the form, and clear what was typed in it."""
    for each in [each for each in st.session_state if str(each).startswith(KEY)]:
        del st.session_state[each]


def key(name: str) -> str:
    """The key of a widget that lives as long as the form."""
    return f"{KEY}_{name}"


def show_dialog(title: str, draw: Callable[[], None]) -> None:
    st.dialog(title, width="medium", on_dismiss=forget)(draw)()


def save(
    change: Callable[[Session, datetime], Result],
    then: Callable[[Result], None],
    opened: Opened | None = None,
) -> None:
    """Make one change in one transaction, then go on; a refusal is shown where this is called.

    A double click aborts the script between the two and runs it anew, so the form itself
    remembers that it is saved: to ask ``st.session_state`` could already be too late.
    """
    try:
        with session.writing() as db:
            result = change(db, utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    if opened is not None:
        opened.then = partial(then, result)
    then(result)


def finish(sentence: str) -> None:
    """Close the form and say what was done."""
    forget()
    feedback.flash(sentence)
    st.rerun()


def add_button(label: str, form: str) -> None:
    st.button(
        label,
        key=f"practice_add_{form}",
        icon=":material/add:",
        type="primary",
        on_click=open_form,
        args=(form,),
    )


def entry(title: str, facts: Iterable[str]) -> DeltaGenerator:
    """One line of a list, in plain text: a name, and what there is to know.

    Badges go into what it answers.
    """
    known = " · ".join(md(each) for each in facts if each)
    lines = [f"**{md(title)}**", f":small[{known}]" if known else ""]
    column = st.container(gap="xxsmall")
    column.markdown("  \n".join(each for each in lines if each))
    return column


def edit_button(form: str, id: int, version: int, name: str) -> None:
    st.button(
        _("Edit"),
        key=f"practice_edit_{form}_{id}",
        icon=":material/edit:",
        help=_("Edit {name}").format(name=md(name)),
        on_click=open_form,
        args=(form, id, version),
    )


def finish_with(sentence: str) -> Callable[[Named], None]:
    """The same, with the name of what was changed in the sentence."""
    return lambda row: finish(sentence.format(name=row.name))


def archive_button(
    change: Callable[[Session, datetime], Service | Room | Professional | ListedReason],
    opened: Opened,
) -> None:
    """The way out of use, at the end of a form."""
    if st.button(
        _("Archive"),
        key=key("archive"),
        icon=":material/archive:",
        type="tertiary",
        help=_("Not offered any more. What is on record stays, and it can be restored."),
    ):
        save(change, finish_with(_("Archived {name}.")), opened)


def archived_list(actor: Actor, kind: type[Archivable], rows: Sequence[Archivable]) -> None:
    """What was archived, folded away, with the way back."""
    if not rows:
        return
    with st.expander(_("Archived ({count})").format(count=len(rows))):
        for row in rows:
            with st.container(horizontal=True, vertical_alignment="center"):
                entry(row.name, ())
                if st.button(_("Restore"), key=f"practice_restore_{kind.__tablename__}_{row.id}"):
                    _restore(actor, kind, row.id)


def _restore(actor: Actor, kind: type[Archivable], id: int) -> None:
    save(lambda db, now: restore(db, actor, kind, id, now=now), finish_with(_("Restored {name}.")))
