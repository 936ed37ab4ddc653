"""A professional's own note on the visit that is open."""

from zoneinfo import ZoneInfo

import streamlit as st

from core.db import utc_now
from core.errors import BookingError
from core.models import Booking
from core.policy import Actor, Permission, allows
from core.visit_notes import EarlierNote, NoteKept, NoteRequest, load_note, write_note
from dashboard import feedback, session, unfinished
from dashboard.escaping import md
from dashboard.formatting import when
from dashboard.i18n import _
from dashboard.opened import KEY, offer_draft, title_of

NOTE = f"{KEY}_note"
SEEN = f"{NOTE}_seen"


def offer(actor: Actor, booking: Booking, zone: ZoneInfo) -> None:
    """Folded away, as the patient may be looking: to read, and to write anew."""
    if not allows(actor, Permission.NOTES_WRITE_OWN):
        return
    kept: NoteKept | None = st.session_state.get(SEEN)
    if kept is None:
        with session.reading() as db:
            kept = st.session_state[SEEN] = load_note(db, actor, booking.id)
    label = _("Private note, written") if kept.words else _("Private note")
    with st.expander(label, icon=":material/lock:", key=f"{NOTE}_folded"):
        _form(actor, booking, kept)
        for each in kept.earlier:
            _earlier(each, zone)


def _form(actor: Actor, booking: Booking, kept: NoteKept) -> None:
    key = f"{NOTE}_{kept.version}"
    draft = unfinished.Form(
        key,
        name=f"note_{booking.id}",
        about=booking.attendees[0].patient_id if booking.seats == 1 else None,
        typed=("words",),
        along=(),
        shown={"words": kept.words},
        search="",
        unnamed=_("Discarded: private note."),
    )
    offer_draft(actor, draft)
    st.session_state.setdefault(f"{key}_words", kept.words)
    words = st.text_area(
        _("Only you can read this: not the desk, not admins, not the patient."),
        key=f"{key}_words",
        height=120,
    )
    if st.button(_("Save note"), key=f"{key}_save"):
        _save(actor, booking, NoteRequest(booking.id, kept.version, words), draft)


def _save(actor: Actor, booking: Booking, request: NoteRequest, draft: unfinished.Form) -> None:
    """The booking stays open: there may be a follow-up to book."""
    try:
        with session.writing() as db:
            write_note(db, actor, request, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        st.session_state.pop(SEEN)  # the next run shows it as it is, and offers what was typed
        return
    unfinished.done(actor, draft)
    session.forget_typed(NOTE)
    feedback.flash(_("Your note on {name} is saved.").format(name=title_of(booking)))
    st.rerun()


def _earlier(note: EarlierNote, zone: ZoneInfo) -> None:
    time = when(note.starts_at, zone, utc_now())
    lines = (md(each) for each in note.words.split("\n"))
    st.caption(f"**{md(time)}** · {md(note.service)}")
    st.markdown("  \n".join(lines))
