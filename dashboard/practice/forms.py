"""Which form is open, what saving it does, and the rows of a list that open it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import streamlit as st
from sqlalchemy.orm import Session

from core.catalog import restore
from core.db import utc_now
from core.errors import BookingError
from core.models import Professional, Room, Service
from core.policy import Actor
from dashboard import feedback, session
from dashboard.feedback import md
from dashboard.i18n import _

KEY = "practice_form"

Result = TypeVar("Result")
Archivable = TypeVar("Archivable", Service, Room, Professional)


@dataclass(frozen=True)
class Opened:
    """A form on screen; ``version`` is that of the row when it was opened."""

    form: str
    id: int | None = None
    version: int = 0


def open_form(form: str, id: int | None = None, version: int = 0) -> None:
    """Show this form on the next run, empty or with the row's own values."""
    forget()
    st.session_state[KEY] = Opened(form, id, version)


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


def save(change: Callable[[Session, datetime], Result]) -> Result | None:
    """Make one change in one transaction; a refusal is shown where this is called."""
    try:
        with session.writing() as db:
            return change(db, utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return None


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


def entry(title: str, facts: Iterable[str], *, icon: str = "") -> None:
    """One line of a list: a name, and below it what there is to know. Both plain text."""
    known = " · ".join(md(each) for each in facts if each)
    lines = [f"{icon} **{md(title)}**".strip(), f":small[{known}]" if known else ""]
    st.markdown("  \n".join(each for each in lines if each), width="stretch")


def edit_button(form: str, id: int, version: int, name: str) -> None:
    st.button(
        _("Edit"),
        key=f"practice_edit_{form}_{id}",
        icon=":material/edit:",
        help=_("Edit {name}").format(name=md(name)),
        on_click=open_form,
        args=(form, id, version),
    )


def archive_button(change: Callable[[Session, datetime], Service | Room | Professional]) -> None:
    """The way out of use, at the end of a form."""
    if st.button(
        _("Archive"),
        key=key("archive"),
        icon=":material/archive:",
        type="tertiary",
        help=_("Not offered any more. What is on record stays, and it can be restored."),
    ):
        archived = save(change)
        if archived is not None:
            finish(_("Archived {name}.").format(name=archived.name))


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
    restored = save(lambda db, now: restore(db, actor, kind, id, now=now))
    if restored is not None:
        finish(_("Restored {name}.").format(name=restored.name))
