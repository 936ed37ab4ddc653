"""Records that were opened for a reason: what no admin has taken note of yet."""

import streamlit as st

from core.db import utc_now
from core.errors import BookingError
from core.exceptional_access import AccessSeen, load_not_noted, note_access
from core.policy import Actor
from dashboard import feedback, session
from dashboard.feedback import md
from dashboard.formatting import when
from dashboard.i18n import _


def show(actor: Actor) -> None:
    with session.reading() as db:
        seen = load_not_noted(db, actor)
    for each in seen:
        _notice(each)


def _notice(access: AccessSeen) -> None:
    zone, now = session.zone(), utc_now()
    opened = _("{who} opened the record of {patient}, who is not one of their patients: {time}.")
    with st.container(border=True, gap="small", key=f"access_{access.id}"):
        st.warning(
            opened.format(
                who=md(access.who),
                patient=md(access.patient),
                time=when(access.opened_at, zone, now),
            ),
            icon=":material/lock_open:",
        )
        st.text(access.reason)
        st.button(
            _("I have taken note"),
            key=f"access_noted_{access.id}",
            icon=":material/check:",
            on_click=_take_note,
            args=(access.id,),
        )


def _take_note(access_id: int) -> None:
    actor, now = session.signed_in(), utc_now()
    try:
        with session.writing() as db:
            note_access(db, actor, access_id, now=now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    feedback.flash(_("Noted."))
