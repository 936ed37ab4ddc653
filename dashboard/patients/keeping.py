"""For admins: who asked to be erased, who is due, and after how long that is."""

from collections.abc import Sequence

import streamlit as st

from core import catalog, privacy
from core.db import utc_now
from core.errors import BookingError
from core.policy import Actor
from core.privacy import Due, KeepRequest
from dashboard import session
from dashboard.feedback import flash, refuse
from dashboard.formatting import when
from dashboard.i18n import _
from dashboard.patients import finding

MOST_SHOWN = 50


def show(actor: Actor) -> None:
    now = utc_now()
    with session.reading() as db:
        months = catalog.get_organisation(db).keep_months
        asked = privacy.load_requests(db, actor)
        due = privacy.load_due(db, actor, now=now, limit=MOST_SHOWN)
    st.markdown(f"**{_('Asked to be erased')}**")
    _list(asked, _("Nobody has asked."))
    st.markdown(f"**{_('Have not come for a long time')}**")
    _rule(actor, months)
    if months is not None:
        _list([each for each in due if each.asked_at is None], _("Nobody is due."))
    if len(due) == MOST_SHOWN:
        st.caption(_("These are the first {count}.").format(count=MOST_SHOWN))


def _list(found: Sequence[Due], nobody: str) -> None:
    if not found:
        st.caption(nobody)
        return
    with st.container(border=True, gap="small"):
        for each in found:
            finding.row(each.patient_id, each.name, _why(each))


def _why(due: Due) -> str:
    zone, now = session.zone(), utc_now()
    if due.asked_at is not None:
        return _("asked {time}").format(time=when(due.asked_at, zone, now))
    if due.last_seen_at is None:
        return _("never came")
    return _("last visit {time}").format(time=when(due.last_seen_at, zone, now))


def _rule(actor: Actor, months: int | None) -> None:
    """Nobody is erased by the rule itself: it only says who is shown here."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.number_input(
            _("Months without a visit"),
            min_value=privacy.SHORTEST_MONTHS,
            max_value=privacy.LONGEST_MONTHS,
            value=months,
            placeholder=_("no rule"),
            key=f"patients_keep_{months}",
            width=220,
        )
        if st.button(_("Save"), key="patients_keep_save", disabled=typed == months):
            _save(actor, KeepRequest(typed))
    st.caption(_("This only says who is listed here: you decide about each of them."))


def _save(actor: Actor, request: KeepRequest) -> None:
    try:
        with session.writing() as db:
            privacy.keep_for(db, actor, request, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    flash(_("Saved."))
    st.rerun()
