"""Who is to be seen again: noted in an opened booking, and called from the waiting list's page."""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

import streamlit as st
from sqlalchemy.orm import Session

from core import recalls
from core.db import utc_now
from core.errors import N_, BookingError
from core.models import Booking
from core.patients import get_patient
from core.policy import Actor
from core.recalls import AHEAD, NewRecall, Recalled
from core.recurrence import months_later
from dashboard import feedback, find_time, last_step, session
from dashboard.feedback import md
from dashboard.formatting import day, phone
from dashboard.i18n import _, ngettext
from dashboard.last_step import Kind

MONTHS = (1, 3, 6, 12)
AGAIN = timedelta(days=7)
COLUMNS = [4, 4, 5]
REASONS = (
    N_("Comes elsewhere"),
    N_("No longer needed"),
    N_("Cannot be reached"),
    N_("Other"),
)


def offer(actor: Actor, booking: Booking, *, key: str) -> None:
    """Months to choose from; one press notes that the patient is to be seen again."""
    zone, now = session.zone(), utc_now()
    with st.expander(_("See again in …"), icon=":material/event_upcoming:"):
        chosen = st.pills(
            _("See again in"),
            MONTHS,
            format_func=lambda n: ngettext("{count} month", "{count} months", n).format(count=n),
            key=f"{key}_recall_months",
            label_visibility="collapsed",
        )
        words = st.text_input(_("What for (optional)"), key=f"{key}_recall_words")
        pressed = st.button(
            _("Put on the recall list"), key=f"{key}_recall", disabled=chosen is None
        )
    if not pressed or chosen is None:
        return
    patient = booking.attendees[0].patient
    seen_on = max(booking.starts_at, now).astimezone(zone).date()
    due_on = months_later(seen_on, chosen)
    request = NewRecall(
        patient.id,
        due_on,
        secrets.token_urlsafe(16),
        booking.service_id,
        booking.professional_id,
        words,
    )
    _do(
        lambda db, at: recalls.add_recall(db, actor, request, now=at),
        _("{name} is on the recall list for {day}.").format(
            name=patient.name, day=day(due_on, now.astimezone(zone).date())
        ),
    )


def show(actor: Actor) -> None:
    """Whose turn it is and whose it is within a month; the others folded away."""
    now = utc_now()
    today = now.astimezone(session.zone()).date()
    with session.reading() as db:
        found = recalls.load_recalls(db, actor, now=now)
    if not found:
        return
    soon = [each for each in found if each.turn_on <= today + AHEAD]
    st.subheader(_("To be seen again"), anchor=False)
    if soon:
        with st.container(border=True, gap="small"):
            for each in soon:
                _line(actor, each, today)
    if later := found[len(soon) :]:
        with st.expander(_("Later: {count}").format(count=len(later))):
            for each in later:
                _line(actor, each, today)


def _line(actor: Actor, recall: Recalled, today: date) -> None:
    left, middle, right = st.columns(COLUMNS, vertical_alignment="center")
    about = (recall.service, phone(recall.phone))
    left.markdown(f"**{md(recall.patient)}**  \n" + " · ".join(md(each) for each in about if each))
    middle.markdown("  \n".join(f":small[{md(each)}]" for each in _words(recall, today)))
    key = f"recall_{recall.id}_{recall.version}"
    with right.container(horizontal=True, gap="small"):
        if st.button(_("Book"), key=f"{key}_book", icon=":material/event_available:"):
            _book(actor, recall)
        if st.button(_("No answer"), key=f"{key}_called", icon=":material/phone_missed:"):
            _not_reached(actor, recall, today)
        with st.popover(_("Not wanted")):
            _close_form(actor, recall, key)


def _words(recall: Recalled, today: date) -> list[str]:
    due = _("due {day}").format(day=day(recall.due_on, today))
    words = [due if recall.turn_on > today else f"{_('to be called now')} · {due}"]
    if recall.turn_on != recall.due_on:
        words.append(_("no answer; next try {day}").format(day=day(recall.turn_on, today)))
    with_whom = _("with {names}").format(names=recall.professional) if recall.professional else ""
    return [*words, *(each for each in (with_whom, recall.note) if each)]


def _book(actor: Actor, recall: Recalled) -> None:
    with session.reading() as db:
        patient = get_patient(db, actor, recall.patient_id, now=utc_now())
    find_time.open_recalled(patient, recall.service_id, recall.professional_id)
    find_time.go()


def _not_reached(actor: Actor, recall: Recalled, today: date) -> None:
    again = today + AGAIN
    _do(
        lambda db, at: recalls.note_call(db, actor, recall.id, recall.version, again, now=at),
        _("{name} is to be called again {day}.").format(name=recall.patient, day=day(again, today)),
    )


def _close_form(actor: Actor, recall: Recalled, key: str) -> None:
    chosen = st.pills(_("Reason"), REASONS, format_func=_, key=f"{key}_reason")
    if st.button(_("Take off the recall list"), key=f"{key}_close", disabled=chosen is None):
        reason = _(chosen) if chosen else ""
        done = _("{name} is on the recall list no longer.").format(name=recall.patient)
        _do(
            lambda db, at: recalls.close_recall(
                db, actor, recall.id, recall.version, reason, now=at
            ),
            done,
            then=lambda: last_step.note_removed(Kind.RECALL, recall.id, done),
        )


def _do(
    action: Callable[[Session, datetime], object],
    done: str,
    *,
    then: Callable[[], None] = lambda: None,
) -> None:
    now = utc_now()
    try:
        with session.writing() as db:
            action(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    then()
    feedback.flash(done)
    st.rerun()
